"""What the memory store keeps, for as long as it does, and how it is looked at."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from ocrq.contracts import ENDED, JobStatus
from tasks.jobs.memory_job import ExpiredIds, MemoryJob, newest_of
from tasks.jobs.record import JobRecord, unpack
from tasks.jobs.store import Listed


class MemoryQueries:
    """The reading half of the :class:`tasks.jobs.store.JobStore` of one process.

    Args:
        clock: Seconds that only grow; when jobs expire.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, MemoryJob] = {}
        self._waiting: set[str] = set()
        self._kept_of: Counter[str | None] = Counter()  # jobs of an owner, ended ones too
        self._bytes_of: Counter[str | None] = Counter()  # of an owner's documents that wait or are read
        self._keys: dict[str, tuple[str, str]] = {}  # idempotency key: job, fingerprint
        self._cache: dict[str, tuple[str, float]] = {}  # cache key: job, until when it answers
        self._leaving: deque[tuple[float, str]] = deque()
        self._expired = ExpiredIds()
        self._mean = 1.0

    def _expire(self) -> None:
        """Forget what is over its time; all live equally long, so the first to leave are the first that ended."""
        while self._leaving and self._leaving[0][0] <= self._clock():
            _, job_id = self._leaving.popleft()
            gone = self._jobs.pop(job_id).new
            self._expired.add(job_id)
            self._kept_of[gone.owner] -= 1
            if self._keys.get(gone.idempotency or "", ("",))[0] == job_id:
                del self._keys[gone.idempotency or ""]
            for key in (gone.cache_key or "", gone.reading_key or ""):
                if self._cache.get(key, ("",))[0] == job_id:
                    del self._cache[key]

    def record(self, job_id: str) -> JobRecord | None:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            self._expire()
            return kept.record if (kept := self._jobs.get(job_id)) else None

    def newest(self, owner: str | None, status: JobStatus | None, limit: int, cursor: str) -> Listed:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            self._expire()
            return newest_of(self._jobs, owner, status, limit, cursor)

    def outlines(self, job_ids: Sequence[str]) -> list[JobRecord | None]:
        """See :class:`tasks.jobs.store.JobStore`."""
        return list(map(self.record, job_ids))

    def result_bytes(self, job_id: str) -> int:
        """See :class:`tasks.jobs.store.JobStore`."""
        return len(kept.result) if (kept := self._jobs.get(job_id)) and kept.result else 0

    def first_of(self, key: str) -> str | None:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            self._expire()
            return self._keys[key][0] if key in self._keys else None

    def existed(self, job_id: str) -> bool:
        """See :class:`tasks.jobs.store.JobStore`."""
        return job_id in self._expired

    def result(self, job_id: str) -> dict[str, Any] | None:
        """See :class:`tasks.jobs.store.JobStore`."""
        return dict(unpack(kept.result)) if (kept := self._jobs.get(job_id)) and kept.result else None

    def reading(self, job_id: str, index: int) -> dict[str, Any] | None:
        """See :class:`tasks.jobs.store.JobStore`."""
        return kept.readings.get(index) if (kept := self._jobs.get(job_id)) else None

    def events(self, job_id: str, after: str, most: int) -> list[tuple[str, str, str]]:
        """See :class:`tasks.jobs.store.JobStore`."""
        first = int(after) if after.isdecimal() else 0
        return kept.rows[first : first + most] if (kept := self._jobs.get(job_id)) else []

    def dead(self) -> list[str]:
        """See :class:`tasks.jobs.store.JobStore`; jobs here do not outlive the process that reads them."""
        return []

    def mean_seconds(self) -> float:
        """See :class:`tasks.jobs.store.JobStore`."""
        return self._mean

    def waiting(self) -> int:
        """Documents that wait."""
        return len(self._waiting)

    def unfinished(self) -> list[str]:
        """Ids of the jobs that wait or run."""
        return [job_id for job_id, kept in list(self._jobs.items()) if kept.record.state not in ENDED]
