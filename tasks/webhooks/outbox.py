"""The outbox: notices that wait to be sent, and those that were given up.

A notice is written by the ledger's script that ends the job, in the same step, so none is lost between. One that is
taken to be sent is leased: should the sender die, it comes due again, and so may be sent twice, but never not at all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import redis
from pydantic import TypeAdapter

from ocrq.contracts import DeadDelivery, JobStatus

LEASE_SECONDS = 30.0  # three times what one try may take
PER_HOST = 2  # deliveries to one host at a time: a slow one holds up itself
KEEP_SECONDS = 24 * 3600  # a notice waits at least so long, however short the jobs' time to live; as in common.lua
_DEAD = "ocrq:dead_deliveries"
_GROWTH = 4  # each wait is so many times the one before
_LONGEST_SECONDS = 3600.0
_SCRIPTS = Path(__file__).parent / "lua"


@dataclass(frozen=True)
class Schedule:
    """When a delivery is tried again: with the defaults after 5 s, 20 s, 80 s, … 1 h, for two and a half hours.

    Attributes:
        tries: In all, before it is given up.
        first_seconds: Before the second try; each wait is four times the one before, an hour at most.
    """

    tries: int = 8
    first_seconds: float = 5.0

    def wait(self, tried: int) -> float:
        """Seconds until the next try after ``tried`` of them: between a half and all of the wait, by chance."""
        longest = min(_LONGEST_SECONDS, self.first_seconds * float(_GROWTH) ** (tried - 1))
        return longest * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Delivery:
    """A notice of one job's end. Times are seconds since the epoch, by Redis's clock.

    Attributes:
        url: The receiver; it may hold the receiver's own secret, so it is shown to nobody but the job's owner.
        host: Of the URL, with its port.
        tries: Those that failed.
        last: Why the last one did.
    """

    id: str
    job_id: str
    status: JobStatus
    url: str = field(repr=False)
    host: str
    ended: float
    created: float
    started: float | None = None
    error: Mapping[str, Any] | None = None
    tries: int = 0
    last: str = ""

    @classmethod
    def from_hash(cls, delivery_id: str, fields: Mapping[bytes, bytes]) -> Delivery:
        """Read the hash of a delivery."""
        data: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
        data |= {"id": delivery_id, "job_id": data["job"], "started": data["started"] or None}
        return _DELIVERIES.validate_python({**data, "error": json.loads(data["error"]) if data["error"] else None})

    def given_up(self) -> DeadDelivery:
        """As the job's owner sees it."""
        return DeadDelivery(
            id=self.id,
            job_id=self.job_id,
            status=self.status,
            host=self.host,
            ended_at=datetime.fromtimestamp(self.ended, UTC),
            tries=self.tries,
            last_error=self.last,
        )

    def body(self) -> bytes:
        """What is sent: the same bytes at every try."""
        notice = {
            "id": self.id,
            "type": f"job.{self.status}",
            "created_at": _moment(self.ended),
            "job": {
                "id": self.job_id,
                "status": self.status,
                "created_at": _moment(self.created),
                "started_at": _moment(self.started) if self.started else None,
                "finished_at": _moment(self.ended),
                "error": self.error,
                "url": f"/jobs/{self.job_id}",
            },
        }
        return json.dumps(notice, ensure_ascii=False, separators=(",", ":")).encode()


_DELIVERIES = TypeAdapter(Delivery)


class Outbox:
    """See the module. All methods raise ``redis.RedisError`` where Redis does not answer."""

    def __init__(self, client: redis.Redis, ttl: int, schedule: Schedule | None = None) -> None:
        self._redis = client
        self._ttl = ttl
        self._schedule = schedule or Schedule()
        self._scripts = {path.stem: client.register_script(path.read_text()) for path in sorted(_SCRIPTS.glob("*.lua"))}

    def take(self, at_most: int, sending: Mapping[str, int] | None = None) -> list[Delivery]:
        """Lease what is due.

        Args:
            at_most: How many in all.
            sending: How many are being sent to each host already.
        """
        rows = self._call("take", LEASE_SECONDS, PER_HOST, at_most, json.dumps(dict(sending or {})))
        pairs = [(row[0].decode(), dict(zip(row[1][::2], row[1][1::2], strict=True))) for row in rows]
        return [Delivery.from_hash(delivery_id, fields) for delivery_id, fields in pairs]

    def sent(self, delivery: Delivery) -> None:
        """It has arrived: forget it."""
        with self._redis.pipeline() as pipeline:
            pipeline.zrem(f"ocrq:outbox:{delivery.host}", delivery.id)
            pipeline.zrem(_DEAD, delivery.id)
            pipeline.delete(f"ocrq:delivery:{delivery.id}")
            pipeline.execute()

    def failed(self, delivery: Delivery, why: str) -> bool:
        """It has not arrived: try again later. Returns False where it was given up now."""
        wait = self._schedule.wait(delivery.tries + 1)
        answer = self._call("failed", delivery.id, why, wait, self._schedule.tries, self._ttl)
        return bool(answer != b"dead")

    def dead(self, at_most: int = 100) -> list[Delivery]:
        """Those given up and not expired yet, the latest first."""
        seconds, _ = self._redis.time()
        self._redis.zremrangebyscore(_DEAD, "-inf", seconds - self._ttl)
        found = []
        for delivery_id in cast(list[bytes], self._redis.zrevrange(_DEAD, 0, at_most - 1)):
            fields = cast(dict[bytes, bytes], self._redis.hgetall(f"ocrq:delivery:{delivery_id.decode()}"))
            if fields:
                found.append(Delivery.from_hash(delivery_id.decode(), fields))
        return found

    def retry(self, delivery_id: str) -> bool:
        """Send one that was given up again, with all its tries; False for an id that is not among :meth:`dead`."""
        return bool(self._call("retry", delivery_id, max(self._ttl, KEEP_SECONDS)))

    def _call(self, script: str, *args: str | float) -> Any:
        return self._scripts[script](args=list(args))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
