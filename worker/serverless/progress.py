"""Progress updates to the platform: rate-limited, and none after the job's answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

SendProgress = Callable[[dict[str, Any]], Awaitable[None]]

LAST_UPDATE_SECONDS = 5.0  # the answer waits this long for an update that is being sent

log = logging.getLogger(__name__)


class Progress:
    """Sends a job's progress while the block runs.

    RunPod takes progress and answers at one address: an update that arrives after the answer would set the job back to
    running. So the block ends only when the update being sent has arrived or was cancelled.

    Args:
        send: Sends one update.
        unit: Of the counts.
        seconds: Least time between two updates.
    """

    def __init__(self, send: SendProgress | None, unit: str, seconds: float) -> None:
        self._send = send
        self._unit = unit
        self._seconds = seconds
        self._latest = (0, 0)
        self._updated = asyncio.Event()
        self._sending = asyncio.Lock()
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Progress:
        """Begin to send."""
        self._loop = asyncio.get_running_loop()
        if self._send is not None:
            self._sender = asyncio.create_task(self._send_updates(self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        """End: nothing is sent after this returns."""
        if self._sender is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sending.acquire(), LAST_UPDATE_SECONDS)
        self._sender.cancel()
        await asyncio.wait({self._sender})

    def note(self, done: int, total: int) -> None:
        """Note the progress; called from the thread that reads."""
        self._latest = (done, total)
        self._loop.call_soon_threadsafe(self._updated.set)

    async def _send_updates(self, send: SendProgress) -> None:
        while True:
            await asyncio.sleep(self._seconds)  # first: a job that ends sooner needs no update
            await self._updated.wait()
            self._updated.clear()
            done, total = self._latest
            async with self._sending:
                try:
                    await send({"done": done, "total": total, "unit": self._unit})
                except Exception as error:  # the job does not depend on it
                    log.warning("progress could not be sent: %s", error)
