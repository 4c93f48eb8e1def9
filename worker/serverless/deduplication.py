"""One answer per job, however often the platform delivers it to this process."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Answer = dict[str, Any]

KEPT = 64  # last answers
KEPT_BYTES = 1_000_000  # of a kept answer; 64 MB in all at most


class JobDeduplicator:
    """Joins deliveries of the same job, and keeps successful answers.

    The platform delivers a job again where its answer was lost or is late. Only failed jobs are read again, since a
    caller may retry them.
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Answer]] = {}
        self._kept: OrderedDict[str, str] = OrderedDict()

    async def once(self, job: Mapping[str, Any], make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The job's answer: the kept one, the one in progress, or a new one."""
        key = _key(job)
        if (kept := self._kept.get(key)) is not None:
            answer: Answer = json.loads(kept)
            return answer
        running = self._running.get(key)
        if running is not None:
            return dict(await asyncio.shield(running))
        self._running[key] = outcome = asyncio.get_running_loop().create_future()
        try:
            answer = await make()
        except BaseException:
            outcome.cancel()  # joined deliveries are cancelled, too
            raise
        else:
            outcome.set_result(dict(answer))
            self._keep(key, answer)
            return answer
        finally:
            del self._running[key]

    def _keep(self, key: str, answer: Answer) -> None:
        if "error" in answer:
            return
        text = json.dumps(answer)
        if len(text) <= KEPT_BYTES:
            self._kept[key] = text
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _key(job: Mapping[str, Any]) -> str:
    """Unique to a job: an id that a caller chose must not return another job's answer."""
    identity = json.dumps([job.get("id"), job.get("input")], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()
