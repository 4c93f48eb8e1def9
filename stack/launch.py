"""Become another program that does not outlive its parent. Run by path, with the standard library alone.

    python -I -S launch.py PARENT_PID PROGRAM [ARGUMENT...]

A ``preexec_fn`` would do the same between fork and exec, where a process with threads may deadlock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOT_FOUND = 127  # what shells exit with


def main() -> None:
    """Ask for SIGTERM at the parent's death, then exec."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)
    try:
        os.execvp(program[0], program)
    except OSError as error:
        print(f"cannot start {program[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(NOT_FOUND) from None


if __name__ == "__main__":
    main()
