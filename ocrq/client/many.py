"""Many documents at a time, read by threads, and what became of each: its result, or why there is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from ocrq.client.core import ClientCore, Readable
from ocrq.client.exchange import Effects, Failure
from ocrq.client.transport import parsed
from ocrq.contracts import ENDED, Batch, Job, Operation, StructuredResult, TextResult
from ocrq.errors import InternalError, InvalidImage, JobCancelled, OcrqError, ServerUnreachable, from_json

if TYPE_CHECKING:
    from ocrq.client.synchronous import Client


Result = TextResult | StructuredResult


@dataclass(frozen=True)
class Outcome:
    """One document of many.

    Attributes:
        name: Of its file.
        json: The result, as the server sent it.
        error: Why there is none.
        place: In the order given, from 0.
        job_id: Of its job; None where there is none.
    """

    name: str
    json: dict[str, Any] | None = field(default=None, repr=False)
    error: OcrqError | None = None
    place: int = 0
    job_id: str | None = None

    @property
    def result(self) -> Result:
        """The result.

        Raises:
            OcrqError: Why there is none.
        """
        if self.error is not None:
            raise self.error
        return typed_result(self.json or {})


def result_json(job: Job | Batch) -> dict[str, Any]:
    """The result of a job that has ended, as the server sent it.

    Raises:
        OcrqError: Why it failed, with the server's code.
        JobCancelled: It was cancelled.
    """
    if isinstance(job, Batch) or job.status not in ENDED:
        raise ValueError("only a job that has ended has a result")
    if job.status == "cancelled":
        raise JobCancelled(f"job {job.id} was cancelled")
    if job.error is not None:
        raise from_json(job.error.model_dump())
    return job.result or {}


def typed_result(data: dict[str, Any]) -> Result:
    """A result as its contract, by what it has.

    Raises:
        ServerUnreachable: It is none that this version knows.
    """
    try:
        if "structured_data" in data:
            return parsed(StructuredResult, data, "the server")
        return parsed(TextResult, data, "the server")
    except Failure as failure:
        raise failure.error from None


AT_A_TIME = 8  # documents under way: enough to keep a machine's workers busy, and few to hold in memory
CANCEL_SECONDS = 5.0  # how long cancelling the jobs of an abandoned loop may take


class Source(Protocol):
    """A document that is loaded when its turn comes."""

    @property
    def name(self) -> str:
        """Its name in outcomes."""

    def load(self) -> Readable:
        """The document.

        Raises:
            OcrqError: It cannot be loaded; the outcome of this one document.
        """


@dataclass(frozen=True)
class _Given:
    """A document in memory or on disk."""

    document: Readable

    @property
    def name(self) -> str:
        return "document" if isinstance(self.document, bytes) else str(self.document)

    def load(self) -> Readable:
        if not isinstance(self.document, Path):
            return self.document
        try:
            return self.document.read_bytes()
        except OSError as error:
            raise InvalidImage(f"cannot be opened ({error.strerror}); check the path", field="image") from None


def sources_of(documents: Iterable[Readable | Source]) -> Iterator[Source]:
    """Documents of any kind as sources."""
    for document in documents:
        yield _Given(document) if isinstance(document, bytes | Path | str) else document


class ManyDocuments:
    """What reading many documents needs, with threads or asyncio; arguments as of :class:`ManyReader`."""

    def __init__(
        self, core: ClientCore, operation: Operation | None, request: Mapping[str, Any], at_a_time: int
    ) -> None:
        if at_a_time < 1:
            raise ValueError("at_a_time must be at least 1")
        self.at_a_time = at_a_time
        self._core = core
        self._operation = operation
        self._request = request
        self._lost: ServerUnreachable | None = None

    def require_server(self) -> None:
        """Raise what ended the retries for another document: they are not repeated for each."""
        if self._lost is not None:
            raise self._lost

    def read(self, name: str, document: Readable, watched: bool, submitted: Callable[[str], None]) -> Effects[Job]:
        """Submit one and wait; ``submitted`` is called with the id of its job."""
        filename = Path(name).name or "document"
        to_submit = self._core.document_request(document, self._operation, filename, None, self._request)
        return self._core.read(to_submit, watched, through_outages=True, submitted=submitted)

    def failed(self, name: str, place: int, jobs: Sequence[str], error: Exception) -> Outcome:
        """The outcome of a document that was not read; an error of the client itself is one document's, too."""
        if isinstance(error, ServerUnreachable):
            self._lost = error
        elif not isinstance(error, OcrqError):
            error = InternalError(f"{type(error).__name__}: {error}; please report this")
        return Outcome(name, error=error, place=place, job_id=jobs[-1] if jobs else None)


