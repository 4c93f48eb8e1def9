"""A thread of a reading process that renews the leases of its running jobs and sends its heartbeat.

It starts after the fork. A child of a prefork pool runs one job at a time, a pool of threads several.
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
from tasks.monitoring.heartbeat import HEARTBEAT_SECONDS, Heartbeat, Heartbeats

POLL_SECONDS = 0.5  # how soon a cancelled job is noticed

log = logging.getLogger(__name__)


@dataclass
class Lease:
    """The lease of a running job. ``lost`` once it was cancelled, taken over, or could not be renewed in time."""

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
        account: Called with the seconds since its last call, and whether a job runs.
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
        self._lease_seconds = lease_seconds
        self._describe = describe
        self._account = account
        self._watchdog = watchdog
        self._leases: dict[str, Lease] = {}  # by token
        self._idle_since = time.monotonic()
        self._ending = threading.Event()

    @contextmanager
    def holding(self, job_id: str, token: str) -> Iterator[Lease]:
        """Renew this lease while the block runs."""
        lease = Lease(job_id, token, time.monotonic() + self._lease_seconds)
        self._leases[token] = lease
        try:
            yield lease
        finally:
            self._idle_since = time.monotonic()
            del self._leases[token]

    @property
    def idle_seconds(self) -> float:
        """How long no job has run; 0 while one does."""
        return 0.0 if self._leases else time.monotonic() - self._idle_since

    def stop(self) -> None:
        """End the thread and say that the process ends."""
        self._ending.set()
        self.join(timeout=HEARTBEAT_SECONDS)

    def run(self) -> None:
        """The thread: heartbeats and renewals, also through an outage of Redis."""
        beat_at, accounted_at = 0.0, time.monotonic()
        reported: str | None = None
        while not self._ending.is_set():
            now = time.monotonic()
            leases = tuple(self._leases.values())
            self._account(now - accounted_at, bool(leases))
            accounted_at = now
            self._watch(leases, now)
            try:
                for lease in leases:
                    self._renew_or_check(lease, now)
                running = leases[0].job_id if leases else None
                if now >= beat_at or running != reported:
                    self._heartbeats.beat(self._describe(running))
                    beat_at, reported = now + HEARTBEAT_SECONDS, running
            except Exception as error:  # a process without this thread would lose the leases of all its jobs
                log.warning("leases could not be renewed, trying again: %s", error)
                for lease in leases:
                    if now > lease.ends:
                        lease.lost.set()
                    lease.lost_at = None  # its run may be waiting, too, for Redis to take what it has read
            # It is never woken: a job that is done before the next poll costs no heartbeat of its own.
            self._ending.wait(POLL_SECONDS)
        if self._watchdog:
            self._watchdog.stop()
        try:
            self._heartbeats.stop(self._describe(None).worker)
        except redis.RedisError:
            log.debug("the last heartbeat was not withdrawn; it ends by itself")

    def _watch(self, leases: tuple[Lease, ...], now: float) -> None:
        if not self._watchdog:
            return
        self._watchdog.alive()
        for lease in leases:
            if lease.lost.is_set():
                lease.lost_at = lease.lost_at or now
                self._watchdog.check(lease.job_id, now - lease.lost_at)

    def _renew_or_check(self, lease: Lease, now: float) -> None:
        renew = lease.ends - now < self._lease_seconds * 0.8  # five renewals a lease: four may fail
        if renew:
            kept = self._ledger.renew(lease.job_id, lease.token)
            lease.ends = now + self._lease_seconds
        else:
            kept = self._ledger.holds(lease.job_id, lease.token)
        if not kept:
            lease.lost.set()
