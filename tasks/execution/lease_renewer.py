"""A thread of a reading process that renews the leases of its running jobs and sends its heartbeat.

It starts after the fork. A child of a prefork pool has one job at hand, a pool of threads has several.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from tasks.execution.watchdog import Watchdog
from tasks.jobs.ledger import Ledger
from tasks.monitoring.heartbeat import BEAT_SECONDS, Heartbeat, Heartbeats

LOOK_SECONDS = 0.5  # how soon a cancelled job is noticed

log = logging.getLogger(__name__)


@dataclass
class Lease:
    """A lease at hand. ``lost`` once it was cancelled, taken over, or could not be renewed in time."""

    job_id: str
    token: str
    ends: float
    lost: threading.Event = field(default_factory=threading.Event)
    lost_at: float | None = None


class LeaseRenewer(threading.Thread):
    """See the module.

    Args:
        ledger: With a connection that no other thread uses.
        heartbeats: Likewise.
        lease_seconds: Length of a lease.
        describe: Makes the heartbeat; called in this thread with the id of a running job.
        account: Told the seconds since it was last told, and whether a job is at hand.
        watchdog: Ends this process where a run does not stop once its lease is lost.
    """

    def __init__(
        self,
        ledger: Ledger,
        heartbeats: Heartbeats,
        lease_seconds: float,
        describe: Callable[[str | None], Heartbeat],
        account: Callable[[float, bool], None] = lambda _seconds, _busy: None,
        watchdog: Watchdog | None = None,
    ) -> None:
        super().__init__(name="lease-renewer", daemon=True)
        self._ledger = ledger
        self._heartbeats = heartbeats
        self._lease = lease_seconds
        self._describe = describe
        self._account = account
        self._watchdog = watchdog
        self._holds: dict[str, Lease] = {}  # by token
        self._ending = threading.Event()

    @contextmanager
    def holding(self, job_id: str, token: str) -> Iterator[Lease]:
        """Renew this lease while the block runs."""
        hold = Lease(job_id, token, time.monotonic() + self._lease)
        self._holds[token] = hold
        try:
            yield hold
        finally:
            del self._holds[token]

    def stop(self) -> None:
        """End the thread and say that the process ends."""
        self._ending.set()
        self.join(timeout=BEAT_SECONDS)

    def run(self) -> None:
        """The thread: beats, renews and looks, whatever Redis does meanwhile."""
        beat_at, told_at = 0.0, time.monotonic()
        said: str | None = None
        while not self._ending.is_set():
            now = time.monotonic()
            holds = tuple(self._holds.values())
            self._account(now - told_at, bool(holds))
            told_at = now
            self._watch(holds, now)
            try:
                for hold in holds:
                    self._keep(hold, now)
                at_hand = holds[0].job_id if holds else None
                if now >= beat_at or at_hand != said:
                    self._heartbeats.beat(self._describe(at_hand))
                    beat_at, said = now + BEAT_SECONDS, at_hand
            except Exception as error:  # a process without this thread would lose the leases of all its jobs
                log.warning("leases could not be renewed, trying again: %s", error)
                for hold in holds:
                    if now > hold.ends:
                        hold.lost.set()
            # It is never woken: a job that is done before the next look costs no heartbeat of its own.
            self._ending.wait(LOOK_SECONDS)
        if self._watchdog:
            self._watchdog.stop()
        try:
            self._heartbeats.stop(self._describe(None).worker)
        except redis.RedisError:
            log.debug("the last heartbeat was not withdrawn; it ends by itself")

    def _watch(self, holds: tuple[Lease, ...], now: float) -> None:
        if not self._watchdog:
            return
        self._watchdog.alive()
        for hold in holds:
            if hold.lost.is_set():
                hold.lost_at = hold.lost_at or now
                self._watchdog.check(hold.job_id, now - hold.lost_at)

    def _keep(self, hold: Lease, now: float) -> None:
        renew = hold.ends - now < self._lease * 0.8  # five renewals a lease: four may fail
        if renew:
            kept = self._ledger.renew(hold.job_id, hold.token)
            hold.ends = now + self._lease
        else:
            kept = self._ledger.holds(hold.job_id, hold.token)
        if not kept:
            hold.lost.set()
