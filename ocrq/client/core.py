"""The client's work, as flows: submit, wait, read, over one endpoint or several."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from ocrq.client.configuration import Configuration
from ocrq.client.exchange import Flow, Pause, ProgressUpdate, persistently
from ocrq.client.http import DirectApi, HttpApi
from ocrq.client.runpod import RunPod
from ocrq.client.transport import Endpoint, Kind, Order, Transport
from ocrq.contracts import ENDED, Batch, Health, Job, ModelList, Operation
from ocrq.errors import InvalidImage, JobNotFound, NotFound, ServerUnreachable, WaitTimeout

T = TypeVar("T")

HOLD_SECONDS = 20.0  # how long a reply about a job is held; proxies cut connections idle for 30 and more
PROGRESS_SECONDS = 1.0  # the same where someone watches the pages being done
_TRANSPORTS: dict[Kind, Callable[[Endpoint], Transport]] = {"http": HttpApi, "direct": DirectApi, "runpod": RunPod}
_SUBMITS = 3  # of a document whose job the server has lost
_REST_SECONDS = 30.0  # how long an endpoint that failed comes after the others
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
        self._rests: dict[str, float] = {}

    def order(
        self,
        document: Readable,
        operation: Operation | None,
        filename: str | None,
        key: str | None,
        request: Mapping[str, Any],
    ) -> Order:
        """What to hand in, with the configured fields where the caller gave none."""
        content, name = _content(document)
        fields = {**self.configuration.request, **request}
        if content is None:
            fields["image"] = document
        return Order(
            operation or self.configuration.operation, fields, content, filename or name, key or uuid.uuid4().hex
        )

    def submit(self, order: Order, steadfast: bool = False) -> Flow[Job]:
        """Hand a document in, at the first endpoint that takes it."""

        def at(transport: Transport) -> Callable[[], Flow[Job]]:
            def once() -> Flow[Job]:
                try:
                    job = yield from transport.submit(order)
                except Exception:
                    self._rest(transport)
                    raise
                self._remember(job.id, transport)
                return job

            return once

        return (
            yield from persistently(
                [at(transport) for transport in self._preferred()], self.configuration.retries, steadfast
            )
        )

    def job(self, job_id: str, wait: float = 0.0, steadfast: bool = False) -> Flow[Job | Batch]:
        """A job as it is, or as it is once it has ended, or ``wait`` seconds have passed."""
        return (yield from self._at_owner(job_id, lambda transport: transport.job(job_id, wait), steadfast))

    def cancel(self, job_id: str) -> Flow[Job | Batch]:
        """Stop a job."""
        return (yield from self._at_owner(job_id, lambda transport: transport.cancel(job_id)))

    def wait(self, job_id: str, tell: bool, timeout: float | None) -> Flow[Job | Batch]:
        """Ask until a job has ended.

        Raises:
            WaitTimeout: It has not, in time.
        """
        longest = PROGRESS_SECONDS if tell else HOLD_SECONDS
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            asked = time.monotonic()
            hold = longest if ends is None else max(0.0, min(longest, ends - asked))
            job = yield from self.job(job_id, hold, steadfast=True)
            if tell:
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
        order: Order,
        tell: bool,
        timeout: float | None = None,
        steadfast: bool = False,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> Flow[Job]:
        """Submit and wait. A job that its server has lost is submitted again, with the same key.

        Args:
            order: The document.
            tell: Whether somebody watches.
            timeout: Seconds; None waits for ever.
            steadfast: Sit out an outage while submitting, too.
            submitted: Called with the id of the job.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        for left in reversed(range(_SUBMITS)):
            job: Job | Batch = yield from self.submit(order, steadfast)
            submitted(job.id)
            if tell:
                yield ProgressUpdate(job)
            if job.status not in ENDED:
                try:
                    job = yield from self.wait(
                        job.id, tell, None if ends is None else max(0.0, ends - time.monotonic())
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

    def health(self) -> Flow[Health]:
        """Of the first endpoint that reports it."""
        return (yield from self._anywhere(lambda transport: transport.health()))

    def models(self) -> Flow[ModelList]:
        """Of the first endpoint that reports it."""
        return (yield from self._anywhere(lambda transport: transport.models()))

    def at_api(self, ask: Callable[[HttpApi], Flow[T]]) -> Flow[T]:
        """Ask the first endpoint that speaks our HTTP API.

        Raises:
            NotFound: None does.
        """
        api = next((transport for transport in self._transports if isinstance(transport, HttpApi)), None)
        if api is None:
            raise NotFound("RunPod endpoints do not have this; use an ocrq server")
        return (yield from persistently([lambda: ask(api)], self.configuration.retries))

    def _at_owner(self, job_id: str, ask: Callable[[Transport], Flow[T]], steadfast: bool = False) -> Flow[T]:
        """Ask the endpoint that took a job; where none is known to have, one after another."""
        with self._lock:
            owner = self._owners.get(job_id)
        transports = [owner] if owner else self._transports
        for left, transport in zip(reversed(range(len(transports))), transports, strict=True):
            try:
                one = _bound(ask, transport)
                return (yield from persistently([one], self.configuration.retries, steadfast))
            except (JobNotFound, ServerUnreachable):
                if not left:
                    raise
        raise AssertionError("unreachable: the last endpoint answers or raises")

    def _anywhere(self, ask: Callable[[Transport], Flow[T]]) -> Flow[T]:
        return (
            yield from persistently(
                [_bound(ask, transport) for transport in self._preferred()], self.configuration.retries
            )
        )

    def _preferred(self) -> list[Transport]:
        """The endpoints in their order, those that failed just now last."""
        now = time.monotonic()
        with self._lock:
            return sorted(self._transports, key=lambda transport: self._rests.get(transport.endpoint.url, 0.0) > now)

    def _rest(self, transport: Transport) -> None:
        with self._lock:
            self._rests[transport.endpoint.url] = time.monotonic() + _REST_SECONDS

    def _remember(self, job_id: str, transport: Transport) -> None:
        with self._lock:
            self._rests.pop(transport.endpoint.url, None)
            self._owners[job_id] = transport
            if len(self._owners) > _REMEMBERED:
                del self._owners[next(iter(self._owners))]

    def _forget(self, job_id: str) -> bool:
        """Take a job to be lost with its server; whether another one could read its document."""
        with self._lock:
            owner = self._owners.pop(job_id, None)
        if owner is not None:
            self._rest(owner)
        return len(self._transports) > 1


def _bound(ask: Callable[[Transport], Flow[T]], transport: Transport) -> Callable[[], Flow[T]]:
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
