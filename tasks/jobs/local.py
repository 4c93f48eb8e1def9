"""The Backend of one process: jobs in memory, read by a few threads through the Runner, without a broker.

For serverless deployments and tests. Jobs end with the process, and are read in the order they came.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import ceil
from typing import Any

from ocrq.contracts import Batch, DeadDelivery, Health, Job, ModelList, Page
from ocrq.errors import InvalidRequest, JobCancelled, JobConflict, NotFound, NoWorker, OcrqError, QueueFull
from tasks.catalogue import Catalogue
from tasks.documents.intake import check_schema
from tasks.jobs.backend import JobEvent, Submission
from tasks.jobs.local_jobs import LocalBatch, LocalJob, LocalJobs, fingerprint_of
from tasks.jobs.local_reading import read_in_units
from tasks.monitoring.health import resident_bytes
from tasks.monitoring.models import local_model_list
from tasks.runner import ReadContext, Runner
from tasks.settings import Settings
from tasks.unexpected import unexpected

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0  # silence of an event stream after which it says that it lives
_FIRST_GUESS_SECONDS = 2.0  # of a read, before one was measured: a page on a CPU
_NEWEST_SHARE = 0.2  # of the running mean of reading times


class LocalBackend:
    """Runs jobs in this process.

    Args:
        runner: Reads; None where nothing can yet, which every submit then says; see :meth:`read_with`.
        settings: Bounds: ``max_queued``, ``job_ttl``, ``job_seconds``.
        catalogue: The models that may be asked for.
        threads: Documents read at a time.
        clock: Seconds that only grow; when jobs expire.
    """

    def __init__(
        self,
        runner: Runner | None,
        settings: Settings,
        catalogue: Catalogue,
        threads: int = 2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._settings = settings
        self._catalogue = catalogue
        self._threads = threads
        self._changed = threading.Condition()
        self._jobs = LocalJobs(ttl=settings.job_ttl, clock=clock)
        self._queued = 0
        self._busy = 0
        self._mean_seconds = _FIRST_GUESS_SECONDS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    def read_with(self, runner: Runner, threads: int) -> None:
        """Take jobs from now on, so many at a time: the model is loaded. For a backend made without a runner."""
        self._pool.shutdown()  # nothing was given to it
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
        self._threads = threads
        self._runner = runner

    def submit(self, submission: Submission) -> Job:
        """See :class:`tasks.jobs.backend.Backend`."""
        runner = self._ready_runner()
        self._check(submission)
        fingerprint = fingerprint_of("job", [submission])
        with self._changed:
            earlier = self._earlier(submission, fingerprint)
            if isinstance(earlier, LocalJob):
                return earlier.view()
            self._make_room(1)
            job = LocalJob(submission, submission.owner)
            self._jobs.add(job, submission.idempotency_key, fingerprint)
            self._enqueue(runner, job)
            return job.view()

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> Batch:
        """See :class:`tasks.jobs.backend.Backend`; the first item's idempotency key is the batch's."""
        runner = self._ready_runner()
        checked = [self._checked(item) for item in items]
        good = [item for item in items if isinstance(item, Submission)]
        fingerprint = fingerprint_of("batch", good)
        with self._changed:
            earlier = self._earlier(good[0], fingerprint) if good else None
            if isinstance(earlier, LocalBatch):
                return earlier.view()
            self._make_room(sum(isinstance(item, Submission) for item in checked))
            batch = LocalBatch(owner)
            self._jobs.add(batch, good[0].idempotency_key if good else None, fingerprint)
            for item in checked:
                submission = item if isinstance(item, Submission) else None
                batch.jobs.append(LocalJob(submission, batch.owner, batch))
            for job, item in zip(batch.jobs, checked, strict=True):
                self._jobs.add(job)
                if isinstance(item, Submission):
                    self._enqueue(runner, job)
                else:
                    self._end(job, item)
            return batch.view()

    def get(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        with self._changed:
            return self._jobs.find(job_id, owner).view()

    def wait(self, job_id: str, seconds: float, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`; how many may wait is left to the door, whose threads they are."""
        with self._changed:
            one = self._jobs.find(job_id, owner)
            self._changed.wait_for(lambda: one.ended, timeout=seconds)
            return one.view()

    def cancel(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        with self._changed:
            one = self._jobs.find(job_id, owner)
            for job in one.jobs if isinstance(one, LocalBatch) else [one]:
                job.cancel_asked = True
                if job.status == "queued":
                    self._queued -= 1
                    self._end(job, JobCancelled("the job was cancelled before it was read"))
            return one.view()

    def retry(self, job_id: str, owner: str | None = None) -> Job:
        """See :class:`tasks.jobs.backend.Backend`; an ended job's document is not kept here, so none is retried."""
        status = self.get(job_id, owner).status
        raise JobConflict(f"the job is {status}, and documents are not kept here for another try; submit it again")

    def dead(self, owner: str | None = None) -> list[Job]:
        """See :class:`tasks.jobs.backend.Backend`; jobs here do not outlive the process that reads them."""
        return []

    def dead_deliveries(self, owner: str | None = None) -> list[DeadDelivery]:
        """See :class:`tasks.jobs.backend.Backend`; nothing here sends webhooks."""
        return []

    def retry_delivery(self, delivery_id: str, owner: str | None = None) -> None:
        """See :class:`tasks.jobs.backend.Backend`."""
        raise NotFound("no webhooks are sent from here, so none was given up")

    def events(self, job_id: str, after: str | None = None, owner: str | None = None) -> Iterator[JobEvent | None]:
        """See :class:`tasks.jobs.backend.Backend`."""
        with self._changed:
            one = self._jobs.find(job_id, owner)
        return self._tell(one, int(after) if after and after.isdecimal() else 0)

    def health(self) -> Health:
        """See :class:`tasks.jobs.backend.Backend`."""
        if self._runner is None:
            reasons = ["nothing reads in this process yet; wait until its model is loaded"]
            return Health(status="unhealthy", models_loaded=[], gpu_available=False, memory_info={}, reasons=reasons)
        full = self._queued >= self._settings.max_queued
        return Health(
            status="degraded" if full else "healthy",
            models_loaded=self._runner.loaded(),
            gpu_available=self._settings.pool == "gpu",
            memory_info={"workers_rss": resident_bytes()},
            workers=self._threads,
            busy=self._busy,
            queued={"local": self._queued},
            reasons=["the queue is full; wait, or start another process"] if full else [],
        )

    def ready(self) -> bool:
        """See :class:`tasks.jobs.backend.Backend`."""
        return self._runner is not None

    def models(self) -> ModelList:
        """See :class:`tasks.jobs.backend.Backend`."""
        return local_model_list(self._catalogue, self._runner)

    def close(self) -> None:
        """Cancel everything and let the threads go; the jobs' states stay readable."""
        with self._changed:
            for job in self._jobs.unended():
                self.cancel(job.id, job.owner)
        self._pool.shutdown(wait=True)

    def _ready_runner(self) -> Runner:
        if self._runner is None:
            raise NoWorker("nothing reads in this process yet; ask again when its model is loaded", retry_after=10)
        return self._runner

    def _check(self, submission: Submission) -> None:
        check_schema(submission.operation, submission.request)
        self._catalogue.resolve(submission.request.model_name)
        if submission.request.webhook is not None:
            raise InvalidRequest(
                "webhooks are sent by the queue, and this server runs without one; leave webhook out and wait for the "
                "job",
                field="webhook",
            )

    def _checked(self, item: Submission | Exception) -> Submission | Exception:
        if isinstance(item, Submission):
            try:
                self._check(item)
            except OcrqError as error:
                return error
        return item

    def _earlier(self, submission: Submission, fingerprint: str) -> LocalJob | LocalBatch | None:
        key = submission.idempotency_key
        made = self._jobs.made_by(submission.owner, key) if key is not None else None
        if made and made[0] != fingerprint:
            raise JobConflict(
                "this Idempotency-Key came with another request before; use a new key for a new request",
                field="Idempotency-Key",
                extra={"job_id": made[1].id},
            )
        return made[1] if made else None

    def _make_room(self, count: int) -> None:
        if self._queued + count > self._settings.max_queued:
            raise QueueFull(
                f"{self._queued:,} jobs wait, and at most {self._settings.max_queued:,} may; try again later",
                retry_after=max(1, ceil(self._queued * self._mean_seconds / self._threads)),
            )

    def _enqueue(self, runner: Runner, job: LocalJob) -> None:
        self._queued += 1
        self._pool.submit(self._run, runner, job)

    def _end(self, job: LocalJob, outcome: dict[str, Any] | Exception) -> None:
        """Give a job its one end; called with the lock held."""
        if isinstance(outcome, JobCancelled):
            job.end("cancelled", error=outcome)
        elif isinstance(outcome, Exception):
            known = outcome if isinstance(outcome, OcrqError) else None
            job.end("failed", error=known or unexpected(logger, outcome, f"running job {job.id}"))
        else:
            job.end("succeeded", result=outcome)
        self._jobs.let_go(job)
        if job.batch and job.batch.ended:
            self._jobs.let_go(job.batch)
        self._changed.notify_all()

    def _run(self, runner: Runner, job: LocalJob) -> None:
        with self._changed:
            submission = job.submission
            if submission is None:  # cancelled while it waited
                return
            self._queued -= 1
            self._busy += 1
            job.start()
            self._changed.notify_all()
        started = time.monotonic()
        outcome = self._read(runner, job, submission)
        with self._changed:
            self._busy -= 1
            self._mean_seconds += _NEWEST_SHARE * (time.monotonic() - started - self._mean_seconds)
            self._end(job, outcome)

    def _read(self, runner: Runner, job: LocalJob, submission: Submission) -> dict[str, Any] | Exception:
        context = ReadContext(
            options=submission.request.decoding_options.model_dump(exclude_none=True),
            cancelled=lambda: job.cancel_asked,
            deadline=time.monotonic() + self._settings.job_seconds,
        )
        try:
            return read_in_units(runner, submission, context, partial(self._advance, job))
        except Exception as error:
            return error

    def _advance(self, job: LocalJob, done: int, total: int, pages: Sequence[Page]) -> None:
        with self._changed:
            job.tell_pages(pages)
            job.advance(done, total)
            self._changed.notify_all()

    def _tell(self, one: LocalJob | LocalBatch, told: int) -> Iterator[JobEvent | None]:
        ended = False
        while not ended:
            with self._changed:
                self._changed.wait_for(partial(_has_news, one, told), HEARTBEAT_SECONDS)
                fresh, ended = one.log.since(told), one.ended
            yield from fresh
            told += len(fresh)
            if not fresh and not ended:
                yield None


def _has_news(one: LocalJob | LocalBatch, told: int) -> bool:
    return one.ended or bool(one.log.since(told))
