"""The client with asyncio: the same calls, awaited."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar, overload

import httpx

from ocrq.client.awaited import AwaitedReading
from ocrq.client.configuration import Profile, configured
from ocrq.client.core import ClientCore, Readable
from ocrq.client.exchange import Closed, Flow, Pause, Retries, Send, Step
from ocrq.client.http import HttpApi
from ocrq.client.many import AT_A_TIME, Outcome, Result, Source, result_json, sources_of, typed_result
from ocrq.client.synchronous import StructuredOperation, TextOperation
from ocrq.client.transport import Endpoint, arguments, goes_nowhere_else, options
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
        self.desk = ClientCore(configured(endpoint, api_key, timeout, retries, fallbacks, profile, request))
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
        order = self.desk.order(document, operation, filename, idempotency_key, request)
        job = await self.carry_out(self.desk.read(order, on_progress is not None, timeout), on_progress)
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
        reading = AwaitedReading(self, operation, request, on_progress, at_a_time)
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
        order = self.desk.order(document, operation, filename, idempotency_key, request)
        return await self.carry_out(self.desk.submit(order))

    async def job(self, job_id: str, wait: float = 0) -> Job | Batch:
        """A job or batch as it is now, or as it is after at most ``wait`` seconds if it ends no sooner."""
        return await self.carry_out(self.desk.job(job_id, wait))

    async def wait(
        self, job_id: str, on_progress: OnProgress | None = None, timeout: float | None = None
    ) -> Job | Batch:
        """As :meth:`Client.wait <ocrq.client.Client.wait>`."""
        return await self.carry_out(self.desk.wait(job_id, on_progress is not None, timeout), on_progress)

    async def result(self, job_id: str, timeout: float | None = None) -> Result:
        """The result of a job, waited for."""
        return typed_result(result_json(await self.wait(job_id, timeout=timeout)))

    async def cancel(self, job_id: str) -> Job | Batch:
        """Cancel a job; one that has ended stays as it is."""
        return await self.carry_out(self.desk.cancel(job_id))

    async def retry(self, job_id: str) -> Job:
        """Try a failed job again, as the job it is."""
        return await self.carry_out(self.desk.at_api(lambda api: api.retry(job_id)))

    async def jobs(self, status: JobStatus | None = None, limit: int = 50, cursor: str | None = None) -> JobList:
        """As :meth:`Client.jobs <ocrq.client.Client.jobs>`."""
        return await self.carry_out(self.desk.at_api(lambda api: api.jobs(status, limit, cursor)))

    async def dead(self) -> list[Job]:
        """Jobs whose workers died on them, the latest first."""
        return await self.carry_out(self.desk.at_api(HttpApi.dead))

    async def dead_deliveries(self) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first."""
        return await self.carry_out(self.desk.at_api(HttpApi.dead_deliveries))

    async def retry_delivery(self, delivery_id: str) -> None:
        """Send a delivery that was given up again."""
        await self.carry_out(self.desk.at_api(lambda api: api.retry_delivery(delivery_id)))

    async def health(self) -> Health:
        """How the service is."""
        return await self.carry_out(self.desk.health())

    async def models(self) -> ModelList:
        """The models that may be asked for."""
        return await self.carry_out(self.desk.models())

    async def close(self) -> None:
        """End connections, and waits for another attempt in other tasks."""
        self._closed.set()
        for http in self._http.values():
            await http.aclose()

    async def __aenter__(self) -> AsyncClient:
        """Nothing is asked yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def carry_out(self, flow: Flow[T], on_progress: OnProgress | None = None) -> T:
        """Do what a flow says; for the modules of this package."""
        try:
            step = next(flow)
            while True:
                try:
                    came = await self._do(step, on_progress)
                except httpx.RequestError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(came)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()

    async def _do(self, step: Step, on_progress: OnProgress | None) -> httpx.Response | None:
        if isinstance(step, Pause):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), step.seconds)
        elif isinstance(step, Send):
            return await self._send(step)
        elif on_progress is not None:
            told = on_progress(step.job)
            if inspect.isawaitable(told):
                await told
        return None

    async def _send(self, send: Send) -> httpx.Response:
        if not self._closed.is_set():
            try:
                timeout = self.desk.configuration.timeout
                return await self._http[goes_nowhere_else(send.url)].request(**arguments(send, timeout))
            except Exception:  # another task may close the client under this one
                if not self._closed.is_set():
                    raise
        raise Closed("the client was closed")
