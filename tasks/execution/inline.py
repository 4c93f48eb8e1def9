"""Reading without a queue: the threads of one process run the jobs of a memory store through its Runner."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ocrq.contracts import Health, ModelList
from ocrq.errors import JobCancelled, OcrqError
from tasks.catalogue import POOLS, Catalogue, Pool
from tasks.documents.memory_documents import MemoryDocuments
from tasks.documents.submission import Submission
from tasks.jobs.admission import Admission
from tasks.jobs.memory_batches import MemoryBatches
from tasks.jobs.memory_store import MemoryStore
from tasks.jobs.notifications import JobNotifications
from tasks.jobs.record import JobRecord
from tasks.jobs.service import JobService
from tasks.monitoring.counters import COUNTERS
from tasks.monitoring.health import resident_bytes
from tasks.monitoring.job_ends import counted, log_end
from tasks.monitoring.metrics import Gauge, Measured, cost_gauges
from tasks.monitoring.models import local_model_list
from tasks.runner import ReadContext, Runner, UnitReading, can_be_cached, run_inline
from tasks.settings import Settings
from tasks.stopping import stops_reported
from tasks.unexpected import unexpected

log = logging.getLogger(__name__)


class InlineWorkers:
    """The :class:`tasks.jobs.store.Workers` and :class:`tasks.jobs.store.Dispatcher` of one process.

    Args:
        settings: ``job_seconds``, ``cache_seconds``, ``pool``, and the bounds of the store.
        catalogue: The models that may be requested.
        clock: Of the store.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self.documents = MemoryDocuments()
        self.notifications = JobNotifications(settings.max_waiting)
        self.store = MemoryStore(settings, self.documents, self.notifications.notify, self.publish, clock)
        self._runner: Runner | None = None
        self._threads = 0
        self._busy = 0
        self._pool: ThreadPoolExecutor | None = None
        self._describe: Callable[[], Health] | None = None

    def read_with(self, runner: Runner, threads: int, describe: Callable[[], Health] | None = None) -> None:
        """Read from now on, so many documents at a time: the model is loaded. ``describe`` reports GPU and memory."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
        self._threads, self._describe = threads, describe
        self._runner = runner

    def publish(self, job_id: str) -> None:
        """See :class:`tasks.jobs.store.Dispatcher`; one of the jobs that wait is read, as owners are served in turn."""
        if self._pool is not None and self._runner is not None:
            self._pool.submit(self._run, self._runner, job_id)

    def publish_new(self, job_id: str, task: str, queue: str) -> None:
        """See :class:`tasks.jobs.store.Dispatcher`."""
        self.publish(job_id)

    def pools(self) -> frozenset[Pool]:
        """See :class:`tasks.jobs.store.Workers`: one process reads for all."""
        return frozenset(POOLS) if self.ready() else frozenset()

    def count(self) -> int:
        """See :class:`tasks.jobs.store.Workers`."""
        return self._threads

    def ready(self) -> bool:
        """See :class:`tasks.jobs.store.Workers`."""
        return self._runner is not None

    def models(self) -> ModelList:
        """See :class:`tasks.jobs.store.Workers`."""
        return local_model_list(self._catalogue, self._runner)

    def health(self) -> Health:
        """See :class:`tasks.jobs.store.Workers`."""
        if self._runner is None:
            reasons = ["nothing reads in this process yet; wait until its model is loaded"]
            return Health(status="unhealthy", models_loaded=[], gpu_available=False, memory_info={}, reasons=reasons)
        waiting = self.store.waiting()
        full = waiting >= self._settings.max_queued
        own = self._describe() if self._describe else None
        return Health(
            status="degraded" if full else "healthy",
            models_loaded=self._runner.loaded(),
            gpu_available=own.gpu_available if own else self._settings.pool == "gpu",
            memory_info=own.memory_info if own else {"workers_rss": resident_bytes()},
            workers=self._threads,
            busy=self._busy,
            queued={"local": waiting},
            reasons=["the queue is full; wait, or start another process"] if full else [],
        )

    def measured(self) -> Measured:
        """See :class:`tasks.jobs.store.Workers`."""
        sums, loaded = COUNTERS.snapshot(), self._runner.loaded() if self._runner else []
        states = {"busy": self._busy, "idle": self._threads - self._busy}
        return Measured(
            sums,
            [
                Gauge("queue_jobs", self.store.waiting(), {"queue": "local"}),
                *(Gauge("workers", count, {"pool": self._settings.pool, "state": s}) for s, count in states.items()),
                *(Gauge("models_loaded", 1, {"model": name}) for name in loaded),
                *cost_gauges(sums),
            ],
        )

    def flush_counters(self) -> None:
        """See :class:`tasks.jobs.store.Workers`: this process exports them itself."""

    def close(self) -> None:
        """Cancel everything and let the threads go; the jobs' states stay readable."""
        for job_id in self.store.unfinished():
            self.store.cancel(job_id)
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _run(self, runner: Runner, job_id: str) -> None:
        record = self.store.claim(job_id)
        if record is None:  # cancelled while it waited
            return
        self._busy += 1
        try:
            self._read(runner, record)
        except JobCancelled:
            log.info("job %s: stopped, it was cancelled", record.id)
        except Exception as error:
            known = error if isinstance(error, OcrqError) else unexpected(log, error, f"running job {record.id}")
            self.store.fail(record.id, known.to_json())
        finally:
            self._busy -= 1

    @stops_reported()
    def _read(self, runner: Runner, record: JobRecord) -> None:
        readings: list[UnitReading] = []

        def unit(reading: UnitReading) -> None:
            readings.append(counted(reading))
            self.store.unit(record.id, reading.to_json())

        submission = Submission(record.operation, record.request, self.documents.get(record.blob))
        context = ReadContext(
            options=submission.decoding_options,
            cancelled=lambda: not self.store.runs(record.id),
            progress=lambda done, total: self.store.progress(record.id, done, total),
            deadline=time.monotonic() + self._settings.job_seconds,
        )
        if earlier := self.store.earlier(record.id):
            readings.append(UnitReading.from_result(earlier))
            pages = len(earlier["pages"])
            context.progress(pages, pages)
            with runner.open(submission) as session:
                result = session.assemble(readings, 0.0, context)
        else:
            result = run_inline(runner, submission, context, unit)
        self.store.commit(record.id, result, self._settings.cache_seconds if can_be_cached(readings) else 0)
        pages = sum(len(reading.pages) for reading in readings)
        log_end(record.id, pages, time.time() - (record.started or 0), readings, cached=earlier is not None)


def inline_service(
    settings: Settings, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic
) -> tuple[JobService, InlineWorkers]:
    """The jobs of one process, and its readers, which take none before :meth:`InlineWorkers.read_with`.

    Args:
        settings: Of the jobs.
        catalogue: The models that may be requested.
        clock: Seconds that only grow; when jobs expire.
    """
    workers = InlineWorkers(settings, catalogue, clock)
    batches = MemoryBatches(settings.job_ttl, clock)
    without_webhooks = settings.model_copy(update={"webhook_secret": None})  # nothing here would send one
    admission = Admission(without_webhooks, catalogue, workers.store, batches, workers.documents, workers, workers)
    return JobService(admission, workers.store, batches, workers.notifications, workers), workers
