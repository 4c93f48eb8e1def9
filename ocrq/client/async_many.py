"""Many documents with asyncio: a bounded number at a time, outcomes in the order given, cancelled together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ocrq.client.many import CANCEL_SECONDS, ManyDocuments, Outcome, Source, result_json
from ocrq.contracts import Batch, Job, Operation

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
        self._client = client
        self._documents = ManyDocuments(client.core, operation, request, at_a_time)
        self._on_progress = on_progress
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._jobs: set[str] = set()

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
        while len(self._tasks) < self._documents.at_a_time and (turn := next(turns, None)) is not None:
            self._tasks.add(asyncio.create_task(self._outcome(*turn)))
        return bool(self._tasks)

    async def _outcome(self, place: int, source: Source) -> Outcome:
        watch = self._on_progress
        jobs: list[str] = []

        def submitted(job_id: str) -> None:
            jobs.append(job_id)
            self._jobs.add(job_id)

        try:
            self._documents.require_server()
            document = await asyncio.to_thread(source.load)
            effects = self._documents.read(source.name, document, watch is not None, submitted)
            job = await self._client.run(effects, (lambda job: watch(place, job)) if watch else None)
            outcome = Outcome(source.name, json=result_json(job), place=place, job_id=job.id)
        except Exception as error:  # one document's fault is not the others'
            outcome = self._documents.failed(source.name, place, jobs, error)
        self._jobs.difference_update(jobs)  # those of a cancelled task stay, to be cancelled
        return outcome
