"""One of several processes does a job at a time: who holds a key in Redis, and renews it."""

from __future__ import annotations

import redis

LEADER_SECONDS = 10  # how long the lead of a process that died is kept


class LeaderLock:
    """The lead of a task among the processes that share its key."""

    def __init__(self, client: redis.Redis, key: str, name: str) -> None:
        self._redis = client
        self._key = key
        self._me = name.encode()

    def hold(self) -> bool:
        """Become the leader, or stay it; False while another has it. To be called again within ``LEADER_SECONDS``."""
        if self._redis.set(self._key, self._me, nx=True, ex=LEADER_SECONDS):
            return True
        if self._redis.get(self._key) != self._me:
            return False
        return bool(self._redis.expire(self._key, LEADER_SECONDS))

    def give_up(self) -> None:
        """Let another lead at once."""
        if self._redis.get(self._key) == self._me:
            self._redis.delete(self._key)
