"""Numbers that grow: counted in each process, and added up for all of them in one hash of Redis.

A series is written ``name|label=value|label=value``; the ledger's scripts write the same. Processes come and go (a
prefork child is replaced often), so nobody scrapes them: what they counted goes to Redis with their heartbeats, every
two seconds, and every API process that is scraped exports the sums.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import cast

import redis

KEY = "ocrq:metrics"
BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Upper bounds of the histograms in seconds; `common.lua` has the same."""


def series(name: str, labels: Mapping[str, str]) -> str:
    """A series as it is kept."""
    return "|".join([name, *(f"{label}={value.replace('|', '_')}" for label, value in labels.items())])


class Counters:
    """What one process counted since it was last taken. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grown: defaultdict[str, float] = defaultdict(float)

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Count."""
        key = series(name, labels)
        with self._lock:
            self._grown[key] += amount

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Count a duration in its bucket and its sum."""
        bound = next((f"{bound:g}" for bound in BUCKETS if seconds <= bound), "inf")
        self.add(name, 1.0, le=bound, **labels)
        self.add(f"{name}_sum", seconds, **labels)

    def snapshot(self) -> dict[str, float]:
        """What was counted, which stays counted."""
        with self._lock:
            return dict(self._grown)

    def take(self) -> dict[str, float]:
        """What was counted, which is counted from zero again."""
        with self._lock:
            grown, self._grown = self._grown, defaultdict(float)
        return grown

    def restore(self, grown: Mapping[str, float]) -> None:
        """Count again what could not be handed on."""
        with self._lock:
            for key, amount in grown.items():
                self._grown[key] += amount


COUNTERS = Counters()
"""This process's."""


class SharedCounters:
    """The sums of all processes, in Redis. Every method raises ``redis.RedisError`` where it fails."""

    def __init__(self, client: redis.Redis, counters: Counters = COUNTERS) -> None:
        self._redis = client
        self._counters = counters

    def flush(self) -> None:
        """Add what this process counted."""
        grown = self._counters.take()
        if not grown:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for key, amount in grown.items():
            pipeline.hincrbyfloat(KEY, key, amount)
        try:
            pipeline.execute()
        except redis.RedisError:
            self._counters.restore(grown)
            raise

    def sums(self) -> dict[str, float]:
        """The sums."""
        kept = cast(dict[bytes, bytes], self._redis.hgetall(KEY))
        return {key.decode(): float(value) for key, value in kept.items()}
