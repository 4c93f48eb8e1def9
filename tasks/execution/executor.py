"""Runs the job of a Celery message, so that each job ends exactly once.

A message is only a hint that a job may be run. The executor claims the job in the ledger, reads the unit or document
of its phase, commits, and publishes the jobs that became ready. No run waits for another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Never

import redis
from celery import Task
from celery.exceptions import Ignore
from kombu.utils.json import dumps as kombu_dumps

from ocrq.contracts import Operation, Page, PageError
from ocrq.errors import DiskFull, InvalidRequest, JobCancelled, OcrqError, WorkerLost, WorkerSpent, from_json
from tasks.catalogue import Pool
from tasks.documents.blobs import BlobStore
from tasks.execution.lease_renewer import Lease, LeaseRenewer
from tasks.jobs.admission import Admission
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.record import JobRecord
from tasks.runner import ReadContext, Runner, UnitReading, can_be_cached
from tasks.settings import Settings
from tasks.stopping import stops_reported
from tasks.unexpected import unexpected

DISK_SECONDS = 3.0  # that a worker whose disk is full waits before it hands its job back

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobExecutor:
    """See the module.

    Attributes:
        admission: Takes in calls that the ledger does not know.
        runner: Reads; None in a process that only passes messages on (the control worker).
        pool: Whose jobs this process reads; None likewise.
        leave: Ends this process, for another to take its place; returns where it serves other jobs still.
    """

    settings: Settings
    admission: Admission
    ledger: Ledger
    blobs: BlobStore
    publisher: Publisher
    lease_renewer: LeaseRenewer | None
    runner: Runner | None
    pool: Pool | None
    worker: str
    leave: Callable[[], None]

    def run(self, task: Task[Any, Any], operation: Operation | None, request: object) -> dict[str, Any] | None:
        """Run the message at hand.

        Args:
            task: The bound task, its ``request`` that of the message.
            operation: What the task's name says; None for a unit, whose record says it.
            request: The caller's request, for a job that the ledger does not know yet.

        Returns:
            The result, if the caller waits for it in Celery's result backend.

        Raises:
            Ignore: This run gives no result: another run does, or the ledger has it.
            OcrqError: The job failed, and the caller waits in Celery's result backend.
        """
        job_id = str(task.request.id)
        if self.runner is None:
            known = self.ledger.record(job_id) is not None
            return self._pass_on(task, operation, request, known)
        claim = self.ledger.claim(job_id, self.worker, self.pool)
        if claim.verdict in {"unknown", "elsewhere"}:
            return self._pass_on(task, operation, request, claim.verdict == "elsewhere")
        if claim.record:
            try:
                return self._run(claim.record, claim.token, claim.earlier)
            except Ignore:
                if claim.record.message is not None:
                    raise
                # Nobody waits in Celery for a message that the ledger published, and for an exception Celery formats
                # a traceback, logs it, and sends it to the parent: more CPU time than all else of a short job.
                return None
        return self._answer(task, claim.verdict, claim.orphaned_parent)

    def _pass_on(self, task: Task[Any, Any], operation: Operation | None, request: object, known: bool) -> Never:
        """Send a job to the queue where it is read; a call that the ledger does not know is taken in first."""
        if known:
            self.publisher.publish(str(task.request.id))
        elif operation is not None and (request is not None or not self.ledger.was(str(task.request.id))):
            message = kombu_dumps(task.signature_from_request(args=(), kwargs={}))
            self.admission.adopt(str(task.request.id), operation, request, message)
        raise Ignore()  # else a late copy of a message whose job has expired

    def _answer(self, task: Task[Any, Any], verdict: str, orphaned_parent: str | None) -> dict[str, Any] | None:
        """What a message gets whose job this run may not have."""
        job_id = str(task.request.id)
        if orphaned_parent:
            self.publisher.publish(orphaned_parent)
        record = self.ledger.record(job_id)
        if record is None or record.message is None or verdict in {"held", "waiting"}:
            raise Ignore()
        if task.AsyncResult(job_id).ready() and not task.request.chord:
            raise Ignore()  # a late copy of the message: the caller has its answer, and what follows has been started
        if verdict == "succeeded":
            return record.marked(self.ledger.result(job_id))
        if verdict == "cancelled":
            raise JobCancelled("the job was cancelled")
        raise from_json(dict(record.error)) if record.error else WorkerLost("the worker died on this document")

    def _run(self, record: JobRecord, token: str, earlier: dict[str, Any] | None) -> dict[str, Any] | None:
        assert self.lease_renewer is not None
        with self.lease_renewer.holding(record.id, token) as hold:
            try:
                if record.phase == "unit":
                    stops_reported()(self._read_unit)(record, hold)
                return stops_reported()(self._read_document)(record, hold, earlier)
            except Ignore:
                raise
            except JobCancelled as error:
                self._stopped(record, hold, error)
            except WorkerSpent as error:
                self._spent(record, hold, error)
            except redis.RedisError as error:
                # The lease runs out, and the sweeper gives the job to another; a direct caller is told no failure.
                log.warning("job %s could not be ended, its lease will run out: %s", record.id, error)
                raise Ignore() from error
            except Exception as error:
                known = error if isinstance(error, OcrqError) else unexpected(log, error, f"reading job {record.id}")
                if isinstance(known, DiskFull) and time.time() - record.created < self.settings.job_seconds:
                    self._wait_for_room(record, known)
                self._failed(record, hold, known)

    def _context(self, record: JobRecord, hold: Lease) -> ReadContext:
        def progress(done: int, total: int) -> None:
            with suppress(redis.RedisError):  # progress only; the lease renewer finds out whether the lease holds
                if record.parent is None and not self.ledger.progress(record.id, hold.token, done, total):
                    hold.lost.set()

        return ReadContext(
            options=record.request.decoding_options.model_dump(exclude_none=True),
            cancelled=hold.lost.is_set,
            progress=progress,
            deadline=time.monotonic() + self.settings.job_seconds,
        )

    def _read_document(self, record: JobRecord, hold: Lease, earlier: dict[str, Any] | None) -> dict[str, Any] | None:
        assert self.runner is not None
        began = time.monotonic()
        request = record.request
        document = self.blobs.get(record.blob)
        context = self._context(record, hold)
        if earlier:
            readings = [UnitReading.from_result(earlier)]
            context.progress(len(earlier["pages"]), len(earlier["pages"]))
        elif record.phase == "assemble":
            readings = [_restored(data) for data in self.ledger.readings(record.id)]
        else:
            plan = self.runner.plan(record.operation, request, document)
            if len(plan.slices) > 1:
                self._fan_out(record, hold, plan.slices, len(plan.pages))
            if len(plan.pages) > 1:
                context.progress(0, len(plan.pages))
            readings = [_noted(record, self.runner.read(record.operation, request, document, plan.pages, context))]
            context.check()
        seconds = time.time() - record.started if record.started else time.monotonic() - began
        result = self.runner.assemble(record.operation, request, document, readings, max(0.0, seconds), context)
        cache_seconds = self.settings.cache_seconds if can_be_cached(readings) else 0
        if not self.ledger.commit(record.id, hold.token, result, cache_seconds):
            raise Ignore()
        return self._for_celery(record, record.marked(result) or result)

    def _fan_out(self, record: JobRecord, hold: Lease, slices: Sequence[Sequence[int]], total: int) -> Never:
        for unit in self.ledger.fan_out(record.id, hold.token, slices, total):
            self.publisher.publish(unit)
        raise Ignore()

    def _read_unit(self, record: JobRecord, hold: Lease) -> Never:
        assert self.runner is not None
        document = self.blobs.get(record.blob)
        context = self._context(record, hold)
        reading = self.runner.read(record.operation, record.request, document, record.pages, context)
        context.check()
        self._commit_unit(record, hold, _noted(record, reading))

    def _commit_unit(self, record: JobRecord, hold: Lease, reading: UnitReading) -> Never:
        parent = self.ledger.commit_unit(record.id, hold.token, reading)
        if parent:
            self.publisher.publish(parent)
        raise Ignore()

    def _failed(self, record: JobRecord, hold: Lease, error: OcrqError) -> Never:
        """A document fails with its error; a unit's pages carry it, and the document goes on."""
        log.info("job %s failed: %s: %s", record.id, error.code, error.detail)
        if record.phase == "unit":
            self._commit_unit(record, hold, _unread(record.pages, error.code, error.detail))
        if not self.ledger.fail(record.id, hold.token, error.to_json()) or record.message is None:
            raise Ignore()
        raise error

    def _spent(self, record: JobRecord, hold: Lease, error: WorkerSpent) -> Never:
        """This process can read it no more: another one tries, as often as a job may lose its process."""
        log.warning("job %s: %s", record.id, error.detail)
        if record.lost + 1 < self.settings.max_attempts:
            note = f"attempt {record.lost + 1} ended early, and another process took over: {error.detail}"
            self.ledger.abandon(record.id, self.worker, note=note)
            self.leave()
            raise Ignore()
        try:
            self._failed(record, hold, error)
        finally:
            self.leave()

    def _wait_for_room(self, record: JobRecord, error: DiskFull) -> Never:
        """A full disk is no fault of the document: it is queued again, and loses no attempt."""
        log.warning("job %s is queued again in %g s: %s", record.id, DISK_SECONDS, error.detail)
        time.sleep(DISK_SECONDS)
        with suppress(redis.RedisError):  # the lease runs out, then
            self.ledger.requeue(record.id, self.worker)
        raise Ignore()

    def _stopped(self, record: JobRecord, hold: Lease, error: JobCancelled) -> Never:
        """The lease was lost: cancelled, or taken over after this process was silent too long."""
        now = self.ledger.record(record.id)
        log.info("job %s: stopped, it is %s", record.id, now.state if now else "gone")
        if record.message is not None and now is not None and now.state == "cancelled":
            raise error
        raise Ignore()

    @staticmethod
    def _for_celery(record: JobRecord, result: dict[str, Any]) -> dict[str, Any] | None:
        if record.message is None:
            raise Ignore()  # the API's jobs are read from the ledger
        return result


def _restored(data: dict[str, Any]) -> UnitReading:
    if "pages_failed" in data:
        return _unread(data["pages_failed"], data["error"]["code"], data["error"]["detail"])
    return UnitReading.from_json(data)


def _noted(record: JobRecord, reading: UnitReading) -> UnitReading:
    """What was read, with what an earlier process had to say of it."""
    return replace(reading, warnings=(*reading.warnings, record.note)) if record.note else reading


def _unread(pages: Sequence[int], code: str, detail: str) -> UnitReading:
    fault = PageError(code=code, detail=detail)
    return UnitReading(
        pages=tuple(Page(page=number, width=0, height=0, error=fault) for number in pages),
        served_by="",
    )


_installed: JobExecutor | None = None


def install_executor(executor: JobExecutor | None) -> None:
    """Install the executor of this process; None removes it (tests)."""
    global _installed
    _installed = executor


def installed_executor() -> JobExecutor:
    """The executor of this process.

    Raises:
        InvalidRequest: None is installed: a worker was started with another app than ``worker.main``.
    """
    if _installed is None:
        raise InvalidRequest("this worker was not started from worker.main; start it with `python -m worker`")
    return _installed
