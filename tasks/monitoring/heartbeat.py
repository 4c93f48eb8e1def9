"""The workers' heartbeats: what each reading process says of itself every two seconds, and who is alive by it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import cast

import redis

from tasks.catalogue import POOLS, Pool, Reads
from tasks.monitoring.counters import SharedCounters

HEARTBEAT_SECONDS = 2.0
SILENT_SECONDS = 8.0  # four beats missed: the process is dead, or frozen, which is the same to a caller

_TIMES = "ocrq:beats"
_FACTS = "ocrq:beat"


@dataclass(frozen=True)
class Heartbeat:
    """What one reading process says.

    Attributes:
        worker: ``host:pid``.
        pool: Whose queues it reads; ``all`` for those of every pool.
        models: Names of the models in its memory.
        gpu: Whether it reads on a GPU.
        rss: Bytes of memory it holds.
        busy: Id of the job it reads; None while idle.
        gpu_memory: ``{"gpu_used", "gpu_total"}`` of that GPU in bytes, once a model is on it.
        refused: Names of models that it could not load lately.
        device: Which GPU, ``host:number``; processes may share one.
    """

    worker: str
    pool: Reads
    models: tuple[str, ...] = ()
    gpu: bool = False
    rss: int = 0
    busy: str | None = None
    gpu_memory: Mapping[str, int] = field(default_factory=dict)
    device: str = ""
    refused: tuple[str, ...] = ()

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools whose queues it reads."""
        return POOLS if self.pool == "all" else (self.pool,)


def live_pools(beats: Sequence[Heartbeat]) -> frozenset[Pool]:
    """The pools that have a living worker."""
    return frozenset(pool for beat in beats for pool in beat.pools)


class Heartbeats:
    """Written by the reading processes, read by the API and the control worker."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._counters = SharedCounters(client)

    def beat(self, beat: Heartbeat) -> None:
        """Say that this process lives, and what it has counted."""
        pipeline = self._redis.pipeline()
        pipeline.zadd(_TIMES, {beat.worker: self._now()})
        pipeline.hset(_FACTS, beat.worker, json.dumps(asdict(beat)))
        pipeline.execute()
        self._counters.flush()

    def stop(self, worker: str) -> None:
        """Say that this process ends, and what it has counted."""
        self._counters.flush()
        pipeline = self._redis.pipeline()
        pipeline.zrem(_TIMES, worker)
        pipeline.hdel(_FACTS, worker)
        pipeline.execute()

    def live(self) -> list[Heartbeat]:
        """The processes heard of lately."""
        names = self._redis.zrangebyscore(_TIMES, self._now() - SILENT_SECONDS, "+inf")
        if not names:
            return []
        facts = cast(list[bytes | None], self._redis.hmget(_FACTS, [cast(bytes, name).decode() for name in names]))
        return [_read(fact) for fact in facts if fact]

    def forget_silent(self) -> None:
        """Remove what is left of processes that ended without a word."""
        gone = self._redis.zrangebyscore(_TIMES, "-inf", self._now() - 10 * SILENT_SECONDS)
        for name in gone:
            self.stop(cast(bytes, name).decode())

    def _now(self) -> float:
        seconds, micros = self._redis.time()
        return seconds + micros / 1e6


def _read(fact: bytes) -> Heartbeat:
    data = json.loads(fact)
    return Heartbeat(**{**data, "models": tuple(data["models"]), "refused": tuple(data.get("refused", ()))})
