"""One answer a job, however often the platform delivers it to this process."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Answer = dict[str, Any]

KEPT = 64  # last answers
KEPT_BYTES = 1_000_000  # of an answer that is kept; so 64 MB at most


class JobDeduplicator:
    """Joins deliveries of the same job, and remembers what succeeded.

    The platform delivers a job again where it heard nothing of it: the answer got lost, or comes late. Read again
    are only jobs that failed, since a caller may ask for that.
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Answer]] = {}
        self._kept: OrderedDict[str, str] = OrderedDict()

    async def once(self, job: Mapping[str, Any], make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The job's answer: being made, kept, or made now."""
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
            outcome.cancel()  # who joined is stopped, too
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
    """Equal for one job alone: an id that a caller made up must not bring another's answer."""
    told = json.dumps([job.get("id"), job.get("input")], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
