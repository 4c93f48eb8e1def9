"""A circuit breaker: after repeated failures no requests are sent for a while, and then one as a probe.

Small and of our own: kept packages either know no asyncio, or bring a store of their own (Nygard, *Release It!*, 2007).
"""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 5  # tries in a row, of all pages together, after which the breaker opens
OPEN_SECONDS = 15.0  # before the probe; a server process restarts in about that time


class Breaker:
    """Counts failures in a row. Used from one thread.

    Args:
        failures: After which it opens.
        open_seconds: How long it stays open.
        clock: In seconds.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        open_seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed, self._open_seconds, self._clock = failures, open_seconds, clock
        self._failures = 0
        self._opened: float | None = None
        self._probing = False

    def seconds_left(self) -> float:
        """Seconds until a request may be sent; 0 where it may be sent now.

        After the open time one caller gets 0 and has to report the outcome; until then the others wait.
        """
        if self._opened is None:
            return 0.0
        left = self._opened + self._open_seconds - self._clock()
        if left > 0 or self._probing:
            return max(left, 1.0)
        self._probing = True
        return 0.0

    def succeeded(self) -> None:
        """The server answered."""
        self._failures, self._opened, self._probing = 0, None, False

    def failed(self) -> None:
        """The server did not answer, or reported an error of its own."""
        self._failures += 1
        if self._probing or self._failures >= self._allowed:
            self._opened = self._clock()
        self._probing = False

    def abandoned(self) -> None:
        """A request ended without an outcome: its caller was cancelled."""
        self._probing = False
