"""Runs the job of a Celery message, so that each job ends exactly once.

A message is only a hint that a job may be run. The executor claims the job in the ledger and has it read and
committed while its lease is renewed. No run waits for another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never

from celery import Task
from celery.exceptions import Ignore
from kombu.utils.json import dumps as kombu_dumps

from ocrq.contracts import Operation
from ocrq.errors import JobCancelled, OcrqError, WorkerLost, from_json
from tasks.catalogue import Pool
from tasks.execution.failures import FailureHandler
from tasks.execution.job_reader import JobReader
from tasks.execution.lease_renewer import LeaseRenewer
from tasks.jobs.admission import Admission
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import JobRecord
from tasks.jobs.store import Dispatcher
from tasks.monitoring.logs import JOB_ID, REQUEST_ID
from tasks.monitoring.tracing import past_span, span


@dataclass(frozen=True)
class ClaimedRuns:
    """What a process that reads runs claimed jobs with.

    Attributes:
        pool: Whose jobs this process reads; None for all.
        lease_renewer: Renews their leases.
        reader: Reads and commits.
        failures: Decides what becomes of a job that could not be read.
    """

    pool: Pool | None
    lease_renewer: LeaseRenewer
    reader: JobReader
    failures: FailureHandler

    def run(
        self, record: JobRecord, token: str, earlier: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | OcrqError | None:
        """Run a claimed job; ``earlier`` is the claim's. Returns its result or its error, if this run ended it."""
        with self.lease_renewer.holding(record.id, token) as lease:
            try:
                return self.reader.read(record, lease, earlier)
            except Exception as error:
                return self.failures.handle(record, lease, error)


@dataclass(frozen=True)
class JobExecutor:
    """See the module.

    Attributes:
        worker: This process's name.
        ledger: Knows the jobs.
        admission: Takes in calls that the ledger does not know.
        dispatcher: Publishes jobs to the queues where they are read.
        runs: None in a process that only passes messages on (the control worker).
    """

    worker: str
    ledger: Ledger
    admission: Admission
    dispatcher: Dispatcher
    runs: ClaimedRuns | None

    def run(self, task: Task[Any, Any], operation: Operation | None, request: object) -> dict[str, Any] | None:
        """Run a task's message.

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
        if self.runs is None:
            return self._pass_on(task, operation, request, self.ledger.record(job_id) is not None)
        claim = self.ledger.claim(job_id, self.worker, self.runs.pool)
        if claim.verdict in {"unknown", "elsewhere"}:
            return self._pass_on(task, operation, request, claim.verdict == "elsewhere")
        if claim.record is None:
            return self._answer(task, claim.verdict, claim.orphaned_parent)
        outcome = self._run_claimed(self.runs, claim.record, claim.token, claim.earlier)
        if claim.record.message is None:
            # Nobody waits in Celery for a message that the ledger published, and for an exception Celery formats
            # a traceback, logs it, and sends it to the parent: more CPU time than all else of a short job.
            return None
        if isinstance(outcome, OcrqError):
            raise outcome
        if outcome is None:
            raise Ignore()
        return outcome

    def _run_claimed(
        self, runs: ClaimedRuns, record: JobRecord, token: str, earlier: Mapping[str, Any] | None
    ) -> dict[str, Any] | OcrqError | None:
        JOB_ID.set(record.id)
        REQUEST_ID.set(record.request_id)
        try:
            past_span("queue wait", record.trace, record.created, time.time())
            with span("unit" if record.parent else "job", record.trace, job_id=record.id, phase=record.phase):
                return runs.run(record, token, earlier)
        finally:
            JOB_ID.set(None)
            REQUEST_ID.set(None)

    def _pass_on(self, task: Task[Any, Any], operation: Operation | None, request: object, known: bool) -> Never:
        """Send a job to the queue where it is read; a call that the ledger does not know is taken in first."""
        if known:
            self.dispatcher.publish(str(task.request.id))
        elif operation is not None and (request is not None or not self.ledger.existed(str(task.request.id))):
            message = kombu_dumps(task.signature_from_request(args=(), kwargs={}))
            self.admission.adopt(str(task.request.id), operation, request, message)
        raise Ignore()  # else a late copy of a message whose job has expired

    def _answer(self, task: Task[Any, Any], verdict: str, orphaned_parent: str | None) -> dict[str, Any] | None:
        """What a message gets whose job this run may not have."""
        job_id = str(task.request.id)
        if orphaned_parent:
            self.dispatcher.publish(orphaned_parent)
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
