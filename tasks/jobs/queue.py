"""The job service over Redis and Celery, as the API uses it, and its workers by their heartbeats."""

from __future__ import annotations

import time
from contextlib import suppress

import redis

from ocrq.contracts import Health, ModelList
from ocrq.redis_faults import redis_fault
from tasks.catalogue import Catalogue, Pool
from tasks.celery_app import make_celery
from tasks.connection import API_TIMEOUT, connect
from tasks.documents.blobs import blob_store
from tasks.jobs.admission import Admission
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.notifications import RedisNotifications
from tasks.jobs.publish import Publisher
from tasks.jobs.service import JobService
from tasks.monitoring.counters import SharedCounters
from tasks.monitoring.health import broker_gone, health_of
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats, live_pools
from tasks.monitoring.metrics import Gauge, Measured, cost_gauges, owner_gauges, queue_gauges, worker_gauges
from tasks.monitoring.models import model_list
from tasks.monitoring.queues import QueueMeasures
from tasks.monitoring.storage import Storage
from tasks.settings import Settings
from tasks.webhooks.outbox import Outbox

HEARTBEATS_FRESH_SECONDS = 0.5  # heartbeats come every two seconds; reading them more often gives nothing new


def queue_service(settings: Settings) -> JobService:
    """The jobs of a deployment with a queue."""
    client = connect(settings, API_TIMEOUT)
    catalogue = Catalogue.from_settings(settings)
    ledger, batches = Ledger(client, settings), Batches(client, settings.job_ttl)
    # Health has connections of its own: it never stands behind a crowd that opens hundreds at once.
    workers = LiveWorkers(connect(settings, API_TIMEOUT), settings, catalogue)
    publisher = Publisher(make_celery(settings, socket_timeout=API_TIMEOUT), ledger)
    return JobService(
        Admission(
            settings, catalogue, ledger, batches, blob_store(settings, client), publisher, workers, workers.storage
        ),
        ledger,
        batches,
        RedisNotifications(lambda: connect(settings, API_TIMEOUT), settings.max_waiting),
        workers,
        Outbox(client, settings.job_ttl),
    )


class LiveWorkers:
    """The :class:`tasks.jobs.store.Workers` that send heartbeats.

    Args:
        client: For heartbeats and the queues' lengths.
        settings: Of the ledger.
        catalogue: The operator's list.
    """

    def __init__(self, client: redis.Redis, settings: Settings, catalogue: Catalogue) -> None:
        self._heartbeats = Heartbeats(client)
        self._counters = SharedCounters(client)
        self._queues = QueueMeasures(client)
        self._ledger = Ledger(client, settings)
        self._catalogue = catalogue
        self.storage = Storage(client, settings.blob_dir)
        """Whether what they are to read can be kept."""
        self._beats: tuple[float, list[Heartbeat]] = (0.0, [])

    def pools(self) -> frozenset[Pool]:
        """See :class:`tasks.jobs.store.Workers`."""
        return live_pools(self._live())

    def count(self) -> int:
        """See :class:`tasks.jobs.store.Workers`."""
        return len(self._live())

    def health(self) -> Health:
        """See :class:`tasks.jobs.store.Workers`."""
        try:
            return health_of(self._live(), self._ledger.waiting(), self.storage.fault(), self._queues.messages())
        except (redis.RedisError, OSError) as error:
            return broker_gone(redis_fault(error))

    def ready(self) -> bool:
        """See :class:`tasks.jobs.store.Workers`."""
        try:
            live = self.pools()
            return self._catalogue.serving(self._catalogue.resolve(None), live).pool in live
        except (redis.RedisError, OSError):
            return False

    def measured(self) -> Measured:
        """See :class:`tasks.jobs.store.Workers`: the sums and gauges of all processes."""
        try:
            self._counters.flush()
            sums = self._counters.sums()
            queues = queue_gauges(self._ledger.waiting(), self._queues.oldest())
            owners = owner_gauges(self._queues.by_owners())
            gauges = [Gauge("redis_up", 1), *queues, *owners, *worker_gauges(self._live()), *cost_gauges(sums)]
        except (redis.RedisError, OSError):
            return Measured({}, [Gauge("redis_up", 0)])
        return Measured(sums, gauges)

    def flush_counters(self) -> None:
        """See :class:`tasks.jobs.store.Workers`; a later flush adds what one could not."""
        with suppress(redis.RedisError, OSError):
            self._counters.flush()

    def models(self) -> ModelList:
        """See :class:`tasks.jobs.store.Workers`."""
        return model_list(self._catalogue, self._live())

    def _live(self) -> list[Heartbeat]:
        read_at, beats = self._beats
        if not beats or time.monotonic() - read_at > HEARTBEATS_FRESH_SECONDS:  # the first is seen at once
            beats = self._heartbeats.live()
            self._beats = (time.monotonic(), beats)
        return beats
