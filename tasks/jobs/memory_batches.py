"""The batches of one process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from tasks.jobs.record import new_id
from tasks.jobs.store import BatchRecord


class MemoryBatches:
    """The :class:`tasks.jobs.store.BatchStore` of one process; batches are kept as long as in Redis.

    Args:
        job_ttl: Seconds an ended job is kept.
        clock: Seconds that only grow.
    """

    def __init__(self, job_ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = 2 * job_ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, BatchRecord]] = OrderedDict()
        self._keys: OrderedDict[str, tuple[float, str, str]] = OrderedDict()

    def reserve(self, key: str, fingerprint: str) -> tuple[str, str, bool]:
        """See :class:`tasks.jobs.store.BatchStore`."""
        with self._lock:
            self._expire()
            if key in self._keys:
                _, first, used_for = self._keys[key]
                return first, used_for, False
            batch_id = new_id()
            self._keys[key] = (self._clock() + self._ttl, batch_id, fingerprint)
            return batch_id, fingerprint, True

    def reserved(self, key: str) -> str | None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        with self._lock:
            self._expire()
            return self._keys[key][1] if key in self._keys else None

    def keep(self, key: str) -> None:
        """See :class:`tasks.jobs.store.BatchStore`; reservations do not end before their batch here."""

    def free(self, key: str) -> None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        with self._lock:
            self._keys.pop(key, None)

    def create(self, batch_id: str, job_ids: Sequence[str], owner: str | None) -> None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        with self._lock:
            record = BatchRecord(batch_id, owner, time.time(), tuple(job_ids))
            self._kept[batch_id] = (self._clock() + self._ttl, record)

    def find(self, batch_id: str) -> BatchRecord | None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        with self._lock:
            self._expire()
            kept = self._kept.get(batch_id)
            return kept[1] if kept else None

    def _expire(self) -> None:
        """All live equally long, so the first to leave are the first that came."""
        now = self._clock()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
        while self._keys and next(iter(self._keys.values()))[0] <= now:
            self._keys.popitem(last=False)
