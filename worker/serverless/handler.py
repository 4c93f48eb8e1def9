"""The RunPod handler: one job in, one answer out, through the job service of this process."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ocrq.contracts import Batch, Job, JobRequest, Operation
from ocrq.errors import JobCancelled, OcrqError, WorkerSpent, from_json
from tasks.documents.ingest import Fetch
from tasks.documents.schemas import check_batch_schemas
from tasks.documents.submission import Submission
from tasks.jobs.service import JobService
from tasks.unexpected import unexpected
from worker.serverless.deduplication import JobDeduplicator
from worker.serverless.job_request import parse_input
from worker.serverless.progress import Progress, SendProgress
from worker.serverless.results import Results

MAX_THREADS = 64  # jobs followed at a time, as many as RunPod gives a worker; asyncio's own are bounded by the cores

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handler:
    """Answers jobs; see :meth:`answer`.

    Attributes:
        service: Reads.
        results: Delivers results.
        max_bytes: The largest document taken.
        fetch: Fetches images by URL; None where no host is allowed.
        on_spent: Called once this process can read no more.
        progress_sender_for: Makes the sender of a job's progress; None where progress is not used.
        progress_seconds: Least time between two progress updates.
    """

    service: JobService
    results: Results
    max_bytes: int
    on_spent: Callable[[], None]
    progress_sender_for: Callable[[Mapping[str, Any]], SendProgress] | None = None
    fetch: Fetch | None = None
    progress_seconds: float = 2.0
    answers: JobDeduplicator = field(default_factory=JobDeduplicator)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MAX_THREADS, "follow"))

    async def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """Answer a job.

        Returns:
            The result as JSON; ``{"error"}`` with ``code``, ``detail``, ``field`` and ``retryable`` as a JSON string
            where there is none, which makes the job FAILED; with ``refresh_worker`` where this worker cannot go on.

        Raises:
            CancelledError: The platform stopped the job, and so the read.
        """
        return await self.answers.once(job, lambda: self._answer(job))

    async def _answer(self, job: Mapping[str, Any]) -> dict[str, Any]:
        job_id = str(job.get("id", ""))
        try:
            asked = parse_input(job.get("input"))
            if asked is None:
                return self.service.health().model_dump(mode="json")
            return await self.results.deliver(job_id, await self._output(job, asked))
        except WorkerSpent as error:
            self.on_spent()
            return {"error": json.dumps(error.to_json()), "refresh_worker": True}
        except OcrqError as error:
            return {"error": json.dumps(error.to_json())}
        except Exception as error:
            return {"error": json.dumps(unexpected(log, error, f"answering job {job_id}").to_json())}

    async def _output(self, job: Mapping[str, Any], asked: JobRequest) -> dict[str, Any]:
        if asked.batch:
            check_batch_schemas(request.get("schema") for request in asked.requests if isinstance(request, dict))
        items = [await self._submission(asked.operation, request) for request in asked.requests]
        if asked.batch:
            accepted: Job | Batch = self.service.submit_batch(items)
        elif isinstance(items[0], OcrqError):
            raise items[0]
        else:
            accepted = self.service.submit(items[0])
        del items
        send = self.progress_sender_for(job) if self.progress_sender_for else None
        async with Progress(send, "job" if asked.batch else "page", self.progress_seconds) as progress:
            ended = await self._ended(accepted.id, progress)
        return _batch_output(str(job.get("id", "")), ended) if isinstance(ended, Batch) else _result(ended)

    async def _submission(self, operation: Operation, request: object) -> Submission | OcrqError:
        """The request with its document, or what is wrong with it."""
        check = partial(Submission.of, operation, request, max_bytes=self.max_bytes, fetch=self.fetch)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, check)
        except OcrqError as error:
            return error

    async def _ended(self, job_id: str, progress: Progress) -> Job | Batch:
        """The job once it has ended; one that the platform stops is cancelled."""
        following = asyncio.get_running_loop().run_in_executor(self.threads, self._follow, job_id, progress)
        try:
            return await asyncio.shield(following)
        except asyncio.CancelledError:
            self.service.cancel(job_id)
            raise

    def _follow(self, job_id: str, progress: Progress) -> Job | Batch:
        for event in self.service.events(job_id):
            if event is not None and event.name == "progress":
                progress.note(event.data["done"], event.data["total"])
        ended = self.service.get(job_id)
        if not isinstance(ended, Batch):
            return ended
        # What is not in the output is not to be had later: the platform has no other address for it.
        whole = [self.service.get(item.id) for item in ended.jobs]
        return ended.model_copy(update={"jobs": [item for item in whole if isinstance(item, Job)]})


def _result(job: Job) -> dict[str, Any]:
    if job.result is not None:
        return job.result
    raise from_json(job.error.model_dump()) if job.error else JobCancelled("the job was cancelled")


def _batch_output(job_id: str, batch: Batch) -> dict[str, Any]:
    """The batch under the platform's id for it."""
    for item in batch.jobs:
        if item.error is not None and item.error.code == WorkerSpent.code:
            raise from_json(item.error.model_dump())
    jobs = [item.model_copy(update={"id": f"{job_id}-{number}"}) for number, item in enumerate(batch.jobs, 1)]
    return batch.model_copy(update={"id": job_id, "jobs": jobs}).model_dump(mode="json", exclude_none=True)
