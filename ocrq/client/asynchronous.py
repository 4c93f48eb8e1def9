"""The client with asyncio: the same calls, awaited."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any, TypeVar, overload

import httpx

from ocrq.client.async_many import AsyncManyReader
from ocrq.client.configuration import Profile, configured
from ocrq.client.core import ClientCore, Readable
from ocrq.client.exchange import Closed, Effect, Effects, Pause, Retries, Send
from ocrq.client.http import HttpApi
from ocrq.client.many import AT_A_TIME, Outcome, Result, Source, result_json, sources_of, typed_result
from ocrq.client.synchronous import StructuredOperation, TextOperation
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
OnProgress = Callable[[Job | Batch], object | Awaitable[object]]


class AsyncClient:
    """:class:`~ocrq.client.Client` for asyncio: the same arguments, methods and errors; one event loop each.

    What watches progress may be a function or a coroutine function.
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
        self._closed = asyncio.Event()
        self._http = {local: httpx.AsyncClient(**options(local)) for local in (False, True)}

    @overload
    async def read(
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
    async def read(
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

    async def read(
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
        """As :meth:`Client.read <ocrq.client.Client.read>`."""
        to_submit = self.core.document_request(document, operation, filename, idempotency_key, request)
        job = await self.run(self.core.read(to_submit, on_progress is not None, timeout), on_progress)
        return typed_result(result_json(job))

    async def read_many(
        self,
        documents: Iterable[Readable | Source],
        operation: Operation | None = None,
        *,
        at_a_time: int = AT_A_TIME,
        on_progress: Callable[[int, Job | Batch], object | Awaitable[object]] | None = None,
        **request: Any,
    ) -> AsyncGenerator[Outcome, None]:
        """As :meth:`Client.read_many <ocrq.client.Client.read_many>`.

        To leave the loop early and have what is under way cancelled at once, close it: ``contextlib.aclosing``.
        """
        reading = AsyncManyReader(self, operation, request, on_progress, at_a_time)
        finished = False
        try:
            async for outcome in reading.outcomes(sources_of(documents)):
                yield outcome
            finished = True
        finally:
            if not finished:
                await reading.cancel()

    async def submit(
        self,
        document: Readable,
        operation: Operation | None = None,
        *,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **request: Any,
    ) -> Job:
        """As :meth:`Client.submit <ocrq.client.Client.submit>`."""
        to_submit = self.core.document_request(document, operation, filename, idempotency_key, request)
        return await self.run(self.core.submit(to_submit))

    async def job(self, job_id: str, wait: float = 0) -> Job | Batch:
        """A job or batch as it is now, or as it is after at most ``wait`` seconds if it ends no sooner."""
        return await self.run(self.core.job(job_id, wait))

    async def wait(
        self, job_id: str, on_progress: OnProgress | None = None, timeout: float | None = None
    ) -> Job | Batch:
        """As :meth:`Client.wait <ocrq.client.Client.wait>`."""
        return await self.run(self.core.wait(job_id, on_progress is not None, timeout), on_progress)

    async def result(self, job_id: str, timeout: float | None = None) -> Result:
        """The result of a job, waited for."""
        return typed_result(result_json(await self.wait(job_id, timeout=timeout)))

    async def cancel(self, job_id: str) -> Job | Batch:
        """Cancel a job; one that has ended stays as it is."""
        return await self.run(self.core.cancel(job_id))

    async def retry(self, job_id: str) -> Job:
        """Try a failed job again, as the job it is."""
        return await self.run(self.core.at_api(lambda api: api.retry(job_id)))

    async def jobs(self, status: JobStatus | None = None, limit: int = 50, cursor: str | None = None) -> JobList:
        """As :meth:`Client.jobs <ocrq.client.Client.jobs>`."""
        return await self.run(self.core.at_api(lambda api: api.jobs(status, limit, cursor)))

    async def dead(self) -> list[Job]:
        """Jobs whose workers died on them, the latest first."""
        return await self.run(self.core.at_api(HttpApi.dead))

    async def dead_deliveries(self) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first."""
        return await self.run(self.core.at_api(HttpApi.dead_deliveries))

    async def retry_delivery(self, delivery_id: str) -> None:
        """Send a delivery that was given up again."""
        await self.run(self.core.at_api(lambda api: api.retry_delivery(delivery_id)))

    async def health(self) -> Health:
        """How the service is."""
        return await self.run(self.core.health())

    async def models(self) -> ModelList:
        """The models that a request may name."""
        return await self.run(self.core.models())

    async def close(self) -> None:
        """End connections, and waits for another attempt in other tasks."""
        self._closed.set()
        for http in self._http.values():
            await http.aclose()

    async def __aenter__(self) -> AsyncClient:
        """Nothing is asked yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def run(self, effects: Effects[T], on_progress: OnProgress | None = None) -> T:
        """Carry out an operation's effects; for the modules of this package."""
        try:
            effect = next(effects)
            while True:
                try:
                    came = await self._do(effect, on_progress)
                except httpx.RequestError as error:
                    effect = effects.throw(error)
                else:
                    effect = effects.send(came)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            effects.close()

    async def _do(self, effect: Effect, on_progress: OnProgress | None) -> httpx.Response | None:
        if isinstance(effect, Pause):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), effect.seconds)
        elif isinstance(effect, Send):
            return await self._send(effect)
        elif on_progress is not None:
            pending = on_progress(effect.job)
            if inspect.isawaitable(pending):
                await pending
        return None

    async def _send(self, send: Send) -> httpx.Response:
        if not self._closed.is_set():
            try:
                timeout = self.core.configuration.timeout
                return await self._http[is_local(send.url)].request(**arguments(send, timeout))
            except Exception:  # another task may close the client under this one
                if not self._closed.is_set():
                    raise
        raise Closed("the client was closed")
