"""What became of a job: one line in the log, and its pages in the counters."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tasks.monitoring.counters import COUNTERS
from tasks.runner import UnitReading

log = logging.getLogger("ocrq.jobs")


def counted(reading: UnitReading) -> UnitReading:
    """Count the pages of a unit that was read."""
    failed = sum(page.error is not None for page in reading.pages)
    engine = reading.served_by or "none"
    if read := len(reading.pages) - failed:
        COUNTERS.add("pages", read, engine=engine)
    if failed:
        COUNTERS.add("pages_failed", failed, engine=engine)
    return reading


def log_end(job_id: str, pages: int, seconds: float, readings: Sequence[UnitReading], cached: bool) -> None:
    """Say that a job succeeded: pages, seconds since its start, engine."""
    engine = ", ".join(sorted({reading.served_by for reading in readings if reading.served_by})) or "no engine"
    how = " from the cache" if cached else ""
    log.info(
        "job %s succeeded%s: %d page%s in %.2f s by %s",
        job_id,
        how,
        pages,
        "" if pages == 1 else "s",
        seconds,
        engine,
        extra={"end": "succeeded", "pages": pages, "seconds": round(seconds, 3), "engine": engine, "cached": cached},
    )
