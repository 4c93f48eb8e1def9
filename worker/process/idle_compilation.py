"""Compiles what the first pages would wait for, while a reading process has nothing to read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

IDLE_SECONDS = 2.0
"""Without a job, before anything is compiled: between two jobs of a queue there is no time for it, and while a stack
starts its other processes need the cores."""

POLL_SECONDS = 0.5
STOP_SECONDS = 5.0

log = logging.getLogger(__name__)


class IdleCompilation(threading.Thread):
    """See the module; a job that arrives waits for one step at most.

    Args:
        steps: Each ``next`` compiles a little, for less than a tenth of a second.
        idle_seconds: How long no job has run.
    """

    def __init__(self, steps: Iterator[None], idle_seconds: Callable[[], float]) -> None:
        super().__init__(name="idle-compilation", daemon=True)
        self._steps, self._idle_seconds = steps, idle_seconds
        self._ending = threading.Event()

    def stop(self) -> None:
        """End the thread after the step that runs."""
        self._ending.set()
        if self.is_alive():
            self.join(STOP_SECONDS)

    def run(self) -> None:
        """The thread, until nothing is left to compile."""
        pause = POLL_SECONDS
        while not self._ending.wait(pause):
            pause = POLL_SECONDS if self._idle_seconds() < IDLE_SECONDS else 0.0
            if not pause and not self._has_compiled():
                return

    def _has_compiled(self) -> bool:
        try:
            return next(self._steps, self) is not self
        except Exception:
            log.exception("nothing more is compiled ahead; it will be when it is needed")
            return False
