"""Many documents with asyncio: a bounded number at a time, outcomes in the order given, cancelled together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrq.client.many import CANCEL_SECONDS, Outcome, Source, result_json, unexpected
from ocrq.contracts import Batch, Job, Operation
from ocrq.errors import OcrqError, ServerUnreachable

if TYPE_CHECKING:
    from ocrq.client.asynchronous import AsyncClient


class AsyncManyReader:
    """As :class:`~ocrq.client.many.ManyReader`, in tasks."""

    def __init__(
        self,
        client: AsyncClient,
        operation: Operation | None,
        request: Mapping[str, Any],
        on_progress: Callable[[int, Job | Batch], object | Awaitable[object]] | None,
        at_a_time: int,
    ) -> None:
        if at_a_time < 1:
            raise ValueError("at_a_time must be at least 1")
        self._client = client
        self._operation = operation
        self._request = request
        self._on_progress = on_progress
        self._at_a_time = at_a_time
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._jobs: set[str] = set()
        self._lost: OcrqError | None = None

    async def outcomes(self, sources: Iterator[Source]) -> AsyncIterator[Outcome]:
        """Each document's outcome, in the order given, as soon as it and all before it are known."""
        turns = enumerate(sources)
        early: dict[int, Outcome] = {}
        awaited = 0
        while self._fill(turns):
            done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            early |= {task.result().place: task.result() for task in done}
            while awaited in early:
                yield early.pop(awaited)
                awaited += 1

    async def cancel(self) -> None:
        """Stop: nothing more is submitted, and the server is asked to cancel pending jobs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await asyncio.gather(*map(self._client.cancel, self._jobs), return_exceptions=True)

    def _fill(self, turns: Iterator[tuple[int, Source]]) -> bool:
        """Begin as many documents as there is room for; whether any is under way."""
        while len(self._tasks) < self._at_a_time and (turn := next(turns, None)) is not None:
            self._tasks.add(asyncio.create_task(self._outcome(*turn)))
        return bool(self._tasks)

    async def _outcome(self, place: int, source: Source) -> Outcome:
        if self._lost is not None:  # the retries for another document are used up; they are not repeated for each
            return Outcome(source.name, error=self._lost, place=place)
        jobs: list[str] = []
        try:
            result = await self._read(place, source, jobs)
            outcome = Outcome(source.name, json=result, place=place, job_id=jobs[-1])
        except ServerUnreachable as error:
            self._lost = error
            outcome = Outcome(source.name, error=error, place=place)
        except OcrqError as error:
            outcome = Outcome(source.name, error=error, place=place, job_id=jobs[-1] if jobs else None)
        except Exception as error:  # as with threads: one document's fault is not the others'
            outcome = Outcome(source.name, error=unexpected(error), place=place)
        self._jobs.difference_update(jobs)
        return outcome

    async def _read(self, place: int, source: Source, jobs: list[str]) -> dict[str, Any]:
        watch, core = self._on_progress, self._client.core

        def submitted(job_id: str) -> None:
            jobs.append(job_id)
            self._jobs.add(job_id)

        name = Path(source.name).name or "document"
        to_submit = core.document_request(
            await asyncio.to_thread(source.load), self._operation, name, None, self._request
        )
        effects = core.read(to_submit, watch is not None, through_outages=True, submitted=submitted)
        return result_json(await self._client.run(effects, (lambda job: watch(place, job)) if watch else None))
