"""The Backend over Redis and Celery: what the API uses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache

import redis

from ocrq.contracts import ENDED, Batch, DeadDelivery, Health, Job, ModelList
from ocrq.errors import JobConflict, JobExpired, JobNotFound, NotFound
from tasks.catalogue import Catalogue, Pool
from tasks.celery_app import make_celery
from tasks.connection import API_TIMEOUT, broker_errors, connect
from tasks.documents.blobs import blob_store
from tasks.jobs.admission import Admission
from tasks.jobs.backend import JobEvent, Submission
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.notifications import JobNotifications
from tasks.jobs.publish import Publisher
from tasks.jobs.record import JobRecord
from tasks.monitoring.health import broker_gone, health_of
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats, live_pools
from tasks.monitoring.models import model_list
from tasks.settings import Settings
from tasks.webhooks.outbox import Delivery, Outbox

LOOK_AGAIN_SECONDS = 5.0  # a wait looks by itself so often, should the news be lost
LOOKS_AT_ONCE = 16  # of all who follow a job: one page's news wakes hundreds, and Redis answers them in turn anyway
EVENTS_AT_ONCE = 50  # that a look takes: each may hold the pages of a unit
BEATS_FRESH_SECONDS = 0.5  # heartbeats come every two seconds; reading them more often tells nothing new


class QueueBackend:
    """See :class:`tasks.jobs.backend.Backend`."""

    def __init__(self, settings: Settings) -> None:
        client = connect(settings, API_TIMEOUT)
        self._settings = settings
        self._catalogue = Catalogue.from_settings(settings)
        self._ledger = Ledger(client, settings)
        self._batches = Batches(client, settings.job_ttl)
        # Health has connections of its own: it never stands behind a crowd that opens hundreds at once.
        pulse = connect(settings, API_TIMEOUT)
        self._heartbeats = Heartbeats(pulse)
        self._pulse = Ledger(pulse, settings)
        self._outbox = Outbox(client, settings.job_ttl)
        self._admission = Admission(
            settings,
            self._catalogue,
            self._ledger,
            self._batches,
            blob_store(settings, client),
            Publisher(make_celery(settings, socket_timeout=API_TIMEOUT), self._ledger),
            self._live_beats,
        )
        self._news = JobNotifications(lambda: connect(settings, API_TIMEOUT), settings.max_waiting)
        self._looks = threading.BoundedSemaphore(LOOKS_AT_ONCE)
        self._beats: tuple[float, list[Heartbeat]] = (0.0, [])

    def submit(self, submission: Submission) -> Job:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            job_id = self._admission.submit(submission)
            return self._job(self._record(job_id, submission.owner))

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            return self._batch(self._admission.submit_batch(items, owner), owner)

    def get(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            record = self._ledger.record(job_id)
            if record is None and self._batches.exists(job_id):
                return self._batch(job_id, owner)
            return self._job(self._allowed(record, job_id, owner))

    def wait(self, job_id: str, seconds: float, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        ends = time.monotonic() + seconds
        job = self.get(job_id, owner)
        if job.status in ENDED or seconds <= 0:
            return job
        waited_for = [item.id for item in job.jobs] if isinstance(job, Batch) else [job_id]
        with self._news.about(waited_for, ends_only=True) as told:
            while True:
                told.clear()
                job = self.get(job_id, owner)
                left = ends - time.monotonic()
                if job.status in ENDED or left <= 0:
                    return job
                told.wait(min(left, LOOK_AGAIN_SECONDS))

    def cancel(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            if self._batches.exists(job_id):
                for item in self._batch(job_id, owner).jobs:  # raises for another's batch before anything is cancelled
                    self._ledger.cancel(item.id)
                return self._batch(job_id, owner)
            self._record(job_id, owner)
            self._ledger.cancel(job_id)
            return self._job(self._record(job_id, owner))

    def retry(self, job_id: str, owner: str | None = None) -> Job:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            record = self._record(job_id, owner)
            if not self._ledger.retry(job_id):
                raise JobConflict(
                    f"the job is {record.status}; only a failed job whose document is kept is tried again"
                )
            self._admission.publish(job_id)
            return self._job(self._record(job_id, owner))

    def dead(self, owner: str | None = None) -> list[Job]:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            records = map(self._ledger.record, self._ledger.dead())
            return [self._job(record) for record in records if record and owner in (None, record.owner)]

    def dead_deliveries(self, owner: str | None = None) -> list[DeadDelivery]:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            return [delivery.given_up() for delivery in self._outbox.dead() if self._sees(delivery, owner)]

    def retry_delivery(self, delivery_id: str, owner: str | None = None) -> None:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            known = {delivery.id for delivery in self._outbox.dead() if self._sees(delivery, owner)}
            if delivery_id not in known or not self._outbox.retry(delivery_id):
                raise NotFound("no delivery of this id was given up; GET /webhooks?state=dead lists those that were")

    def _sees(self, delivery: Delivery, owner: str | None) -> bool:
        record = self._ledger.record(delivery.job_id) if owner is not None else None
        return owner is None or (record is not None and record.owner == owner)

    def events(self, job_id: str, after: str | None = None, owner: str | None = None) -> Iterator[JobEvent | None]:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            batch = self._batches.exists(job_id)
            if not batch:
                self._record(job_id, owner)
        if batch:
            yield from self._batch_events(job_id, after, owner)
            return
        last = after or "0"
        with self._news.about([job_id]) as told:
            while True:
                told.clear()
                with self._looks, broker_errors():
                    ended = self._record(job_id, owner).status in ENDED
                    rows = self._ledger.events(job_id, last, EVENTS_AT_ONCE)
                    news = self._told(job_id, rows)
                last = rows[-1][0] if rows else last
                yield from news
                if len(rows) == EVENTS_AT_ONCE:
                    continue
                if ended:
                    return
                if not told.wait(LOOK_AGAIN_SECONDS):
                    yield None

    def _batch_events(self, batch_id: str, after: str | None, owner: str | None) -> Iterator[JobEvent | None]:
        """A batch tells how many of its jobs have ended; the count is the event's id."""
        told_of = int(after) if after and after.isdecimal() else -1
        with self._news.about(self._batches.items(batch_id)) as told:
            while True:
                told.clear()
                with self._looks:
                    batch = self.get(batch_id, owner)
                if batch.progress.done > told_of:
                    told_of = batch.progress.done
                    yield JobEvent(str(told_of), "progress", batch.progress.model_dump())
                if batch.status in ENDED:
                    yield JobEvent(str(told_of + 1), "status", {"status": batch.status})
                    return
                if not told.wait(LOOK_AGAIN_SECONDS):
                    yield None

    def _told(self, job_id: str, rows: Sequence[tuple[str, str, str]]) -> list[JobEvent]:
        put_together = cache(lambda: (self._ledger.result(job_id) or {}).get("pages", []))
        events = []
        for event_id, name, data in rows:
            if name != "unit":
                events.append(JobEvent(event_id, name, json.loads(data)))
                continue
            unit = json.loads(data)
            reading = self._ledger.reading(job_id, unit["index"])
            # A unit's pages as it read them or, once they are put together, as the result has them.
            pages = put_together() if reading is None else reading.get("pages", [])
            events += [JobEvent(event_id, "page", page) for page in pages if page["page"] in unit["pages"]]
        return events

    def health(self) -> Health:
        """See :class:`tasks.jobs.backend.Backend`."""
        try:
            return health_of(self._live_beats(), self._pulse.waiting())
        except (redis.RedisError, OSError):
            return broker_gone()

    def ready(self) -> bool:
        """See :class:`tasks.jobs.backend.Backend`."""
        try:
            return self._catalogue.serving(self._catalogue.resolve(None), self._live_pools()).pool in self._live_pools()
        except (redis.RedisError, OSError):
            return False

    def models(self) -> ModelList:
        """See :class:`tasks.jobs.backend.Backend`."""
        with broker_errors():
            return model_list(self._catalogue, self._live_beats())

    def _record(self, job_id: str, owner: str | None) -> JobRecord:
        return self._allowed(self._ledger.record(job_id), job_id, owner)

    def _allowed(self, record: JobRecord | None, job_id: str, owner: str | None) -> JobRecord:
        if record and record.parent is None and (owner is None or record.owner == owner):
            return record
        if record is None and self._ledger.was(job_id):
            raise JobExpired("the job ended and its result has expired; submit the document again")
        raise JobNotFound("no job has this id; see the Location of the answer to POST /jobs")

    def _job(self, record: JobRecord) -> Job:
        leader = self._ledger.record(record.follows) if record.follows and record.state == "queued" else None
        result = self._ledger.result(record.id) if record.state == "succeeded" else None
        return record.as_far_as(leader).to_job(record.marked(result))

    def _batch(self, batch_id: str, owner: str | None) -> Batch:
        items = self._batches.items(batch_id)
        if owner is not None and self._batches.owner(batch_id) != owner:
            raise JobNotFound("no job has this id; see the Location of the answer to POST /jobs")
        jobs = [self._job(record) for record in map(self._ledger.record, items) if record]
        return self._batches.view(batch_id, jobs)

    def _live_beats(self) -> list[Heartbeat]:
        read_at, beats = self._beats
        if not beats or time.monotonic() - read_at > BEATS_FRESH_SECONDS:  # the first is seen at once
            beats = self._heartbeats.live()
            self._beats = (time.monotonic(), beats)
        return beats

    def _live_pools(self) -> frozenset[Pool]:
        return live_pools(self._live_beats())
