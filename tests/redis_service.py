"""The job service over Redis's scripts on fakeredis, its jobs read by threads through the real executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import fakeredis
from celery.exceptions import Ignore

from tasks.catalogue import Catalogue
from tasks.documents.blobs import RedisBlobs
from tasks.execution.executor import ClaimedRuns, JobExecutor
from tasks.execution.failures import FailureHandler
from tasks.execution.job_reader import JobReader
from tasks.execution.lease_renewer import LeaseRenewer
from tasks.jobs.admission import Admission
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.notifications import RedisNotifications
from tasks.jobs.queue import LiveWorkers
from tasks.jobs.service import JobService
from tasks.jobs.store import Workers
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats
from tasks.settings import Settings
from tests.page_runner import PageRunner


class Threads:
    """Runs what is published, as Celery's processes would."""

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads)
        self.executor: JobExecutor | None = None

    def publish(self, job_id: str) -> None:
        self.pool.submit(self._run, job_id)

    def publish_new(self, job_id: str, task: str, queue: str) -> None:
        self.publish(job_id)

    def _run(self, job_id: str) -> None:
        assert self.executor is not None
        task: Any = SimpleNamespace(request=SimpleNamespace(id=job_id))
        with suppress(Ignore):
            self.executor.run(task, None, None)


@contextmanager
def reading_from(
    server: fakeredis.FakeServer, runner: PageRunner, settings: Settings, threads: int
) -> Iterator[tuple[JobService, Workers, Callable[[], None]]]:
    """A service, its workers, and what publishes all that is due."""

    def connect() -> fakeredis.FakeRedis:
        return fakeredis.FakeRedis(server=server)

    client, catalogue, published = connect(), Catalogue.from_settings(settings), Threads(threads)
    ledger, batches, blobs = Ledger(client, settings), Batches(client, settings.job_ttl), RedisBlobs(client)
    beat = Heartbeat("host:1", "cpu", models=("fake",))
    Heartbeats(client).beat(beat)
    workers = LiveWorkers(client, settings, catalogue)
    admission = Admission(settings, catalogue, ledger, batches, blobs, published, workers)
    lease_renewer = LeaseRenewer(
        Ledger(connect(), settings), Heartbeats(connect()), settings.lease_seconds, lambda _: beat
    )
    lease_renewer.start()
    published.executor = JobExecutor(
        worker="host:1",
        ledger=ledger,
        admission=admission,
        dispatcher=published,
        runs=ClaimedRuns(
            pool=None,
            lease_renewer=lease_renewer,
            reader=JobReader(settings, ledger, blobs, published, runner),
            failures=FailureHandler(ledger, published, "host:1", settings, lambda: None),
        ),
    )

    def sweep() -> None:
        for job_id in ledger.overdue():
            if again := ledger.sweep(job_id):
                published.publish(again)

    notifications = RedisNotifications(connect, settings.max_waiting)
    try:
        yield JobService(admission, ledger, batches, notifications, workers), workers, sweep
    finally:
        runner.gate.set()
        published.pool.shutdown(wait=True, cancel_futures=True)
        lease_renewer.stop()
