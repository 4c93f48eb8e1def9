"""The RunPod handler: one job in, one answer out, through the same task functions as every other transport."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from ocrq.contracts import Batch, Job, JobError, Operation
from ocrq.contracts import Progress as Done
from ocrq.errors import InternalError, InvalidRequest, OcrqError, RequestError, WorkerSpent
from tasks.jobs.batches import status_of
from tasks.ocr import OPERATION_TASKS, health
from tasks.runner import ReadContext
from tasks.unexpected import unexpected
from worker.serverless.deduplication import JobDeduplicator
from worker.serverless.download import Downloader, is_url
from worker.serverless.job_request import JobRequest, parse_job_request
from worker.serverless.progress import Progress, SendProgress
from worker.serverless.results import Results

MAX_THREADS = 64  # the most slots there can be; asyncio's own pool is bounded by the number of cores
STOP_SECONDS = 30.0  # for a cancelled read to stop before its slot is reused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handler:
    """Answers jobs; see :meth:`answer`.

    Attributes:
        results: Delivers results.
        downloader: Fetches images by URL.
        job_seconds: Time limit of a read.
        slots: Reads at a time.
        progress_sender_for: Makes the sender of a job's progress; None where progress is not used.
        progress_seconds: Least time between two progress updates.
        is_poisoned: Whether this process cannot read any more.
        on_poisoned: Called when it cannot.
    """

    results: Results
    downloader: Downloader
    job_seconds: float
    slots: asyncio.Semaphore
    is_poisoned: Callable[[], bool]
    on_poisoned: Callable[[], None]
    progress_sender_for: Callable[[Mapping[str, Any]], SendProgress] | None = None
    progress_seconds: float = 2.0
    answers: JobDeduplicator = field(default_factory=JobDeduplicator)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MAX_THREADS, "read"))

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
            job_request = parse_job_request(job.get("input"))
            return await self.results.deliver(job_id, await self._output(job, job_request))
        except WorkerSpent as error:
            self.on_poisoned()
            return {"error": json.dumps(error.to_json()), "refresh_worker": True}
        except OcrqError as error:
            return {"error": json.dumps(error.to_json())}
        except Exception as error:
            return {"error": json.dumps(unexpected(log, error, f"answering job {job_id}").to_json())}

    async def _output(self, job: Mapping[str, Any], job_request: JobRequest) -> dict[str, Any]:
        if job_request.operation == "health":
            return health()
        send = self.progress_sender_for(job) if self.progress_sender_for else None
        async with Progress(send, "job" if job_request.batch else "page", self.progress_seconds) as progress:
            if job_request.batch:
                return await self._read_batch(str(job.get("id", "")), job_request, progress)
            return await self._read(job_request.operation, job_request.requests[0], progress.note)

    async def _read_batch(self, job_id: str, job_request: JobRequest, progress: Progress) -> dict[str, Any]:
        """Each item is a job of its own, read as slots are free; a failure fails that item alone."""
        created, ended = datetime.now(UTC), 0

        async def read(number: int, request: object) -> Job:
            nonlocal ended
            item = Job(id=f"{job_id}-{number}", status="running", created_at=created, attempts=1)
            try:
                assert job_request.operation != "health"
                item.result = await self._read(job_request.operation, request, lambda done, total: None)
                item.status = "succeeded"
            except WorkerSpent:
                raise
            except Exception as error:
                known = error if isinstance(error, OcrqError) else unexpected(log, error, f"reading {item.id}")
                item.error, item.status = JobError(**known.to_json()), "failed"
            ended += 1
            progress.note(ended, len(job_request.requests))
            item.finished_at = datetime.now(UTC)
            return item

        try:
            async with asyncio.TaskGroup() as group:
                reads = [group.create_task(read(number, one)) for number, one in enumerate(job_request.requests, 1)]
        except ExceptionGroup as spent:  # of nothing but WorkerSpent; in except* Python 3.11.2 would group it anew
            raise spent.exceptions[0] from None
        jobs = [read.result() for read in reads]
        done = Done(done=len(jobs), total=len(jobs), unit="job")
        batch = Batch(id=job_id, status=status_of(jobs), progress=done, created_at=created, jobs=jobs)
        return batch.model_dump(mode="json", exclude_none=True)

    async def _read(
        self, operation: Operation, request: object, progress: Callable[[int, int], None]
    ) -> dict[str, Any]:
        """Read one document in a thread; after an unexpected failure the GPU is checked."""
        request = await self._with_image(request)
        async with self.slots:
            try:
                result = await self._in_thread(operation, request, progress)
            except Exception as error:
                if not isinstance(error, RequestError):
                    await self._require_health(error)
                raise
            failed = [page["error"] for page in result.get("pages") or () if page.get("error")]
            if any(error["code"] == InternalError.code for error in failed):
                await self._require_health(None)
            return result

    async def _in_thread(
        self, operation: Operation, request: object, progress: Callable[[int, int], None]
    ) -> dict[str, Any]:
        stopped = threading.Event()
        context = ReadContext(cancelled=stopped.is_set, progress=progress, deadline=time.monotonic() + self.job_seconds)
        task, loop = OPERATION_TASKS[operation], asyncio.get_running_loop()
        reading = loop.run_in_executor(self.threads, task, request, context)
        try:
            return cast(dict[str, Any], await asyncio.shield(reading))
        except asyncio.CancelledError:
            stopped.set()
            await asyncio.wait({reading}, timeout=STOP_SECONDS)
            if not reading.done():
                log.error("a cancelled read does not stop; its thread is abandoned")
            elif not reading.cancelled():
                reading.exception()  # retrieved, so that asyncio does not log it
            raise

    async def _with_image(self, request: object) -> object:
        """The request with its image downloaded."""
        if not isinstance(request, dict):
            return request
        if request.get("webhook") is not None:
            raise InvalidRequest(
                "webhook: there is no queue here that could send one; leave it out, and put RunPod's own webhook "
                "beside input",
                field="webhook",
            )
        if not is_url(request.get("image")):
            return request
        document = await self.downloader.fetch(request["image"])
        return {**request, "image": base64.b64encode(document).decode()}

    async def _require_health(self, error: Exception | None) -> None:
        """Raise WorkerSpent where this worker's GPU context is lost, so that another worker reads the job."""
        if await asyncio.to_thread(self.is_poisoned):
            raise WorkerSpent(
                "the GPU of this worker failed, and the worker is replaced; send the job again"
            ) from error
