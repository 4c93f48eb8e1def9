"""What the parent of a worker reports to the ledger when a child dies, overruns, or is stopped in the middle of a job.

The parent knows at once what the sweeper would find out when the lease ends. It keeps no thread and opens its
connection only when it has something to report.
"""

from __future__ import annotations

import logging
import socket
from functools import cache
from typing import Any

import redis
from billiard.exceptions import WorkerLostError
from celery.worker import state
from celery.worker.request import Request
from kombu.exceptions import OperationalError

from ocrq.errors import OcrqError, TimeLimitExceeded
from tasks.celery_app import make_celery
from tasks.connection import WORKER_TIMEOUT, connect
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.settings import Settings

log = logging.getLogger(__name__)


class LedgerRequest(Request):
    """A Celery request whose forced end is reported to the ledger."""

    _context: Any  # what Celery's stubs leave out

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """The child was killed for taking too long."""
        if soft:
            super().on_timeout(soft, timeout)
            return
        error = TimeLimitExceeded(f"the read was stopped after {timeout:.0f} s; send fewer pages at a time")
        _abandon(self, error)
        state.task_ready(self)
        self.task.backend.mark_as_failure(self.id, error, request=self._context, store_result=self.store_errors)
        self.acknowledge()

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """The task raised, or its child died."""
        raised = exc_info.exception
        if isinstance(getattr(raised, "exc", raised), WorkerLostError):
            _abandon(self, None)
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        """Revoked, or expired before it started: the job ends, too, or the sweeper would publish it for ever."""
        try:
            _ledger().cancel(self.id, only_new=not terminated)
        except redis.RedisError as error:
            log.warning("job %s could not be cancelled: %s", self.id, error)
        super()._announce_revoked(reason, terminated, signum, expired)  # type: ignore[misc]

    def cancel(self, pool: Any, signal: Any = None, emit_retry: bool = True) -> None:
        """The worker stops before the task ended: the job is queued again, and no attempt is lost."""
        try:
            job_id = _ledger().run_by(self.id)
            if _ledger().requeue(job_id, _name(self)):
                log.info("job %s is queued again", job_id)
        except redis.RedisError as error:
            log.warning("job %s could not be queued again, its lease will end: %s", self.id, error)
        super().cancel(pool, signal=signal, emit_retry=emit_retry)


def _abandon(request: Request, error: OcrqError | None) -> None:
    try:
        parent = _ledger().abandon(_ledger().run_by(request.id), _name(request), error)
        if parent:
            settings = Settings()
            Publisher(make_celery(settings, socket_timeout=WORKER_TIMEOUT), _ledger()).publish(parent)
    except (redis.RedisError, OperationalError) as failure:
        log.warning("the end of job %s's process could not be reported, its lease will end: %s", request.id, failure)


def _name(request: Request) -> str:
    return f"{socket.gethostname()}:{request.worker_pid}"


@cache
def _ledger() -> Ledger:
    settings = Settings()
    return Ledger(connect(settings, WORKER_TIMEOUT), settings)
