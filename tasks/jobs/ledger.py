"""The job ledger: the one truth about a job, kept in Redis and changed by atomic scripts alone.

Celery delivers a message at least once, or not at all. So a run first claims its job here: it gets a lease with a
fencing token, which it renews while it works and needs to commit. Who lost the lease (died, froze, was cancelled)
cannot commit; the sweeper gives the job to another, and counts such losses.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import redis

from ocrq.contracts import JobStatus, Priority
from ocrq.errors import OcrqError
from tasks.catalogue import POOLS, Pool
from tasks.connection import is_transient
from tasks.jobs.record import OUTLINE, JobRecord, NewJob, pack, queue_name, unpack
from tasks.jobs.store import JOBS_SCANNED, Accepted, Listed
from tasks.runner import UnitReading
from tasks.settings import MEGABYTE, Settings

EVENTS_CHANNEL = "ocrq:events"
"""Channel on which every event of a job is announced by the job's id and the event's name."""

_SCRIPTS = Path(__file__).parent / "lua"
PRIORITY_SUFFIXES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
"""kombu keeps a list for each step of a queue's priority, 0 under the queue's own name."""

_COMMIT_SECONDS = 90.0  # that a commit is tried: while Redis takes no writes, nobody takes the job over
_COMMIT_AGAIN_SECONDS = 0.5  # between two tries, while Redis does not answer
_LANES: tuple[Priority, ...] = ("interactive", "bulk")
QUEUES = tuple(queue_name(pool, lane) for pool in POOLS for lane in _LANES)
_QUEUE_LISTS = json.dumps({queue: [queue + suffix for suffix in PRIORITY_SUFFIXES] for queue in QUEUES})


@dataclass(frozen=True)
class Claim:
    """What a run got: ``run`` with a token and the job as it then stood, or why it must not run.

    ``earlier`` is the result of a request that was equal but for the output formats.
    """

    verdict: Literal["run", "unknown", "elsewhere", "held", "waiting", "dead", "succeeded", "failed", "cancelled"]
    token: str = ""
    orphaned_parent: str | None = None
    record: JobRecord | None = None
    earlier: dict[str, Any] | None = None


class Ledger:
    """The :class:`tasks.jobs.store.JobStore` in Redis. Every method raises ``redis.RedisError`` where it fails."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._redis = client
        self._lease = settings.lease_seconds
        self._attempts = settings.max_attempts
        self._ttl = settings.job_ttl
        self._limits = (
            settings.max_queued,
            settings.max_kept,
            settings.max_waiting_mb * MEGABYTE,
            settings.max_owner_seconds,
        )
        common = (_SCRIPTS / "common.lua").read_text()
        self._scripts = {
            path.stem: client.register_script(common + path.read_text())
            for path in _SCRIPTS.glob("*.lua")
            if path.stem != "common"
        }

    def _call(self, script: str, *args: str | bytes | float) -> Any:
        return self._scripts[script](args=list(args))

    def create(self, jobs: Sequence[NewJob], *, bounded: bool = True) -> Accepted:
        """See :class:`tasks.jobs.store.JobStore`."""
        limit, *bounds = self._limits if bounded else (0, 0, 0, 0)
        answer = self._call("create", json.dumps([job.to_json() for job in jobs]), limit, self._ttl, *bounds)
        verdict = answer[0].decode()
        if verdict in {"full", "kept", "bytes", "seconds"}:
            return Accepted(verdict, depth=int(answer[1]))
        if verdict != "ok":
            return Accepted(verdict, job_id=_text(answer[1]))
        to_publish, following = (tuple(map(_text, ids)) for ids in answer[1:])
        return Accepted("ok", to_publish=to_publish, following=following)

    def stored(self, *job_ids: str) -> None:
        """The documents of new jobs are stored; until then the sweeper leaves the jobs alone for a minute."""
        self._call("stored", *job_ids)

    def withdraw(self, job: NewJob) -> None:
        """Take back a new job whose document could not be stored: its idempotency key is free again."""
        self.cancel(job.id)
        if job.idempotency:
            self._redis.delete(f"ocrq:idempotency:{job.idempotency}")

    def claim(self, job_id: str, worker: str, pool: Pool | None = None) -> Claim:
        """Take the job that is next where a job's message came, if it is ``pool``'s, as owners are served in turn."""
        queues = f"ocrq.{pool}." if pool else ""
        token = secrets.token_hex(8)  # made here, so that a claim sent twice is one claim
        answer = self._call("claim", job_id, self._lease, self._attempts, self._ttl, worker, queues, token)
        verdict = answer[0].decode()
        if verdict == "run":
            fields = dict(zip(answer[1][::2], answer[1][1::2], strict=True))
            earlier = cast(dict[str, Any], unpack(answer[2])) if answer[2] else None
            return Claim("run", token=token, record=JobRecord.from_hash(_text(answer[3]), fields), earlier=earlier)
        return Claim(verdict, orphaned_parent=_id(answer[1]) if len(answer) > 1 else None)

    def run_by(self, message_id: str) -> str:
        """The job that the message of a job has begun: mostly its own."""
        return _id(self._redis.hget("ocrq:swaps", message_id)) or message_id

    def renew(self, job_id: str, token: str) -> bool:
        """Keep the lease for another term; False where it is lost."""
        return bool(self._call("renew", job_id, token, self._lease))

    def holds(self, job_id: str, token: str) -> bool:
        """Whether the lease is still held, without renewing it."""
        return bool(self._call("renew", job_id, token, 0))

    def progress(self, job_id: str, token: str, done: int, total: int) -> bool:
        """Tell how many pages are done; False where the lease is lost."""
        return bool(self._call("progress", job_id, token, done, total))

    def fan_out(self, job_id: str, token: str, slices: Sequence[Sequence[int]], total: int) -> list[str]:
        """Cut a document into units. Returns their ids, to be published; none where the lease is lost."""
        units = json.dumps([list(pages) for pages in slices])
        done = self._call("fan_out", job_id, token, units, total)
        return [f"{job_id}.{index}" for index in range(1, len(slices) + 1)] if done else []

    def commit(
        self, job_id: str, token: str, result: Mapping[str, Any], cache_seconds: int = 0, pages: int = 1
    ) -> bool:
        """End a document's run with its result; False where the lease is lost.

        Args:
            job_id: The job.
            token: Of its claim.
            result: As JSON.
            cache_seconds: How long it may answer equal requests.
            pages: That were read.
        """
        return bool(self._commit(job_id, token, "succeeded", pack(result), pages, cache_seconds)[0])

    def fail(self, job_id: str, token: str, error: Mapping[str, Any]) -> bool:
        """End a document's run with a reported error; False where the lease is lost."""
        return bool(self._commit(job_id, token, "failed", json.dumps(error).encode())[0])

    def commit_unit(self, job_id: str, token: str, reading: UnitReading) -> str | None:
        """End a unit's run. Returns its parent's id if that is to be published now."""
        answer = self._commit(job_id, token, "succeeded", pack(reading.to_json()), len(reading.pages))
        return _id(answer[1]) if len(answer) > 1 else None

    def _commit(
        self, job_id: str, token: str, state: str, payload: bytes, pages: int = 0, cache_seconds: int = 0
    ) -> list[Any]:
        """A read takes minutes, a restart or a failover of Redis seconds: what was read is kept meanwhile."""
        ends = time.monotonic() + max(self._lease, _COMMIT_SECONDS)
        while True:
            try:
                return cast(
                    list[Any], self._call("commit", job_id, token, state, payload, self._ttl, pages, cache_seconds)
                )
            except redis.RedisError as error:
                if time.monotonic() > ends or not is_transient(error):
                    raise
                time.sleep(_COMMIT_AGAIN_SECONDS)

    def abandon(self, job_id: str, worker: str, error: OcrqError | None = None, note: str = "") -> str | None:
        """The process that ran a job died: end its lease now, or fail the job with ``error``.

        Args:
            job_id: The job.
            worker: Who ran it.
            error: What it fails with; None lets another process try it.
            note: For the warnings of the result that another process gets.

        Returns:
            The parent's id if that is to be published now.
        """
        code, detail = (error.code, error.detail) if error else ("", "")
        answer = self._call("abandon", job_id, worker, self._ttl, code, detail, note)
        return _id(answer[1]) if len(answer) > 1 else None

    def requeue(self, job_id: str, worker: str) -> bool:
        """The process that runs a job is stopping: queue it again, no attempt lost."""
        return bool(self._call("requeue", job_id, worker))

    def retry(self, job_id: str) -> bool:
        """Try a failed job again, to be published; False where it has not failed or its document is gone."""
        return bool(self._call("retry", job_id))

    def dead(self, limit: int = 100) -> list[str]:
        """Ids of jobs whose workers died on them, the latest first, as long as they are kept."""
        horizon = self._now() - self._ttl
        self._redis.zremrangebyscore("ocrq:dead", "-inf", horizon)
        return [_text(job_id) for job_id in self._redis.zrevrange("ocrq:dead", 0, limit - 1)]

    def newest(self, owner: str | None, status: JobStatus | None, limit: int, cursor: str) -> Listed:
        """See :class:`tasks.jobs.store.JobStore`; of each owner and of all, the last ten thousand are listed."""
        before, rows = self._call("newest", owner or "", status or "", limit, cursor, JOBS_SCANNED)
        records = [
            JobRecord.from_hash(_text(job_id), dict(zip(flat[::2], flat[1::2], strict=True))) for job_id, flat in rows
        ]
        return Listed(tuple(records), _id(before))

    def cancel(self, job_id: str, *, only_new: bool = False) -> str | None:
        """Cancel a job and its units; with ``only_new`` only one that no run has started.

        Returns:
            Its state before; None for an unknown id.
        """
        return _id(self._call("cancel", job_id, self._ttl, int(only_new)))

    def overdue(self, limit: int = 500) -> list[str]:
        """Ids of jobs whose lease ended, or whose message nobody started for a while."""
        return [_text(job_id) for job_id in self._redis.zrangebyscore("ocrq:due", "-inf", self._now(), 0, limit)]

    def sweep(self, job_id: str) -> str | None:
        """Look at an overdue job. Returns the id of a job to be published: it, or the parent its death completed."""
        answer = self._call("sweep", job_id, self._attempts, self._ttl, _QUEUE_LISTS)
        return _id(answer[1]) if len(answer) > 1 else None

    def record(self, job_id: str) -> JobRecord | None:
        """The job as it stands."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(f"ocrq:job:{job_id}"))
        return JobRecord.from_hash(job_id, fields) if b"state" in fields else None

    def outlines(self, job_ids: Sequence[str]) -> list[JobRecord | None]:
        """Jobs as they stand, without their requests; None for those that are gone."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hmget(f"ocrq:job:{job_id}", *OUTLINE)
        rows = cast(list[list[bytes | None]], pipeline.execute())
        return [JobRecord.from_outline(job_id, row) for job_id, row in zip(job_ids, rows, strict=True)]

    def result_bytes(self, job_id: str) -> int:
        """The length of a job's packed result; 0 where it has none."""
        return self._redis.strlen(f"ocrq:result:{job_id}")

    def first_of(self, key: str) -> str | None:
        """The id of the job that an idempotency key was first used for."""
        return _id(self._redis.hget(f"ocrq:idempotency:{key}", "id"))

    def existed(self, job_id: str) -> bool:
        """Whether there once was a job of this id."""
        return bool(self._redis.exists(f"ocrq:tomb:{job_id}"))

    def result(self, job_id: str) -> dict[str, Any] | None:
        """The result of a job that succeeded."""
        data = cast(bytes | None, self._redis.get(f"ocrq:result:{job_id}"))
        return cast(dict[str, Any], unpack(data)) if data else None

    def readings(self, job_id: str) -> list[dict[str, Any]]:
        """What the units of a document gave, in page order, as :meth:`UnitReading.to_json` or a unit's failure."""
        units = cast(dict[bytes, bytes], self._redis.hgetall(f"ocrq:units:{job_id}"))
        return [unpack(units[index]) for index in sorted(units, key=int)]

    def reading(self, job_id: str, index: int) -> dict[str, Any] | None:
        """What one unit of a document gave, while the document is not put together yet."""
        data = cast(bytes | None, self._redis.hget(f"ocrq:units:{job_id}", str(index)))
        return cast(dict[str, Any], unpack(data)) if data else None

    def events(self, job_id: str, after: str, most: int) -> list[tuple[str, str, str]]:
        """The next events past ``after``, ``most`` of them, as ``(id, name, data as JSON)``; ``"0"`` from the first."""
        rows = cast(list[Any], self._redis.xrange(f"ocrq:events:{job_id}", min=f"({after}", count=most))
        return [(_text(row[0]), _text(row[1][b"name"]), _text(row[1][b"data"])) for row in rows]

    def mean_seconds(self) -> float:
        """What a document took lately, smoothed; 1 where none was read yet."""
        mean = cast(bytes | None, self._redis.get("ocrq:mean"))
        return float(mean) if mean else 1.0

    def waiting(self) -> dict[str, int]:
        """Documents that wait, by queue."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.zcard(f"ocrq:queued:{queue}")
        return dict(zip(QUEUES, pipeline.execute(), strict=True))

    def _now(self) -> float:
        seconds, micros = self._redis.time()
        return seconds + micros / 1e6


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _id(value: Any) -> str | None:
    return _text(value) if value else None
