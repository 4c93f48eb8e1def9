"""One life of a job, whatever keeps it: submit, follow, wait, cancel, retry, batches, events.

HTTP, the process without a queue and RunPod's handler use this class; Redis and memory are two stores under it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache

from ocrq.contracts import ENDED, Batch, DeadDelivery, Health, Job, JobList, JobStatus, ModelList
from ocrq.errors import JobConflict, JobExpired, JobNotFound, NotFound
from tasks.connection import broker_errors
from tasks.documents.submission import Submission
from tasks.jobs.admission import Admission
from tasks.jobs.batches import batch_of
from tasks.jobs.record import JobRecord
from tasks.jobs.store import BatchRecord, BatchStore, JobEvent, JobStore, Notifications, Workers
from tasks.monitoring.metrics import Measured
from tasks.webhooks.outbox import Delivery, Outbox

POLL_SECONDS = 5.0  # how often a wait reads the job itself, should a notification be lost
READS_AT_ONCE = 16  # by all who follow a job: one page's event wakes hundreds, and Redis answers them one by one anyway
EVENTS_AT_ONCE = 50  # of one read: each may hold the pages of a unit
_EVENT_ID = re.compile(r"\d{1,19}(-\d{1,19})?")  # 7 in memory, 1732400000000-0 in Redis


class JobService:
    """Runs jobs. Every method answers or raises within seconds, except the waits, which say how long they may take.

    ``owner`` is the API key's name; None sees everything. All methods raise ``BrokerUnavailable`` where the store
    does not answer.

    Args:
        admission: Accepts jobs.
        store: Keeps them.
        batches: Keeps ids of several.
        notifications: Wakes those who wait.
        workers: Those who read.
        outbox: Of webhooks; None where none are sent.
    """

    def __init__(
        self,
        admission: Admission,
        store: JobStore,
        batches: BatchStore,
        notifications: Notifications,
        workers: Workers,
        outbox: Outbox | None = None,
    ) -> None:
        self._admission = admission
        self._store = store
        self._batches = batches
        self._notifications = notifications
        self._workers = workers
        self._outbox = outbox
        self._reads = threading.BoundedSemaphore(READS_AT_ONCE)

    def submit(self, submission: Submission) -> Job:
        """Accept a job: from here on it ends in exactly one result or one reported failure.

        Raises:
            ModelNotAllowed: The model is not on the list.
            JobConflict: The idempotency key was used for another request; ``job_id`` is the first one's job.
            QueueFull: As many jobs wait as may; ``retry_after`` says when to ask again.
            NoWorker: No worker lives that could read it.
        """
        with broker_errors():
            return self._job(self._record(self._admission.submit(submission), submission.owner))

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> Batch:
        """Accept a batch: an item that is an error already is a failed job of its own. All of it is ``owner``'s.

        Raises:
            QueueFull: The batch does not fit; nothing of it was accepted.
            JobConflict: As :meth:`submit`; the first item's key is the batch's.
        """
        with broker_errors():
            return self._batch(self._allowed_batch(self._admission.submit_batch(items, owner), owner))

    def result_bytes(self, job_id: str) -> int:
        """The length of a job's packed result, which :meth:`get` unpacks; 0 where it has none."""
        with broker_errors():
            return self._store.result_bytes(job_id)

    def get(self, job_id: str, owner: str | None = None, *, results: bool = True) -> Job | Batch:
        """The job with its result if ``results``, or the batch with what each of its jobs is, as they are now.

        Raises:
            JobNotFound: No such id, or it belongs to another owner.
            JobExpired: It ended, and its time to live is over.
        """
        with broker_errors():
            record = self._store.record(job_id)
            if record is None and self._batches.find(job_id):
                return self._batch(self._allowed_batch(job_id, owner))
            return self._job(self._allowed(record, job_id, owner), results)

    def wait(self, job_id: str, seconds: float, owner: str | None = None, *, results: bool = True) -> Job | Batch:
        """As :meth:`get`, held until the job ends or the seconds pass; without ``results`` there is none.

        Raises:
            TooManyWaiting: As many callers wait in this process as it can hold.
        """
        ends = time.monotonic() + seconds
        job = self.get(job_id, owner, results=results)
        if job.status in ENDED or seconds <= 0:
            return job
        waited_for = [item.id for item in job.jobs] if isinstance(job, Batch) else [job_id]
        with self._notifications.subscribed(waited_for, ends_only=True) as changed:
            while True:
                changed.clear()
                job = self.get(job_id, owner, results=results)
                left = ends - time.monotonic()
                if job.status in ENDED or left <= 0:
                    return job
                changed.wait(min(left, POLL_SECONDS))

    def cancel(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """Cancel: queued work never starts, running work stops at its next step. An ended job stays as it is."""
        with broker_errors():
            if self._batches.find(job_id):
                batch = self._allowed_batch(job_id, owner)  # raises for another's before anything is cancelled
                for item in batch.jobs:
                    self._store.cancel(item)
                return self._batch(batch)
            self._record(job_id, owner)
            self._store.cancel(job_id)
            return self._job(self._record(job_id, owner))

    def retry(self, job_id: str, owner: str | None = None) -> Job:
        """Try a failed job again.

        Raises:
            JobConflict: It has not failed, or its document is gone.
        """
        with broker_errors():
            record = self._record(job_id, owner)
            if not self._store.retry(job_id):
                raise JobConflict(
                    f"the job is {record.status}; only a failed job whose document is still stored can be retried"
                )
            self._admission.publish(job_id)
            return self._job(self._record(job_id, owner))

    def newest(
        self, owner: str | None = None, status: JobStatus | None = None, limit: int = 50, cursor: str = ""
    ) -> JobList:
        """The owner's jobs, newest first; with a status only those, and then perhaps fewer with more to come."""
        with broker_errors():
            page = self._store.newest(owner, status, limit, cursor)
            jobs = [record.as_far_as(self._leader(record)).to_summary() for record in page.records]
        return JobList(jobs=jobs, next_cursor=page.before)

    def dead(self, owner: str | None = None) -> list[Job]:
        """Jobs whose workers died on them, the latest first, as long as they are kept."""
        with broker_errors():
            records = map(self._store.record, self._store.dead())
            return [self._job(record) for record in records if record and owner in (None, record.owner)]

    def dead_deliveries(self, owner: str | None = None) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first, as long as they are kept."""
        with broker_errors():
            dead = self._outbox.dead() if self._outbox else []
            return [delivery.given_up() for delivery in dead if self._sees(delivery, owner)]

    def retry_delivery(self, delivery_id: str, owner: str | None = None) -> None:
        """Send a delivery that was given up again, with all its tries.

        Raises:
            NotFound: No such delivery was given up, or it belongs to another owner's job.
        """
        with broker_errors():
            dead = self._outbox.dead() if self._outbox else []
            known = {delivery.id for delivery in dead if self._sees(delivery, owner)}
            if self._outbox is None or delivery_id not in known or not self._outbox.retry(delivery_id):
                raise NotFound("no failed delivery has this id; GET /webhooks?state=dead lists those that were")

    def _sees(self, delivery: Delivery, owner: str | None) -> bool:
        record = self._store.record(delivery.job_id) if owner is not None else None
        return owner is None or (record is not None and record.owner == owner)

    def events(self, job_id: str, after: str | None = None, owner: str | None = None) -> Iterator[JobEvent | None]:
        """The job's events from ``after`` on until it ends; None now and then, so that a dead client is noticed."""
        with broker_errors():
            batch = self._batches.find(job_id) is not None
            if batch:
                self._allowed_batch(job_id, owner)
            else:
                self._record(job_id, owner)
        return self._batch_events(job_id, after, owner) if batch else self._job_events(job_id, after, owner)

    def _job_events(self, job_id: str, after: str | None, owner: str | None) -> Iterator[JobEvent | None]:
        last = after if after and _EVENT_ID.fullmatch(after) else "0"
        with self._notifications.subscribed([job_id]) as changed:
            while True:
                changed.clear()
                with self._reads, broker_errors():
                    ended = self._record(job_id, owner).status in ENDED
                    rows = self._store.events(job_id, last, EVENTS_AT_ONCE)
                    events = self._shown(job_id, rows)
                last = rows[-1][0] if rows else last
                yield from events
                if len(rows) == EVENTS_AT_ONCE:
                    continue
                if ended:
                    return
                if not changed.wait(POLL_SECONDS):
                    yield None

    def _batch_events(self, batch_id: str, after: str | None, owner: str | None) -> Iterator[JobEvent | None]:
        """How many of a batch's jobs have ended, whenever one does; the count is the event's id."""
        shown = int(after) if after and after.isdecimal() else -1
        with self._notifications.subscribed(list(self._allowed_batch(batch_id, owner).jobs)) as changed:
            while True:
                changed.clear()
                with self._reads, broker_errors():
                    batch = self._batch(self._allowed_batch(batch_id, owner))
                if batch.progress.done > shown:
                    shown = batch.progress.done
                    yield JobEvent(str(shown), "progress", batch.progress.model_dump())
                if batch.status in ENDED:
                    if shown == batch.progress.done:
                        yield JobEvent(str(shown + 1), "status", {"status": batch.status})
                    return
                if not changed.wait(POLL_SECONDS):
                    yield None

    def _shown(self, job_id: str, rows: Sequence[tuple[str, str, str]]) -> list[JobEvent]:
        assembled = cache(lambda: (self._store.result(job_id) or {}).get("pages", []))
        events = []
        for event_id, name, data in rows:
            if name != "unit":
                events.append(JobEvent(event_id, name, json.loads(data)))
                continue
            unit = json.loads(data)
            reading = self._store.reading(job_id, unit["index"])
            # A unit's pages as it read them or, once they are assembled, as the result has them.
            pages = assembled() if reading is None else reading.get("pages", [])
            events += [JobEvent(event_id, "page", page) for page in pages if page["page"] in unit["pages"]]
        return events

    def health(self) -> Health:
        """Of those who read; never raises: a dead broker is ``unhealthy`` with the reason."""
        return self._workers.health()

    def ready(self) -> bool:
        """Whether a worker can read."""
        return self._workers.ready()

    def models(self) -> ModelList:
        """The operator's list."""
        with broker_errors():
            return self._workers.models()

    def measured(self) -> Measured:
        """The metrics at this moment; never raises."""
        return self._workers.measured()

    def flush_counters(self) -> None:
        """Hand on what this process counted; never raises."""
        self._workers.flush_counters()

    def _record(self, job_id: str, owner: str | None) -> JobRecord:
        return self._allowed(self._store.record(job_id), job_id, owner)

    def _allowed(self, record: JobRecord | None, job_id: str, owner: str | None) -> JobRecord:
        if record and record.parent is None and (owner is None or record.owner == owner):
            return record
        if record is None and self._store.existed(job_id):
            raise JobExpired("the job ended and its result has expired; submit the document again")
        raise JobNotFound("no job has this id; see the Location of the answer to POST /jobs")

    def _allowed_batch(self, batch_id: str, owner: str | None) -> BatchRecord:
        batch = self._batches.find(batch_id)
        if batch is None or (owner is not None and batch.owner != owner):
            raise JobNotFound("no job has this id; see the Location of the answer to POST /jobs")
        return batch

    def _job(self, record: JobRecord, results: bool = True) -> Job:
        result = self._store.result(record.id) if results and record.state == "succeeded" else None
        return record.as_far_as(self._leader(record)).to_job(record.marked(result))

    def _leader(self, record: JobRecord) -> JobRecord | None:
        return self._store.record(record.follows) if record.follows and record.state == "queued" else None

    def _batch(self, batch: BatchRecord) -> Batch:
        """A thousand results do not fit into memory or a reply: each is at its job's own id."""
        jobs = [self._job(record, results=False) for record in self._store.outlines(batch.jobs) if record]
        if not jobs:
            raise JobExpired("the batch's jobs ended and their results have expired; submit the documents again")
        return batch_of(batch, jobs)
