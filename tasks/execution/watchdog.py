"""Ends a reading process that does not stop: its worker starts another one, and the job is read there."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time

_ARM_SECONDS = 1.0  # between two signs of life
SPENT = 70  # exit status of a process that cannot go on: EX_SOFTWARE

log = logging.getLogger(__name__)


class Watchdog:
    """See the module. For a process that runs one job at a time.

    Args:
        stop_seconds: That a run may go on after its lease was lost: it was cancelled, or taken over.
        still_seconds: That no thread of the process may run, as where a library holds the interpreter in a loop. A
            thread of C, which needs no interpreter, ends the process then, and shows where it hangs.
    """

    def __init__(self, stop_seconds: float, still_seconds: float) -> None:
        self._stop_seconds = stop_seconds
        self._still_seconds = still_seconds
        self._armed_at = 0.0

    def alive(self) -> None:
        """Called again and again: a thread of this process runs."""
        now = time.monotonic()
        if now - self._armed_at >= _ARM_SECONDS:
            faulthandler.dump_traceback_later(self._still_seconds, exit=True)
            self._armed_at = now

    def check(self, job_id: str, seconds: float) -> None:
        """End this process if a run has gone on for too long after it should have stopped."""
        if seconds > self._stop_seconds:
            log.critical("job %s did not stop within %g s; this process exits, to be replaced", job_id, seconds)
            sys.stderr.flush()
            os._exit(SPENT)

    def stop(self) -> None:
        """No sign of life comes any more, as the process is ending."""
        faulthandler.cancel_dump_traceback_later()