class ManyReader:
    """Reads documents through a client, in its own threads.

    Args:
        client: Of the service.
        operation: For all of them.
        request: For all of them.
        on_progress: Called with a document's position in the order and its job, about once a second.
        at_a_time: Under way at a time.
    """

    def __init__(
        self,
        client: Client,
        operation: Operation | None,
        request: Mapping[str, Any],
        on_progress: Callable[[int, Job | Batch], object] | None = None,
        at_a_time: int = AT_A_TIME,
    ) -> None:
        self._client = client
        self._documents = ManyDocuments(client.core, operation, request, at_a_time)
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def outcomes(self, sources: Iterable[Source]) -> Iterator[Outcome]:
        """Each document's outcome, in the order given, as soon as it and all before it are known."""
        turns = iter(enumerate(sources))
        done: SimpleQueue[Outcome | BaseException | None] = SimpleQueue()
        for _ in range(self._documents.at_a_time):
            # Daemons: an interrupted program does not wait for an answer that may never come.
            thread = threading.Thread(target=self._take_turns, args=(turns, done), daemon=True)
            self._threads.append(thread)
            thread.start()
        early: dict[int, Outcome] = {}
        awaited, working = 0, self._documents.at_a_time
        while working:
            came = done.get()
            if came is None:
                working -= 1
            elif isinstance(came, BaseException):
                raise came
            else:
                early[came.place] = came
            while awaited in early:
                yield early.pop(awaited)
                awaited += 1

    def cancel(self) -> None:
        """Stop: nothing more is submitted, and the server is asked to cancel pending jobs."""
        self._cancelled.set()
        with self._lock:
            jobs = list(self._under_way)
        for job_id in jobs:
            if not self._cancel_job(job_id):
                break
        deadline = time.monotonic() + CANCEL_SECONDS
        for thread in self._threads:  # one of them may be submitting just now; it cancels what it gets
            thread.join(max(0.0, deadline - time.monotonic()))

    def _take_turns(
        self, turns: Iterator[tuple[int, Source]], done: SimpleQueue[Outcome | BaseException | None]
    ) -> None:
        while not self._cancelled.is_set():
            try:
                with self._lock:
                    turn = next(turns, None)
            except BaseException as error:  # the caller's own iterator: the caller gets the error
                done.put(error)
                break
            if turn is None:
                break
            done.put(self._outcome(*turn))
        done.put(None)

    def _outcome(self, place: int, source: Source) -> Outcome:
        watch = self._on_progress
        jobs: list[str] = []

        def submitted(job_id: str) -> None:
            jobs.append(job_id)
            with self._lock:
                self._under_way.add(job_id)
            if self._cancelled.is_set():
                self._cancel_job(job_id)

        try:
            self._documents.require_server()
            effects = self._documents.read(source.name, source.load(), watch is not None, submitted)
            job = self._client.run(effects, (lambda job: watch(place, job)) if watch else None)
            return Outcome(source.name, json=result_json(job), place=place, job_id=job.id)
        except Exception as error:  # a thread that dies would leave the caller waiting
            return self._documents.failed(source.name, place, jobs, error)
        finally:
            with self._lock:
                self._under_way.difference_update(jobs)

    def _cancel_job(self, job_id: str) -> bool:
        """Cancel a job; whether the server still answers."""
        try:
            self._client.cancel(job_id)
        except OcrqError as error:
            return not isinstance(error, ServerUnreachable)  # else the job has ended
        return True
