"""The job service over each of its stores: memory, and Redis by its Lua scripts on fakeredis; a real Runner reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import fakeredis

from tasks.jobs.service import JobService
from tasks.jobs.store import Workers
from tasks.settings import Settings
from tests.inline import inline
from tests.page_runner import PageRunner
from tests.redis_service import reading_from

SETTINGS = Settings(model="fake", job_ttl=100, max_queued=3)


@dataclass
class Jobs:
    """A service with what reads its jobs.

    Attributes:
        expire: Lets the time to live of these jobs pass.
        settle: Does what a sweeper would.
    """

    service: JobService
    workers: Workers
    expire: Callable[..., None]
    settle: Callable[[], None]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def in_memory(runner: PageRunner, settings: Settings, threads: int = 1) -> Iterator[Jobs]:
    clock = Clock()
    service, workers = inline(runner, settings, threads, clock)

    def expire(*job_ids: str) -> None:
        clock.now += settings.job_ttl

    yield Jobs(service, workers, expire, lambda: None)
    runner.gate.set()
    workers.close()


@contextmanager
def in_redis(runner: PageRunner, settings: Settings, threads: int = 1) -> Iterator[Jobs]:
    server = fakeredis.FakeServer()
    with reading_from(server, runner, settings, threads) as (service, workers, sweep):
        client = fakeredis.FakeRedis(server=server)

        def expire(*job_ids: str) -> None:
            for job_id in job_ids:
                assert client.ttl(f"ocrq:job:{job_id}") <= settings.job_ttl
                client.delete(f"ocrq:job:{job_id}", f"ocrq:result:{job_id}")
            for key in client.scan_iter("ocrq:idempotency:*"):
                client.delete(key)

        yield Jobs(service, workers, expire, sweep)
        runner.gate.set()


STORES = {"memory": in_memory, "redis": in_redis}
