"""The process that cleans up after a supervisor that was killed: when its pipe closes, its parts die.

``python -m stack.watchdog`` reads lines from standard input: ``+SESSION KIND`` when a part starts and
``-SESSION`` when one is gone; KIND is ``kill``, or ``ask`` for one that is asked first (Redis, which flushes).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from stack import sessions

ASK_SECONDS = 3.0  # Redis flushes its log and ends in milliseconds; a slow disk may take longer
_POLL_SECONDS = 0.05


def watch(lines: Iterable[str]) -> dict[int, str]:
    """Follow the supervisor until its pipe closes; returns the sessions it left, with their kinds."""
    living: dict[int, str] = {}
    for line in lines:
        session, _, kind = line[1:].strip().partition(" ")
        if line.startswith("+"):
            living[int(session)] = kind
        else:
            living.pop(int(session), None)
    return living


def clean_up(living: dict[int, str]) -> None:
    """End every session that was left; those of kind ``ask`` get a moment to end by themselves."""
    asked = [session for session, kind in living.items() if kind == "ask"]
    for session in living:
        if session not in asked:
            sessions.kill(session)
    for session in asked:
        sessions.send(session, signal.SIGTERM)
    deadline = time.monotonic() + ASK_SECONDS
    while any(sessions.members(session) for session in asked) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for session in asked:
        sessions.kill(session)


class Watchdog:
    """The supervisor's side: keeps one watchdog process alive and tells it what lives."""

    def __init__(self) -> None:
        self._living: dict[int, str] = {}
        self._process: subprocess.Popen[str] | None = None

    def add(self, session: int, kind: str) -> None:
        """A part has started."""
        self._living[session] = kind
        self._report(f"+{session} {kind}\n")

    def remove(self, session: int) -> None:
        """A part is gone, with all of its session."""
        if self._living.pop(session, None) is not None:
            self._report(f"-{session}\n")

    def check(self) -> None:
        """Start the process if it is not there."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stack.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).absolute().parents[1],
        )
        for session, kind in self._living.items():
            self._write(self._process.stdin, f"+{session} {kind}\n")

    def close(self) -> None:
        """Let it go: it ends what is still on its list, and then itself."""
        if self._process is not None:
            if self._process.stdin:
                self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _report(self, line: str) -> None:
        if self._process is not None:
            self._write(self._process.stdin, line)

    @staticmethod
    def _write(pipe: IO[str] | None, line: str) -> None:
        if pipe is None:
            return
        try:
            pipe.write(line)
            pipe.flush()
        except (BrokenPipeError, ValueError):  # it was killed; check() starts another and tells it everything
            return


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(_number, signal.SIG_IGN)
    clean_up(watch(sys.stdin))
