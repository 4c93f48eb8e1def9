"""The queues as metrics and autoscalers see them: messages that wait, and how long the oldest document has."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from tasks.jobs.ledger import PRIORITY_SUFFIXES, QUEUES
from tasks.monitoring.metrics import OwnersQueue


class QueueMeasures:
    """Reads the queues. Every method raises ``redis.RedisError`` where it fails."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def messages(self) -> dict[str, int]:
        """Messages that wait, by queue: of documents, and of parts of documents."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            for suffix in PRIORITY_SUFFIXES:
                pipeline.llen(queue + suffix)
        lengths = pipeline.execute()
        lists = len(PRIORITY_SUFFIXES)
        return {queue: sum(lengths[at * lists : (at + 1) * lists]) for at, queue in enumerate(QUEUES)}

    def oldest(self) -> dict[str, float]:
        """How many seconds the oldest document of each queue has waited; 0 for an empty one."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.zrange(f"ocrq:queued:{queue}", 0, 0, withscores=True)
        seconds, micros = self._redis.time()
        now = seconds + micros / 1e6
        firsts = zip(QUEUES, pipeline.execute(), strict=True)
        return {queue: max(0.0, now - first[0][1]) if first else 0.0 for queue, first in firsts}

    def by_owners(self) -> list[OwnersQueue]:
        """What waits in each queue, by class of owner."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.zrange(f"ocrq:owners:{queue}", 0, -1)
        found = pipeline.execute()
        lines = [(queue, owner.decode()) for queue, owners in zip(QUEUES, found, strict=True) for owner in owners]
        waiting = self._lines(lines)
        measured = []
        for queue in QUEUES:
            for kind in ("key", "none"):
                some = [waiting[line] for line in lines if line[0] == queue and (kind == "key") == bool(line[1])]
                oldest = max((age for _, age in some), default=0.0)
                measured.append(OwnersQueue(queue, kind, sum(jobs for jobs, _ in some), oldest))
        return measured

    def _lines(self, lines: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, float]]:
        """How many jobs wait in each owner's line, and for how long its first has."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue, owner in lines:
            pipeline.zcard(f"ocrq:line:{queue}:{owner}")
            pipeline.zrange(f"ocrq:line:{queue}:{owner}", 0, 0)
        pipeline.time()
        *found, (seconds, micros) = pipeline.execute()
        for first in found[1::2]:
            pipeline.hget(f"ocrq:job:{first[0].decode() if first else ''}", "created")
        created = pipeline.execute()
        now = seconds + micros / 1e6
        ages = [max(0.0, now - float(since)) if since else 0.0 for since in created]
        return dict(zip(lines, zip(found[::2], ages, strict=True), strict=True))
