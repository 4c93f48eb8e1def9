"""A client of the HTTP API: submits, waits and reads, and asks again where that makes sense.

    with Client("http://127.0.0.1:8000") as client:
        print(client.read(Path("scan.pdf")).text)

What the server answers as a problem is raised as the error of that code from :mod:`ocrq.errors`.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

import httpx
from pydantic import BaseModel, ValidationError

from ocrq import __version__
from ocrq.contracts import ENDED, Batch, DeadDelivery, Health, Job, ModelList, Operation, StructuredResult, TextResult
from ocrq.errors import JobCancelled, OcrqError, ServerUnreachable, WaitTimeout, from_json
from ocrq.exposure import is_loopback

HOLD_SECONDS = 20.0  # how long a reply about a job is held; proxies cut connections idle for 30 and more
PROGRESS_SECONDS = 1.0  # the same where someone watches the pages being done
_ASK_AGAIN = frozenset({429, 502, 503})

Document = TypeVar("Document", bound=BaseModel)
TextOperation = Literal["extract_text", "extract_text_robust"]
StructuredOperation = Literal["extract_structured", "extract_structured_robust"]


@dataclass(frozen=True)
class Retries:
    """How a client asks again: after connection errors, and answers 429, 502 and 503.

    Attributes:
        attempts: In all; 1 never asks again.
        first_seconds: Before the second attempt; doubles from there, each time between a half and all of it.
        longest_seconds: Of one wait, also where ``Retry-After`` asks for more.
    """

    attempts: int = 6
    first_seconds: float = 0.5
    longest_seconds: float = 30.0

    def delay(self, attempt: int, retry_after: str | None) -> float:
        """Seconds to wait after attempt number ``attempt`` (from 1), never less than the server asked for."""
        backoff: float = self.first_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        return min(max(backoff, asked), self.longest_seconds)


class _Listed(BaseModel):
    jobs: list[Job]


class _Deliveries(BaseModel):
    deliveries: list[DeadDelivery]


class Client:
    """Talks to one server; may be used from several threads.

    Args:
        base_url: Like ``http://127.0.0.1:8000``.
        api_key: Sent as a bearer token.
        timeout: Seconds for one answer, beyond what the server was asked to hold it.
        retries: When to ask again.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._retries = retries or Retries()
        self._closed = threading.Event()
        headers = {"User-Agent": f"ocrq/{__version__}", "Accept": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        try:
            local = is_loopback(httpx.URL(self._base_url).host)
            self._http = httpx.Client(
                base_url=self._base_url, headers=headers, timeout=timeout, trust_env=not local, follow_redirects=False
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise ServerUnreachable(f"{base_url!r} is no URL ({error}); write it like http://127.0.0.1:8000") from None

    @overload
    def read(self, document: bytes | Path, operation: TextOperation = ..., **request: Any) -> TextResult: ...
    @overload
    def read(self, document: bytes | Path, operation: StructuredOperation, **request: Any) -> StructuredResult: ...

    def read(
        self, document: bytes | Path, operation: Operation = "extract_text", **request: Any
    ) -> TextResult | StructuredResult:
        """Read a document and wait for the result.

        Args:
            document: Its bytes, or its file.
            operation: What to do with it.
            **request: Fields of the request, e.g. ``pages="1-3"``, ``schema={"total": "number"}``.

        Raises:
            OcrqError: As the server told it.
            ServerUnreachable: Nothing answers.
            JobCancelled: Someone cancelled the job.
        """
        result = result_json(self.wait(self.submit(document, operation, **request).id))
        if operation.startswith("extract_text"):
            return self._parsed(TextResult, result)
        return self._parsed(StructuredResult, result)

    def submit(
        self,
        document: bytes | Path,
        operation: Operation = "extract_text",
        *,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **request: Any,
    ) -> Job:
        """Queue a document. Repeating the call with the same key returns the first job.

        Args:
            document: Its bytes, or its file.
            operation: What to do with it.
            filename: To send along; a file's own name by default.
            idempotency_key: Made up if not given, so that a submit whose answer was lost makes no second job.
            **request: Fields of the request.

        Raises:
            OcrqError: As the server told it.
            ServerUnreachable: Nothing answers.
        """
        content = document.read_bytes() if isinstance(document, Path) else document
        name = filename or (document.name if isinstance(document, Path) else "document")
        answer = self._ask(
            "POST",
            "/jobs",
            files={"file": (name.encode(errors="replace").decode(), content, "application/octet-stream")},
            data={"endpoint": f"/{operation}", "request": json.dumps(request)},
            headers={"Idempotency-Key": idempotency_key or uuid.uuid4().hex},
        )
        return self._parsed(Job, answer)

    def job(self, job_id: str, wait: float = 0) -> Job | Batch:
        """A job or batch as it is now, or as it is after at most ``wait`` seconds if it ends no sooner."""
        path = f"/jobs/{job_id}"
        answer = self._ask("GET", path, params={"wait": f"{wait:g}"} if wait else None, held=wait)
        return self._job(answer)

    def wait(
        self, job_id: str, on_progress: Callable[[Job | Batch], None] | None = None, timeout: float | None = None
    ) -> Job | Batch:
        """Wait until a job ends.

        Args:
            job_id: Of a job or a batch.
            on_progress: Told the job about once a second.
            timeout: Seconds; None waits for ever.

        Raises:
            WaitTimeout: It has not ended in time, and goes on.
        """
        longest = PROGRESS_SECONDS if on_progress else HOLD_SECONDS
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            asked = time.monotonic()
            hold = longest if ends is None else max(0.0, min(longest, ends - asked))
            job = self.job(job_id, wait=hold)
            if on_progress:
                on_progress(job)
            if job.status in ENDED:
                return job
            if ends is not None and time.monotonic() >= ends:
                raise WaitTimeout(f"job {job_id} has not ended within {timeout:g} s, and goes on; wait for it again")
            early = asked + hold - time.monotonic()  # a server that is stopping, or a proxy, does not hold the reply
            self._closed.wait(max(0.0, min(early, PROGRESS_SECONDS)))

    def cancel(self, job_id: str) -> Job | Batch:
        """Cancel a job; one that has ended stays as it is."""
        return self._job(self._ask("DELETE", f"/jobs/{job_id}"))

    def retry(self, job_id: str) -> Job:
        """Try a failed job again, as the job it is.

        Raises:
            JobConflict: It has not failed, or its document is gone.
        """
        return self._parsed(Job, self._ask("POST", f"/jobs/{job_id}/retry"))

    def dead(self) -> list[Job]:
        """Jobs whose workers died on them, the latest first: of the API key's owner, or all for an admin."""
        return self._parsed(_Listed, self._ask("GET", "/jobs", params={"state": "dead"})).jobs

    def dead_deliveries(self) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first: of the API key's owner, or all for an admin."""
        return self._parsed(_Deliveries, self._ask("GET", "/webhooks", params={"state": "dead"})).deliveries

    def retry_delivery(self, delivery_id: str) -> None:
        """Send a delivery that was given up again; NotFound where none of this id was."""
        self._ask("POST", f"/webhooks/{delivery_id}/retry")

    def health(self) -> Health:
        """How the service is."""
        return self._parsed(Health, self._ask("GET", "/health", unhealthy=True))

    def models(self) -> ModelList:
        """The models that may be asked for."""
        return self._parsed(ModelList, self._ask("GET", "/models"))

    def close(self) -> None:
        """End connections, and waits for another attempt in other threads."""
        self._closed.set()
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, *, held: float = 0, unhealthy: bool = False, **how: Any) -> Any:
        attempt = 1
        while True:
            last = attempt >= self._retries.attempts or self._closed.is_set()
            retry_after = None
            try:
                answer = self._http.request(method, path, timeout=self._timeout + held, **how)
            except (httpx.TransportError, RuntimeError) as error:  # RuntimeError: closed by another thread
                if last or isinstance(error, httpx.UnsupportedProtocol | RuntimeError):
                    raise self._unreachable(error) from None
            else:
                if answer.is_success or (unhealthy and answer.headers.get("Content-Type") == "application/json"):
                    return self._decoded(answer)
                if last or answer.status_code not in _ASK_AGAIN:
                    raise self._problem(answer)
                retry_after = answer.headers.get("Retry-After")
            self._closed.wait(self._retries.delay(attempt, retry_after))
            attempt += 1

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        return ServerUnreachable(
            f"no server answers at {self._base_url} ({error or type(error).__name__}); start one with `ocrq up`, or "
            "mend the address"
        )

    def _job(self, answer: Any) -> Job | Batch:
        return self._parsed(Batch, answer) if "jobs" in answer else self._parsed(Job, answer)

    def _parsed(self, model: type[Document], answer: Any) -> Document:
        try:
            return model.model_validate(answer)
        except ValidationError:
            raise ServerUnreachable(
                f"what answers at {self._base_url} is no ocrq server that this version knows; mend the address, or "
                "bring client and server to the same version"
            ) from None

    def _decoded(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._problem(answer) from None

    def _problem(self, answer: httpx.Response) -> OcrqError:
        try:
            problem = answer.json()
            return from_json({**problem, "code": problem["code"], "detail": problem["detail"]})
        except (ValueError, KeyError, TypeError):
            return ServerUnreachable(
                f"what answers at {self._base_url} is no ocrq server (HTTP {answer.status_code}); mend the address"
            )


def result_json(job: Job | Batch) -> dict[str, Any]:
    """The result of a job that has ended, as the server sent it.

    Raises:
        OcrqError: Why it failed, of the code the server told.
        JobCancelled: It was cancelled.
    """
    if isinstance(job, Batch) or job.status not in ENDED:
        raise ValueError("only a job that has ended has a result")
    if job.status == "cancelled":
        raise JobCancelled(f"job {job.id} was cancelled")
    if job.error is not None:
        raise from_json(job.error.model_dump())
    return job.result or {}
