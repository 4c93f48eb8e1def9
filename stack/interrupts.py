"""Ctrl-C, SIGTERM and SIGHUP as something to ask about, not to be torn out of work by."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any


class Interrupts:
    """While entered, counts the requests to stop: the first asks for it, the second asks to stop at once."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._count = 0
        self._before: dict[signal.Signals, Any] = {}

    def asked(self) -> bool:
        """Whether to stop."""
        return self._count > 0

    def kill_now(self) -> bool:
        """Whether to stop without waiting for anything."""
        return self._count > 1

    def __enter__(self) -> Interrupts:
        for number in self._NUMBERS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
