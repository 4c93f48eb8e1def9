"""The parts' log files: appended to, bounded in size, and shown from their end when a part fails."""

from __future__ import annotations

import shutil
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024  # of one file; with the one before it, a part's logs stay under twice this
TAIL_LINES = 15
_TAIL_BYTES = 8 * 1024  # holds 15 long lines


def bound(log: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move a log's content to ``NAME.1`` once it is over ``max_bytes``.

    The file is copied and emptied, not renamed: the part keeps writing to the one it has open, and appends.
    """
    try:
        if log.stat().st_size <= max_bytes:
            return
    except FileNotFoundError:
        return
    copy = log.with_name(log.name + ".1")
    try:
        shutil.copyfile(log, copy)
    except OSError:  # a full disk has no room for the copy; the room is needed more
        copy.unlink(missing_ok=True)
    with log.open("r+b") as file:
        file.truncate(0)


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """A log's last lines, each indented; a note if there are none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            content = file.read().decode(errors="replace")
    except FileNotFoundError:
        content = ""
    kept = [line for line in content.splitlines() if line.strip()][-lines:]
    return "\n".join(f"    {line}" for line in kept) or "    (it wrote nothing)"
