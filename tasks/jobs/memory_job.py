"""A job as one process keeps it, and the newest of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ocrq.contracts import JobStatus
from tasks.jobs.record import JobRecord, NewJob
from tasks.jobs.store import JOBS_SCANNED, Listed
from tasks.monitoring.counters import COUNTERS

_TOMBSTONES = 100_000  # about 10 MB


@dataclass
class MemoryJob:
    """A job with what belongs to it; changed under the store's lock alone.

    Attributes:
        record: As it stands.
        new: As it was accepted.
        number: Grows with each job accepted; the cursor of lists.
        result: Packed.
        rows: Its events, as ``(id, name, data as JSON)``.
        readings: Of its units, by index.
        followers: Ids of equal jobs that get what this one gets.
        counted: Bytes of its document, among those of its owner that wait or are read.
    """

    record: JobRecord
    new: NewJob
    number: int
    result: bytes | None = None
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    readings: dict[int, dict[str, Any]] = field(default_factory=dict)
    followers: list[str] = field(default_factory=list)
    counted: int = 0


class ExpiredIds:
    """Ids of jobs that were, the latest of them: an older one is "not found" rather than "expired"."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, job_id: str) -> None:
        """Remember one, and forget the oldest where there are too many."""
        self._ids[job_id] = None
        if len(self._ids) > _TOMBSTONES:
            self._ids.popitem(last=False)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._ids


def newest_of(
    jobs: Mapping[str, MemoryJob], owner: str | None, status: JobStatus | None, limit: int, cursor: str
) -> Listed:
    """A page of the jobs, which stand in the order they were accepted; see :class:`tasks.jobs.store.JobStore`."""
    older = (kept for kept in reversed(list(jobs.values())) if not cursor or kept.number < int(cursor))
    owned = (kept for kept in older if owner is None or kept.record.owner == owner)
    found: list[JobRecord] = []
    last = None
    for kept in islice(owned, JOBS_SCANNED):
        last = str(kept.number)
        leader = jobs.get(kept.record.follows or "")
        if status in (None, kept.record.as_far_as(leader.record if leader else None).status):
            found.append(kept.record)
        if len(found) == limit:
            break
    return Listed(tuple(found), last if next(owned, None) else None)


def count_end(record: JobRecord) -> None:
    """Count a job that ended, as the ledger's scripts do."""
    code = str(record.error.get("code", "")) if record.error else ""
    COUNTERS.add("jobs", operation=record.operation, status=record.state, code=code)
    if record.cached:
        COUNTERS.add("cache_hits", operation=record.operation)
    elif record.started and record.finished:
        COUNTERS.observe("queue_wait_seconds", record.started - record.created, queue="local")
        COUNTERS.observe("job_seconds", record.finished - record.started, operation=record.operation)
