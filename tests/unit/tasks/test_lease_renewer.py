from __future__ import annotations

import time
from collections.abc import Callable

import fakeredis

from tasks.execution.lease_renewer import LeaseRenewer
from tasks.execution.watchdog import Watchdog
from tasks.jobs.ledger import Ledger
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats
from tasks.settings import Settings


class Noting(Watchdog):
    """Notes for how long a run has not stopped, and ends nothing."""

    def __init__(self) -> None:
        super().__init__(stop_seconds=30, still_seconds=60)
        self.seconds: list[float] = []

    def check(self, job_id: str, seconds: float) -> None:
        self.seconds.append(seconds)


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_run_counts_as_hung_only_while_redis_answers(settings: Settings) -> None:
    server, watchdog = fakeredis.FakeServer(), Noting()
    renewer = LeaseRenewer(
        Ledger(fakeredis.FakeRedis(server=server), settings),
        Heartbeats(fakeredis.FakeRedis(server=server)),
        0.1,
        lambda _: Heartbeat("host:1", "cpu"),
        watchdog=watchdog,
    )
    server.connected = False
    renewer.start()
    try:
        with renewer.holding("job", "token"):
            until(lambda: len(watchdog.seconds) > 2)
            assert not any(watchdog.seconds)  # it may be waiting to commit what it has read
            server.connected = True
            until(lambda: any(watchdog.seconds))
    finally:
        renewer.stop()
