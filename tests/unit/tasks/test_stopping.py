"""A stop passes everything that handles failures, and is an ordinary error outside."""

from __future__ import annotations

import time

import pytest

from ocrq.contracts import ReadRequest
from ocrq.errors import JobCancelled, OcrqError, TimeLimitExceeded, WorkerSpent
from tasks.documents.submission import Submission
from tasks.runner import ReadContext, run_inline
from tasks.stopping import ReadStopped, stops_reported
from tests.documents import as_png, text_page
from tests.page_runner import PageRunner
from tests.stops import stops


def test_a_handler_of_exceptions_does_not_swallow_a_stop() -> None:
    with stops(JobCancelled):
        try:
            ReadContext(cancelled=lambda: True).check()
        except Exception:
            pytest.fail("swallowed")


def test_a_deadline_that_has_passed_stops() -> None:
    with stops(TimeLimitExceeded):
        ReadContext(deadline=time.monotonic() - 1).check()


def test_the_reported_error_is_raised_in_its_place() -> None:
    @stops_reported()
    def read() -> None:
        raise ReadStopped(WorkerSpent("no memory"))

    for _ in range(2):
        with pytest.raises(WorkerSpent, match="no memory"):
            read()


@pytest.mark.parametrize("error", [JobCancelled("cancelled"), WorkerSpent("no memory")])
def test_a_direct_call_reports_it(error: OcrqError) -> None:
    runner, image = PageRunner(fail=ReadStopped(error)), as_png(text_page(["text"]))
    with pytest.raises(type(error)):
        run_inline(runner, Submission("extract_text", ReadRequest(), image), ReadContext())
