"""Batches: several jobs under one id, which answers where a job's would."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import redis

from ocrq.contracts import ENDED, Batch, Job, JobStatus, Progress
from tasks.jobs.record import new_id
from tasks.jobs.store import BatchRecord

ACCEPTING_SECONDS = 120  # whoever has not accepted a batch by then has died, and the key is free again
_BATCH_ID = re.compile("[0-9a-f]{32}")  # as new_id makes them; a longer name may be that of another of ocrq's keys


class Batches:
    """The :class:`tasks.jobs.store.BatchStore` in Redis; a batch is kept as long as an ended job, twice over."""

    def __init__(self, client: redis.Redis, job_ttl: int) -> None:
        self._redis = client
        self._ttl = 2 * job_ttl

    def reserve(self, key: str, fingerprint: str) -> tuple[str, str, bool]:
        """See :class:`tasks.jobs.store.BatchStore`."""
        name = f"ocrq:idempotency:batch:{key}"
        batch_id = new_id()
        if self._redis.set(name, f"{batch_id} {fingerprint}", nx=True, ex=ACCEPTING_SECONDS):
            return batch_id, fingerprint, True
        first, _, used_for = cast(bytes, self._redis.get(name) or b"").decode().partition(" ")
        return first, used_for, False

    def reserved(self, key: str) -> str | None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        reservation = cast(bytes | None, self._redis.get(f"ocrq:idempotency:batch:{key}"))
        return reservation.decode().partition(" ")[0] if reservation else None

    def keep(self, key: str) -> None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        self._redis.expire(f"ocrq:idempotency:batch:{key}", self._ttl)

    def free(self, key: str) -> None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        self._redis.delete(f"ocrq:idempotency:batch:{key}")

    def create(self, batch_id: str, job_ids: Sequence[str], owner: str | None) -> None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        pipeline = self._redis.pipeline()
        pipeline.hset(_key(batch_id), mapping={"owner": owner or "", "created": str(time.time())})
        pipeline.rpush(_key(batch_id) + ":jobs", *job_ids)
        pipeline.expire(_key(batch_id), self._ttl)
        pipeline.expire(_key(batch_id) + ":jobs", self._ttl)
        pipeline.execute()

    def find(self, batch_id: str) -> BatchRecord | None:
        """See :class:`tasks.jobs.store.BatchStore`."""
        if not _BATCH_ID.fullmatch(batch_id):
            return None
        fields = cast(dict[bytes, bytes], self._redis.hgetall(_key(batch_id)))
        if not fields:
            return None
        ids = cast(list[bytes], self._redis.lrange(_key(batch_id) + ":jobs", 0, -1))
        owner = fields[b"owner"].decode() or None
        return BatchRecord(batch_id, owner, float(fields[b"created"]), tuple(job_id.decode() for job_id in ids))


def batch_of(record: BatchRecord, jobs: list[Job]) -> Batch:
    """The batch as its owner sees it: ended when all jobs have, succeeded if all did."""
    return Batch(
        id=record.id,
        status=status_of(jobs),
        progress=Progress(done=sum(job.status in ENDED for job in jobs), total=len(jobs), unit="job"),
        created_at=datetime.fromtimestamp(record.created, UTC),
        jobs=jobs,
    )


def status_of(jobs: Sequence[Job]) -> JobStatus:
    """What a batch is as a whole."""
    states = {job.status for job in jobs}
    if states <= {"queued"} and states:
        return "queued"
    if not states <= ENDED:
        return "running"
    for status in ("failed", "cancelled"):
        if status in states:
            return status
    return "succeeded"


def _key(batch_id: str) -> str:
    return f"ocrq:batch:{batch_id}"
