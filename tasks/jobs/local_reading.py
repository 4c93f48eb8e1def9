"""Reading a document unit by unit in this process, with its pages told as they are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ocrq.contracts import Page
from tasks.jobs.backend import Submission
from tasks.runner import ReadContext, Runner, UnitReading
from tasks.stopping import stops_reported

Tell = Callable[[int, int, Sequence[Page]], None]


@stops_reported()
def read_in_units(runner: Runner, submission: Submission, context: ReadContext, tell: Tell) -> dict[str, Any]:
    """As :func:`tasks.runner.run_inline`, telling more.

    Args:
        runner: Reads.
        submission: What to read.
        context: Its ``progress`` is not asked; ``tell`` is.
        tell: Told pages done, pages in all, and the pages of a unit once it is read.
    """
    what = (submission.operation, submission.request, submission.document)
    started = time.monotonic()
    plan = runner.plan(*what)
    done, total = 0, len(plan.pages)
    tell(done, total, ())
    readings: list[UnitReading] = []
    for pages in plan.slices:
        context.check()
        within = replace(context, progress=partial(_tell_within, tell, done, total))
        readings.append(runner.read(*what, pages, within))
        done += len(pages)
        tell(done, total, readings[-1].pages)
    return runner.assemble(*what, readings, time.monotonic() - started, context)


def _tell_within(tell: Tell, before: int, total: int, done: int, _unit_pages: int) -> None:
    """A unit's own progress, as the document's."""
    tell(before + done, total, ())
