"""The queues as metrics and autoscalers see them: messages that wait, and how long the oldest document has."""

from __future__ import annotations

import redis

from tasks.jobs.ledger import PRIORITY_SUFFIXES, QUEUES


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
