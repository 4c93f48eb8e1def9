"""Several documents through one server: a bounded number at a time, told in the order given, cancelled together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from ocrq.cli.sources import Source
from ocrq.client import Client, result_json
from ocrq.contracts import Batch, Job, Operation
from ocrq.errors import InternalError, OcrqError, ServerUnreachable

AT_A_TIME = 8  # documents under way: enough to keep a machine's workers busy, and few to hold in memory
_CANCEL_SECONDS = 5.0  # how long an interrupted command goes on telling the server so


@dataclass(frozen=True)
class Outcome:
    """What became of a document: a result as JSON, or an error."""

    name: str
    result: dict[str, Any] | None = None
    error: OcrqError | None = None


class Reading:
    """Reads documents through a server.

    Args:
        client: Of the server.
        operation: For all of them.
        request: For all of them.
        on_progress: Told a document's place in the order and its job, about once a second.
    """

    def __init__(
        self,
        client: Client,
        operation: Operation,
        request: Mapping[str, Any],
        on_progress: Callable[[int, Job | Batch], None],
    ) -> None:
        self._client = client
        self._operation = operation
        self._request = request
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._lost: OcrqError | None = None
        self._threads: list[threading.Thread] = []

    def outcomes(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Each document's outcome, in the order given, as soon as it and all before it are known."""
        futures: list[Future[Outcome]] = [Future() for _ in sources]
        turns = iter(enumerate(sources))
        for _ in range(min(AT_A_TIME, len(sources))):
            # Daemons: an interrupted command does not wait for an answer that may never come.
            thread = threading.Thread(target=self._take_turns, args=(turns, futures), daemon=True)
            self._threads.append(thread)
            thread.start()
        for future in futures:
            yield future.result()

    def cancel(self) -> None:
        """Stop: nothing more is submitted, and the server is told to cancel what is under way."""
        self._cancelled.set()
        with self._lock:
            jobs = list(self._under_way)
        for job_id in jobs:
            self._cancel_job(job_id)
        deadline = time.monotonic() + _CANCEL_SECONDS
        for thread in self._threads:  # one of them may be submitting just now; it cancels what it gets
            thread.join(max(0.0, deadline - time.monotonic()))

    def _take_turns(self, turns: Iterator[tuple[int, Source]], futures: Sequence[Future[Outcome]]) -> None:
        while not self._cancelled.is_set():
            with self._lock:
                turn = next(turns, None)
            if turn is None:
                return
            place, source = turn
            futures[place].set_result(self._outcome(place, source))

    def _outcome(self, place: int, source: Source) -> Outcome:
        if self._lost is not None:  # the client has asked again and again for another document; once is enough
            return Outcome(source.name, error=self._lost)
        try:
            return Outcome(source.name, result=self._read(place, source.load()))
        except ServerUnreachable as error:
            self._lost = error
            return Outcome(source.name, error=error)
        except OcrqError as error:
            return Outcome(source.name, error=error)
        except Exception as error:  # a thread that dies would leave the command waiting
            return Outcome(source.name, error=InternalError(f"{type(error).__name__}: {error}; please report this"))

    def _read(self, place: int, document: bytes) -> dict[str, Any]:
        job_id = self._client.submit(document, self._operation, **self._request).id
        with self._lock:
            self._under_way.add(job_id)
        try:
            if self._cancelled.is_set():
                self._cancel_job(job_id)
            job = self._client.wait(job_id, on_progress=lambda job: self._on_progress(place, job))
        finally:
            with self._lock:
                self._under_way.discard(job_id)
        return result_json(job)

    def _cancel_job(self, job_id: str) -> None:
        try:
            self._client.cancel(job_id)
        except OcrqError:
            return  # the server is gone, or the job has ended
