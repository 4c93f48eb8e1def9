"""One run of a claimed job: the document, or some of its pages, is read, and what was read is committed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import redis

from tasks.documents.blobs import BlobStore
from tasks.documents.submission import Submission
from tasks.execution.lease_renewer import Lease
from tasks.execution.units import commit_unit, fan_out, restored
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import JobRecord
from tasks.jobs.store import Dispatcher
from tasks.monitoring.job_ends import counted, log_end
from tasks.runner import ReadContext, Runner, Session, UnitReading, can_be_cached
from tasks.settings import Settings
from tasks.stopping import stops_reported


@dataclass(frozen=True)
class JobReader:
    """See the module.

    Attributes:
        settings: ``job_seconds`` and ``cache_seconds``.
        ledger: Where runs are committed.
        blobs: Where the documents are.
        dispatcher: Publishes what becomes ready.
        runner: Reads.
    """

    settings: Settings
    ledger: Ledger
    blobs: BlobStore
    dispatcher: Dispatcher
    runner: Runner

    @stops_reported()
    def read(self, record: JobRecord, lease: Lease, earlier: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Do what the job's phase asks for. Returns the document's result, if this run committed it.

        Args:
            record: The job.
            lease: Held on it.
            earlier: The result of a request that was equal but for the output formats; its pages are used.

        Raises:
            OcrqError: Nothing was committed.
        """
        submission = Submission(record.operation, record.request, self.blobs.get(record.blob), owner=record.owner)
        context = self._context(record, lease, submission)
        with self.runner.open(submission) as session:
            if record.phase == "unit":
                reading = _noted(record, counted(session.read(record.pages, context)))
                context.check()
                commit_unit(self.ledger, self.dispatcher, record, lease, reading)
                return None
            return self._read_document(record, lease, session, context, earlier)

    def _read_document(
        self,
        record: JobRecord,
        lease: Lease,
        session: Session,
        context: ReadContext,
        earlier: Mapping[str, Any] | None,
    ) -> dict[str, Any] | None:
        began = time.monotonic()
        if earlier:
            readings = [UnitReading.from_result(earlier)]
            context.progress(len(earlier["pages"]), len(earlier["pages"]))
        elif record.phase == "assemble":
            readings = [restored(data) for data in self.ledger.readings(record.id)]
        else:
            plan = session.plan()
            if len(plan.slices) > 1:
                fan_out(self.ledger, self.dispatcher, lease, plan.slices, len(plan.pages))
                return None
            if len(plan.pages) > 1:
                context.progress(0, len(plan.pages))
            readings = [_noted(record, counted(session.read(plan.pages, context)))]
            context.check()
        seconds = time.time() - record.started if record.started else time.monotonic() - began
        result = session.assemble(readings, max(0.0, seconds), context)
        cache_seconds = self.settings.cache_seconds if can_be_cached(readings) else 0
        pages = sum(len(reading.pages) for reading in readings)
        if not self.ledger.commit(record.id, lease.token, result, cache_seconds, pages):
            return None
        log_end(record.id, pages, seconds, readings, cached=earlier is not None)
        return record.marked(result)

    def _context(self, record: JobRecord, lease: Lease, submission: Submission) -> ReadContext:
        def progress(done: int, total: int) -> None:
            if total == 1:  # the commit, which is next, counts the page
                return
            with suppress(redis.RedisError):  # for show alone; whether the lease holds, its renewer finds out
                if record.parent is None and not self.ledger.progress(record.id, lease.token, done, total):
                    lease.lost.set()

        return ReadContext(
            options=submission.decoding_options,
            cancelled=lease.lost.is_set,
            progress=progress,
            deadline=time.monotonic() + self.settings.job_seconds,
        )


def _noted(record: JobRecord, reading: UnitReading) -> UnitReading:
    """What was read, with what an earlier process left as a note."""
    return replace(reading, warnings=(*reading.warnings, record.note)) if record.note else reading
