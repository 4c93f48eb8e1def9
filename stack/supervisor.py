"""Keeps the parts alive: restarts what dies, gives up on what cannot start, stops all in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from ocrq.errors import ServiceError
from stack import logs
from stack.part import LONGEST_DELAY, Part, PartSpec
from stack.watchdog import Watchdog

POLL_SECONDS = 0.2  # how soon a death, or Ctrl-C, is noticed
_STOP_POLL_SECONDS = 0.05
_LOG_SECONDS = 60.0  # how often the logs' sizes are looked at
_KILL_FLUSH_SECONDS = 1.0  # what Redis gets to flush when all is killed at once

ProgressUpdate = Callable[[str], None]


class Supervisor:
    """The parts of one stack, in the order they were started."""

    def __init__(self, report: ProgressUpdate) -> None:
        self._report = report
        self._parts: list[Part] = []
        self._watchdog = Watchdog()
        self._watchdog.check()
        self._logs_at = time.monotonic()
        self.settled = False
        """Whether the stack was ready once."""

    def start(self, spec: PartSpec, delay: float = 0.0) -> Part:
        """Start a part, in ``delay`` seconds or once :meth:`start_delayed` is called, and watch it from then on."""
        part = Part(spec, self._watchdog)
        self._parts.append(part)
        if delay:
            part.due_at = time.monotonic() + delay
        else:
            part.start()
        return part

    def start_delayed(self) -> None:
        """Start what still waits for its first start."""
        for part in self._parts:
            if part.due_at is not None and not part.started_at:
                part.start()

    def check(self) -> None:
        """Start again what has died and is due; call it every :data:`POLL_SECONDS`.

        Raises:
            ServiceError: A part died too often right after its start; the detail shows the end of its log.
        """
        self._watchdog.check()
        now = time.monotonic()
        for part in self._parts:
            status = part.poll()
            if status is not None:
                self._note_death(part, status, now)
            elif part.due_at is not None and now >= part.due_at:
                self._restart(part, now)
        if now - self._logs_at >= _LOG_SECONDS:
            self._logs_at = now
            for part in self._parts:
                logs.bound(part.spec.log)

    def _restart(self, part: Part, now: float) -> None:
        try:
            part.start()
        except OSError as error:  # no process or no memory to be had, or no room for its log
            self._report(
                f"{part.spec.title} cannot be started now ({error.strerror}); trying again in {LONGEST_DELAY:g} s"
            )
            part.due_at = now + LONGEST_DELAY

    def _note_death(self, part: Part, status: int, now: float) -> None:
        delay = part.restarts.died(now - part.started_at, status, self.settled)
        ended = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        if delay is None:
            raise ServiceError(
                f"{part.spec.title} {ended}, {part.restarts.failed} times in a row, and will not start; the end of its "
                f"log, {part.spec.log}:\n{logs.tail(part.spec.log)}"
            )
        self._report(f"{part.spec.title} {ended}; starting it again in {delay:g} s (log: {part.spec.log})")
        part.due_at = now + delay

    def stop(self, kill_now: Callable[[], bool]) -> None:
        """Stop the parts, the last started first, each within its time; nothing of them is left when this returns.

        Args:
            kill_now: Asked again and again: whether to kill what is left instead of waiting.
        """
        for part in reversed(self._parts):
            part.due_at = None
            part.ask_to_stop()
            if not self._ends_within(part, part.spec.stop_seconds, kill_now) and part.spec.requeue_seconds:
                part.ask_to_requeue()
                self._ends_within(part, part.spec.requeue_seconds, kill_now)
            part.kill()
        self._watchdog.close()

    @staticmethod
    def _ends_within(part: Part, seconds: float, kill_now: Callable[[], bool]) -> bool:
        asked = time.monotonic()
        while not part.ended():
            flush_seconds = _KILL_FLUSH_SECONDS if part.spec.kind == "ask" else 0.0
            if time.monotonic() >= asked + (flush_seconds if kill_now() else seconds):
                return False
            time.sleep(_STOP_POLL_SECONDS)
        return True
