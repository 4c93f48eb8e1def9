"""The client with threads: each call waits for its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, Literal, TypeVar, overload

import httpx

from ocrq.client.configuration import Profile, configured
from ocrq.client.core import ClientCore, Readable
from ocrq.client.exchange import Closed, Effect, Effects, Pause, Retries, Send
from ocrq.client.http import HttpApi
from ocrq.client.many import AT_A_TIME, ManyReader, Outcome, Result, Source, result_json, sources_of, typed_result
from ocrq.client.transport import Endpoint, arguments, is_local, options
from ocrq.contracts import (
    Batch,
    DeadDelivery,
    Health,
    Job,
    JobList,
    JobStatus,
    ModelList,
    Operation,
    StructuredResult,
    TextResult,
)

T = TypeVar("T")
TextOperation = Literal["extract_text", "extract_text_robust"]
StructuredOperation = Literal["extract_structured", "extract_structured_robust"]
OnProgress = Callable[[Job | Batch], object]


class Client:
    """Talks to a service; may be used from several threads.

    Args:
        endpoint: Like ``http://127.0.0.1:8000`` or ``https://api.runpod.ai/v2/ID``. Without it, everything that is
            not given is taken from the environment: ``OLM_API_ENDPOINT`` and so on.
        api_key: Sent as a bearer token.
        timeout: Seconds for one response, beyond what the server was asked to hold it; 30 unless set.
        retries: When to ask again.
        fallbacks: Further endpoints, asked in their order where the first does not take a document.
        profile: ``ROLM`` reads the ``ROLM_`` variables first, and reads robustly by default.
        **request: Fields that every request has by default, e.g. ``model_name``.

    Raises:
        InvalidRequest: No endpoint is given or set, or a variable is wrong.
        ServerUnreachable: An endpoint is not a URL.
    """

    def __init__(
        self,
        endpoint: str | Endpoint | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
        *,
        fallbacks: Iterable[str | Endpoint] = (),
        profile: Profile = "OLM",
        **request: Any,
    ) -> None:
        self.core = ClientCore(configured(endpoint, api_key, timeout, retries, fallbacks, profile, request))
        self._closed = threading.Event()
        self._http = {local: httpx.Client(**options(local)) for local in (False, True)}

    @overload
    def read(
        self,
        document: Readable,
        operation: TextOperation | None = ...,
        *,
        timeout: float | None = ...,
        on_progress: OnProgress | None = ...,
        filename: str | None = ...,
        idempotency_key: str | None = ...,
        **request: Any,
    ) -> TextResult: ...
    @overload
    def read(
        self,
        document: Readable,
        operation: StructuredOperation,
        *,
        timeout: float | None = ...,
        on_progress: OnProgress | None = ...,
        filename: str | None = ...,
        idempotency_key: str | None = ...,
        **request: Any,
    ) -> StructuredResult: ...

    def read(
        self,
        document: Readable,
        operation: Operation | None = None,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **request: Any,
    ) -> Result:
        """Read a document and wait for the result.

        Args:
            document: Its bytes, its file, or the URL of one.
            operation: What to do with it.
            timeout: Seconds for all of it; None waits for ever.
            on_progress: Called with the job about once a second.
            filename: To send along; a file's own name by default.
            idempotency_key: Made up if not given.
            **request: Fields of the request, e.g. ``pages="1-3"``, ``schema={"total": "number"}``.

        Raises:
            OcrqError: As the server reported it.
            ServerUnreachable: Nothing answers.
            JobCancelled: Someone cancelled the job.
            WaitTimeout: It has not ended in time, and goes on; ``extra["job_id"]`` names it.
        """
        to_submit = self.core.document_request(document, operation, filename, idempotency_key, request)
        job = self.run(self.core.read(to_submit, on_progress is not None, timeout), on_progress)
        return typed_result(result_json(job))

    def read_many(
        self,
        documents: Iterable[Readable | Source],
        operation: Operation | None = None,
        *,
        at_a_time: int = AT_A_TIME,
        on_progress: Callable[[int, Job | Batch], object] | None = None,
        **request: Any,
    ) -> Generator[Outcome, None, None]:
        """Read many documents, a bounded number at a time; one that cannot be read fails alone.

        A server that is restarted meanwhile is waited for (``retries.outage_seconds``). Leaving the loop early cancels
        what is under way.

        Args:
            documents: Each is loaded only when its turn comes.
            operation: What to do with them.
            at_a_time: Under way at a time; further ones are not submitted yet.
            on_progress: Called with a document's position, from 0, and its job, about once a second.
            **request: Fields of every request.

        Yields:
            Outcomes in the order of the documents, each as soon as it and all before it are known.
        """
        reading = ManyReader(self, operation, request, on_progress, at_a_time)
        finished = False
        try:
            yield from reading.outcomes(sources_of(documents))
            finished = True
        finally:
            if not finished:
                reading.cancel()

    def submit(
        self,
        document: Readable,
        operation: Operation | None = None,
        *,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **request: Any,
    ) -> Job:
        """Queue a document. Repeating the call with the same key returns the first job.

        Args:
            document: Its bytes, its file, or the URL of one.
            operation: What to do with it.
            filename: To send along; a file's own name by default.
            idempotency_key: Made up if not given, so that a submit whose answer was lost makes no second job.
            **request: Fields of the request.

        Raises:
            OcrqError: As the server reported it.
            ServerUnreachable: Nothing answers.
        """
        return self.run(
            self.core.submit(self.core.document_request(document, operation, filename, idempotency_key, request))
        )

    def job(self, job_id: str, wait: float = 0) -> Job | Batch:
        """A job or batch as it is now, or as it is after at most ``wait`` seconds if it ends no sooner."""
        return self.run(self.core.job(job_id, wait))

    def wait(self, job_id: str, on_progress: OnProgress | None = None, timeout: float | None = None) -> Job | Batch:
        """Wait until a job ends; a server that is restarted meanwhile is waited for.

        Args:
            job_id: Of a job or a batch.
            on_progress: Called with the job about once a second.
            timeout: Seconds; None waits for ever.

        Raises:
            WaitTimeout: It has not ended in time, and goes on.
        """
        return self.run(self.core.wait(job_id, on_progress is not None, timeout), on_progress)

    def result(self, job_id: str, timeout: float | None = None) -> Result:
        """The result of a job, waited for.

        Raises:
            OcrqError: Why it has none.
            WaitTimeout: It has not ended in time, and goes on.
        """
        return typed_result(result_json(self.wait(job_id, timeout=timeout)))

    def cancel(self, job_id: str) -> Job | Batch:
        """Cancel a job; one that has ended stays as it is."""
        return self.run(self.core.cancel(job_id))

    def retry(self, job_id: str) -> Job:
        """Try a failed job again, as the job it is.

        Raises:
            JobConflict: It has not failed, or its document is gone.
        """
        return self.run(self.core.at_api(lambda api: api.retry(job_id)))

    def jobs(self, status: JobStatus | None = None, limit: int = 50, cursor: str | None = None) -> JobList:
        """Your jobs, or all for an admin, newest first; ``next_cursor`` is the cursor of the jobs before these.

        With ``status`` a page may hold fewer jobs than ``limit``, which is 200 at most, with more to come.
        """
        return self.run(self.core.at_api(lambda api: api.jobs(status, limit, cursor)))

    def dead(self) -> list[Job]:
        """Jobs whose workers died on them, the latest first: of the API key's owner, or all for an admin."""
        return self.run(self.core.at_api(HttpApi.dead))

    def dead_deliveries(self) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first: of the API key's owner, or all for an admin."""
        return self.run(self.core.at_api(HttpApi.dead_deliveries))

    def retry_delivery(self, delivery_id: str) -> None:
        """Send a delivery that was given up again; NotFound where none of this id was."""
        self.run(self.core.at_api(lambda api: api.retry_delivery(delivery_id)))

    def health(self) -> Health:
        """How the service is."""
        return self.run(self.core.health())

    def models(self) -> ModelList:
        """The models that a request may name."""
        return self.run(self.core.models())

    def close(self) -> None:
        """End connections, and waits for another attempt in other threads."""
        self._closed.set()
        for http in self._http.values():
            http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, effects: Effects[T], on_progress: OnProgress | None = None) -> T:
        """Carry out an operation's effects; for the modules of this package."""
        try:
            effect = next(effects)
            while True:
                try:
                    came = self._do(effect, on_progress)
                except httpx.RequestError as error:
                    effect = effects.throw(error)
                else:
                    effect = effects.send(came)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            effects.close()

    def _do(self, effect: Effect, on_progress: OnProgress | None) -> httpx.Response | None:
        if isinstance(effect, Pause):
            self._closed.wait(effect.seconds)
        elif isinstance(effect, Send):
            return self._send(effect)
        elif on_progress is not None:
            on_progress(effect.job)
        return None

    def _send(self, send: Send) -> httpx.Response:
        if not self._closed.is_set():
            try:
                timeout = self.core.configuration.timeout
                return self._http[is_local(send.url)].request(**arguments(send, timeout))
            except Exception:  # another thread may close the client under this one
                if not self._closed.is_set():
                    raise
        raise Closed("the client was closed")
