"""The client's operations without I/O: submit, wait, read, over one endpoint or several."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from ocrq.client.configuration import Configuration
from ocrq.client.exchange import Effects, Pause, ProgressUpdate, persistently
from ocrq.client.http import DirectApi, HttpApi
from ocrq.client.runpod import RunPod
from ocrq.client.transport import DocumentRequest, Endpoint, Kind, Transport
from ocrq.contracts import ENDED, Batch, Health, Job, ModelList, Operation
from ocrq.errors import InvalidImage, JobNotFound, NotFound, ServerUnreachable, WaitTimeout

T = TypeVar("T")

HOLD_SECONDS = 20.0  # how long a reply about a job is held; proxies cut connections idle for 30 and more
PROGRESS_SECONDS = 1.0  # the same where someone watches the pages being done
_TRANSPORTS: dict[Kind, Callable[[Endpoint], Transport]] = {"http": HttpApi, "direct": DirectApi, "runpod": RunPod}
_SUBMITS = 3  # of a document whose job the server has lost
_COOLDOWN_SECONDS = 30.0  # how long an endpoint that failed comes after the others
_REMEMBERED = 100_000  # jobs whose endpoint is known

Readable: TypeAlias = bytes | Path | str
"""A document: its bytes, its file, or (a string) the URL of one on a host that the operator allows."""


class ClientCore:
    """Knows the endpoints, and which of them has which job. May be used from several threads.

    Args:
        configuration: The client's.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._transports: list[Transport] = [
            _TRANSPORTS[endpoint.kind](endpoint) for endpoint in configuration.endpoints
        ]
        self._lock = threading.Lock()
        self._owners: dict[str, Transport] = {}
        self._cooldowns: dict[str, float] = {}

    def document_request(
        self,
        document: Readable,
        operation: Operation | None,
        filename: str | None,
        key: str | None,
        request: Mapping[str, Any],
    ) -> DocumentRequest:
        """The document and its request, with the configured fields where the caller gave none."""
        content, name = _content(document)
        fields = {**self.configuration.request, **request}
        if content is None:
            fields["image"] = document
        return DocumentRequest(
            operation or self.configuration.operation, fields, content, filename or name, key or uuid.uuid4().hex
        )

    def submit(self, document: DocumentRequest, through_outages: bool = False) -> Effects[Job]:
        """Submit a document at the first endpoint that accepts it."""

        def at(transport: Transport) -> Callable[[], Effects[Job]]:
            def once() -> Effects[Job]:
                try:
                    job = yield from transport.submit(document)
                except Exception:
                    self._cool_down(transport)
                    raise
                self._remember(job.id, transport)
                return job

            return once

        return (
            yield from persistently(
                [at(transport) for transport in self._preferred()], self.configuration.retries, through_outages
            )
        )

    def job(self, job_id: str, wait: float = 0.0, through_outages: bool = False) -> Effects[Job | Batch]:
        """A job as it is, or as it is once it has ended, or ``wait`` seconds have passed."""
        return (yield from self._at_owner(job_id, lambda transport: transport.job(job_id, wait), through_outages))

    def cancel(self, job_id: str) -> Effects[Job | Batch]:
        """Stop a job."""
        return (yield from self._at_owner(job_id, lambda transport: transport.cancel(job_id)))

    def wait(self, job_id: str, watched: bool, timeout: float | None) -> Effects[Job | Batch]:
        """Poll until a job has ended.

        Raises:
            WaitTimeout: It has not, in time.
        """
        longest = PROGRESS_SECONDS if watched else HOLD_SECONDS
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            asked = time.monotonic()
            hold = longest if ends is None else max(0.0, min(longest, ends - asked))
            job = yield from self.job(job_id, hold, through_outages=True)
            if watched:
                yield ProgressUpdate(job)
            if job.status in ENDED:
                return job
            if ends is not None and time.monotonic() >= ends:
                raise WaitTimeout(
                    f"job {job_id} has not ended within {timeout:g} s, and continues; wait for it again",
                    extra={"job_id": job_id},
                )
            early = asked + hold - time.monotonic()  # a server that is stopping, or RunPod, does not hold the reply
            yield Pause(max(0.0, min(early, PROGRESS_SECONDS)))

    def read(
        self,
        document: DocumentRequest,
        watched: bool,
        timeout: float | None = None,
        through_outages: bool = False,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> Effects[Job]:
        """Submit and wait. A job that its server has lost is submitted again, with the same key.

        Args:
            document: What to read.
            watched: Whether the caller watches the progress.
            timeout: Seconds; None waits for ever.
            through_outages: Keep retrying for ``outage_seconds`` while submitting.
            submitted: Called with the id of the job.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        for left in reversed(range(_SUBMITS)):
            job: Job | Batch = yield from self.submit(document, through_outages)
            submitted(job.id)
            if watched:
                yield ProgressUpdate(job)
            if job.status not in ENDED:
                try:
                    job = yield from self.wait(
                        job.id, watched, None if ends is None else max(0.0, ends - time.monotonic())
                    )
                except JobNotFound:
                    if not left:
                        raise
                    continue
                except ServerUnreachable:
                    if not left or not self._forget(job.id):
                        raise
                    continue
            assert isinstance(job, Job)
            return job
        raise AssertionError("unreachable: the last submit returns or raises")

    def health(self) -> Effects[Health]:
        """Of the first endpoint that reports it."""
        return (yield from self._anywhere(lambda transport: transport.health()))

    def models(self) -> Effects[ModelList]:
        """Of the first endpoint that reports it."""
        return (yield from self._anywhere(lambda transport: transport.models()))

    def at_api(self, ask: Callable[[HttpApi], Effects[T]]) -> Effects[T]:
        """Ask the first endpoint that speaks our HTTP API.

        Raises:
            NotFound: None does.
        """
        api = next((transport for transport in self._transports if isinstance(transport, HttpApi)), None)
        if api is None:
            raise NotFound("RunPod endpoints do not have this; use an ocrq server")
        return (yield from persistently([lambda: ask(api)], self.configuration.retries))

    def _at_owner(
        self, job_id: str, ask: Callable[[Transport], Effects[T]], through_outages: bool = False
    ) -> Effects[T]:
        """Ask the endpoint that took a job; where none is known to have, one after another."""
        with self._lock:
            owner = self._owners.get(job_id)
        transports = [owner] if owner else self._transports
        for left, transport in zip(reversed(range(len(transports))), transports, strict=True):
            try:
                one = _bound(ask, transport)
                return (yield from persistently([one], self.configuration.retries, through_outages))
            except (JobNotFound, ServerUnreachable):
                if not left:
                    raise
        raise AssertionError("unreachable: the last endpoint answers or raises")

    def _anywhere(self, ask: Callable[[Transport], Effects[T]]) -> Effects[T]:
        return (
            yield from persistently(
                [_bound(ask, transport) for transport in self._preferred()], self.configuration.retries
            )
        )

    def _preferred(self) -> list[Transport]:
        """The endpoints in their order, those that failed just now last."""
        now = time.monotonic()
        with self._lock:
            return sorted(
                self._transports, key=lambda transport: self._cooldowns.get(transport.endpoint.url, 0.0) > now
            )

    def _cool_down(self, transport: Transport) -> None:
        with self._lock:
            self._cooldowns[transport.endpoint.url] = time.monotonic() + _COOLDOWN_SECONDS

    def _remember(self, job_id: str, transport: Transport) -> None:
        with self._lock:
            self._cooldowns.pop(transport.endpoint.url, None)
            self._owners[job_id] = transport
            if len(self._owners) > _REMEMBERED:
                del self._owners[next(iter(self._owners))]

    def _forget(self, job_id: str) -> bool:
        """Treat a job as lost with its server; whether another endpoint could read its document."""
        with self._lock:
            owner = self._owners.pop(job_id, None)
        if owner is not None:
            self._cool_down(owner)
        return len(self._transports) > 1


def _bound(ask: Callable[[Transport], Effects[T]], transport: Transport) -> Callable[[], Effects[T]]:
    return lambda: ask(transport)


def _content(document: Readable) -> tuple[bytes | None, str]:
    """A document's bytes, none for a URL, and its name."""
    if isinstance(document, bytes):
        return document, "document"
    if isinstance(document, str):
        if not document.lower().startswith(("https://", "http://")):
            raise InvalidImage(
                "a document is given as bytes, as a Path, or as a URL; wrap the name of a file in Path", field="image"
            )
        return None, "document"
    return document.read_bytes(), document.name
