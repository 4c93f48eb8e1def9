"""Batches: several jobs under one id, which answers where a job's would."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import redis

from ocrq.contracts import ENDED, Batch, Job, JobStatus, Progress
from ocrq.errors import JobConflict
from tasks.jobs.record import new_id

ACCEPTING_SECONDS = 120  # whoever has not accepted a batch by then has died, and the key is free again
RETRY_AFTER = 2


class Batches:
    """Which jobs stand under which batch id; kept as long as an ended job, twice over."""

    def __init__(self, client: redis.Redis, job_ttl: int) -> None:
        self._redis = client
        self._ttl = 2 * job_ttl

    def reserve(self, key: str, fingerprint: str) -> tuple[str, bool]:
        """Reserve an id for an idempotency key.

        Returns:
            The id, and whether the key is new.

        Raises:
            JobConflict: The key was used for another batch, or for one that is not accepted yet.
        """
        name = f"ocrq:idempotency:batch:{key}"
        batch_id = new_id()
        if self._redis.set(name, f"{batch_id} {fingerprint}", nx=True, ex=ACCEPTING_SECONDS):
            return batch_id, True
        first, _, used_for = cast(bytes, self._redis.get(name) or b"").decode().partition(" ")
        if used_for != fingerprint:
            raise JobConflict(
                "this Idempotency-Key was used for another batch; send a new key with a new batch",
                field="Idempotency-Key",
                extra={"job": first},
            )
        if not self.exists(first):
            raise JobConflict(
                "the first batch with this Idempotency-Key is still being accepted; ask again shortly",
                field="Idempotency-Key",
                retry_after=RETRY_AFTER,
            )
        return first, False

    def keep(self, key: str) -> None:
        """Remember a reservation for as long as its batch, which is accepted."""
        self._redis.expire(f"ocrq:idempotency:batch:{key}", self._ttl)

    def free(self, key: str) -> None:
        """Give up a reservation whose batch was refused."""
        self._redis.delete(f"ocrq:idempotency:batch:{key}")

    def create(self, batch_id: str, job_ids: Sequence[str], owner: str | None) -> None:
        """Put jobs under an id."""
        pipeline = self._redis.pipeline()
        pipeline.hset(_key(batch_id), mapping={"owner": owner or "", "created": str(time.time())})
        pipeline.rpush(_key(batch_id) + ":jobs", *job_ids)
        pipeline.expire(_key(batch_id), self._ttl)
        pipeline.expire(_key(batch_id) + ":jobs", self._ttl)
        pipeline.execute()

    def exists(self, batch_id: str) -> bool:
        """Whether this is a batch's id."""
        return bool(self._redis.exists(_key(batch_id)))

    def items(self, batch_id: str) -> list[str]:
        """Ids of the jobs, in the order submitted."""
        ids = cast(list[bytes], self._redis.lrange(_key(batch_id) + ":jobs", 0, -1))
        return [job_id.decode() for job_id in ids]

    def owner(self, batch_id: str) -> str | None:
        """The API key's name it was submitted with."""
        raw = cast(bytes | None, self._redis.hget(_key(batch_id), "owner"))
        return raw.decode() or None if raw is not None else None

    def view(self, batch_id: str, jobs: list[Job]) -> Batch:
        """The batch as its owner sees it: ended when all jobs have, succeeded if all did."""
        created = float(cast(bytes, self._redis.hget(_key(batch_id), "created")))
        return Batch(
            id=batch_id,
            status=status_of(jobs),
            progress=Progress(done=sum(job.status in ENDED for job in jobs), total=len(jobs), unit="job"),
            created_at=datetime.fromtimestamp(created, UTC),
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
