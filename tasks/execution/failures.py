"""Classes of failure: what becomes of a job whose run ended with an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from ocrq.errors import DiskFull, JobCancelled, OcrqError, WorkerSpent
from tasks.execution.lease_renewer import Lease
from tasks.execution.units import commit_unit, unread
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import JobRecord
from tasks.jobs.store import Dispatcher
from tasks.settings import Settings
from tasks.unexpected import unexpected

DISK_SECONDS = 3.0  # that a worker whose disk is full waits before it queues its job again

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailureHandler:
    """See the module.

    Attributes:
        ledger: Where runs are ended.
        dispatcher: Publishes what becomes ready.
        worker: This process's name.
        settings: ``max_attempts``, of the processes that a job may lose, and ``job_seconds``.
        leave: Ends this process, for another to take its place; returns where it serves other jobs still.
    """

    ledger: Ledger
    dispatcher: Dispatcher
    worker: str
    settings: Settings
    leave: Callable[[], None]

    def handle(self, record: JobRecord, lease: Lease, error: Exception) -> OcrqError | None:
        """End, requeue or leave a job by the class of its failure. Returns the error the job ended with, if it did."""
        try:
            return self._handle(record, lease, error)
        except redis.RedisError as failure:
            # The lease runs out, and the sweeper gives the job to another; a direct caller is sent no failure.
            log.warning("job %s could not be ended, its lease will run out: %s", record.id, failure)
            return None

    def _handle(self, record: JobRecord, lease: Lease, error: Exception) -> OcrqError | None:
        if isinstance(error, redis.RedisError):
            raise error
        if isinstance(error, JobCancelled):
            return self._stopped(record, error)
        if isinstance(error, WorkerSpent):
            return self._spent(record, lease, error)
        known = error if isinstance(error, OcrqError) else unexpected(log, error, f"reading job {record.id}")
        if isinstance(known, DiskFull) and time.time() - record.created < self.settings.job_seconds:
            self._wait_for_disk(record, known)
            return None
        return self._failed(record, lease, known)

    def _failed(self, record: JobRecord, lease: Lease, error: OcrqError) -> OcrqError | None:
        """A document fails with its error; a unit's pages carry it, and the document goes on."""
        ended = {} if record.phase == "unit" else {"end": "failed", "code": error.code}
        log.info("job %s failed: %s: %s", record.id, error.code, error.detail, extra=ended)
        if record.phase == "unit":
            commit_unit(self.ledger, self.dispatcher, record, lease, unread(record.pages, error.code, error.detail))
            return None
        return error if self.ledger.fail(record.id, lease.token, error.to_json()) else None

    def _spent(self, record: JobRecord, lease: Lease, error: WorkerSpent) -> OcrqError | None:
        """This process can read it no more: another one tries, as often as a job may lose its process."""
        log.warning("job %s: %s", record.id, error.detail)
        try:
            if record.lost + 1 >= self.settings.max_attempts:
                return self._failed(record, lease, error)
            note = f"attempt {record.lost + 1} ended early, and another process took over: {error.detail}"
            self.ledger.abandon(record.id, self.worker, note=note)
            return None
        finally:
            self.leave()

    def _wait_for_disk(self, record: JobRecord, error: DiskFull) -> None:
        """A full disk is no fault of the document: it is queued again, and loses no attempt."""
        log.warning("job %s is queued again in %g s: %s", record.id, DISK_SECONDS, error.detail)
        time.sleep(DISK_SECONDS)
        self.ledger.requeue(record.id, self.worker)

    def _stopped(self, record: JobRecord, error: JobCancelled) -> OcrqError | None:
        """The lease was lost: cancelled, or taken over after this process was silent too long."""
        now = self.ledger.record(record.id)
        state = now.state if now else "gone"
        log.info("job %s: stopped, it is %s", record.id, state, extra={"end": state})
        return error if now is not None and now.state == "cancelled" else None
