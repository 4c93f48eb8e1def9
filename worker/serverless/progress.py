"""Progress told to the platform: the latest word, not too often, and nothing more once the job's answer is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

Tell = Callable[[dict[str, Any]], Awaitable[None]]

LAST_WORD_SECONDS = 5.0  # how long the answer waits for a word that is on its way

log = logging.getLogger(__name__)


class Progress:
    """Tells how far a job is, while the block runs.

    RunPod takes progress and answers at one address: a word that arrives after the answer would set the job back to
    running. So the block ends only when the word that is on its way has arrived, or was called back.

    Args:
        tell: Sends one word.
        unit: What is counted.
        seconds: At least so long between two words.
    """

    def __init__(self, tell: Tell | None, unit: str, seconds: float) -> None:
        self._tell = tell
        self._unit = unit
        self._seconds = seconds
        self._latest = (0, 0)
        self._news = asyncio.Event()
        self._sending = asyncio.Lock()
        self._teller: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Progress:
        """Begin to tell."""
        self._loop = asyncio.get_running_loop()
        if self._tell is not None:
            self._teller = asyncio.create_task(self._keep_telling(self._tell))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End: nothing is sent after this returns."""
        if self._teller is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sending.acquire(), LAST_WORD_SECONDS)
        self._teller.cancel()
        await asyncio.wait({self._teller})

    def note(self, done: int, total: int) -> None:
        """How far it is; called from the thread that reads."""
        self._latest = (done, total)
        self._loop.call_soon_threadsafe(self._news.set)

    async def _keep_telling(self, tell: Tell) -> None:
        while True:
            await asyncio.sleep(self._seconds)  # first of all: of a job that ends sooner nothing need be told
            await self._news.wait()
            self._news.clear()
            done, total = self._latest
            async with self._sending:
                try:
                    await tell({"done": done, "total": total, "unit": self._unit})
                except Exception as error:  # the job does not hang on it
                    log.warning("progress could not be told: %s", error)
