"""Sessions of processes, as /proc knows them: each part of the stack is one, its children included."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

_STATE, _SESSION = 0, 3  # places in /proc/PID/stat after the command's closing bracket
_GONE_STATES = frozenset("ZX")
_POLL_SECONDS = 0.02  # a process that was killed is gone within milliseconds


def members(session: int) -> list[int]:
    """The pids of a session's living processes (zombies are not living)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_bytes()
        except OSError:  # it ended while we looked
            continue
        facts = stat[stat.rindex(b")") + 2 :].split()
        if int(facts[_SESSION]) == session and facts[_STATE].decode() not in _GONE_STATES:
            found.append(int(entry.name))
    return found


def send(session: int, number: signal.Signals) -> list[int]:
    """Send a signal to every process of a session; returns those that were there."""
    there = members(session)
    for pid in there:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return there


def kill(session: int, seconds: float = 5.0) -> bool:
    """SIGKILL a session until nothing of it is left, children it forks meanwhile included.

    Returns:
        Whether it is gone: a process that waits for a disk may outlast ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while send(session, signal.SIGKILL):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
