"""The sweeper: gives jobs whose worker died, or whose message was lost, to another worker.

One control worker sweeps at a time; the others stand by. Publishing is done after the ledger was changed, and a
sweeper that dies between leaves the job overdue for the next one.
"""

from __future__ import annotations

import logging
import threading

import redis
from kombu.exceptions import OperationalError

from tasks.connection import is_transient
from tasks.documents.blobs import BlobStore, collect
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.leader_lock import LeaderLock
from tasks.monitoring.heartbeat import Heartbeats

SWEEP_SECONDS = 2.0
TIDY_EVERY = 30  # sweeps between two collections of documents that no job needs
_AT_ONCE = 2000  # a tenth of a second's work for Redis, which serves others between

log = logging.getLogger(__name__)


class Sweeper(threading.Thread):
    """See the module."""

    def __init__(
        self,
        client: redis.Redis,
        ledger: Ledger,
        publisher: Publisher,
        heartbeats: Heartbeats,
        blobs: BlobStore,
        name: str,
    ) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._redis = client
        self._ledger = ledger
        self._publisher = publisher
        self._heartbeats = heartbeats
        self._blobs = blobs
        self._leader = LeaderLock(client, "ocrq:sweeper", name)
        self._ending = threading.Event()

    def run(self) -> None:
        """The thread: sweep while leading, whatever Redis does meanwhile."""
        turn = 0
        while not self._ending.wait(SWEEP_SECONDS):
            try:
                if self._leader.hold():
                    self.sweep()
                    turn += 1
                    if turn % TIDY_EVERY == 1:
                        self._heartbeats.forget_silent()
                        collect(self._redis, self._blobs)
                        self._blobs.remove_drafts()
            except Exception as error:  # the sweeper is the last to give up
                log.warning("the sweep failed, and is tried again: %s", error)

    def sweep(self) -> int:
        """Look at what is overdue, once. Returns how many jobs were published again."""
        published = 0
        for job_id in self._ledger.overdue(limit=_AT_ONCE):
            try:
                again = self._ledger.sweep(job_id)
                if again:
                    log.info("job %s is published again", again)
                    self._publisher.publish(again)
                    published += 1
            except OperationalError:
                raise
            except redis.RedisError as error:
                if is_transient(error):
                    raise
                log.exception("job %s could not be swept", job_id)
            except Exception:  # one job that cannot be looked at must not hide the others
                log.exception("job %s could not be swept", job_id)
        return published

    def stop(self) -> None:
        """End the thread, and let another control worker lead."""
        self._ending.set()
        self.join(timeout=SWEEP_SECONDS)
        try:
            self._leader.give_up()
        except redis.RedisError:
            log.debug("the lead was not given up; it ends by itself")
