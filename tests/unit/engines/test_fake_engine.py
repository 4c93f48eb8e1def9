from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from ocrq.errors import JobCancelled, TimeLimitExceeded
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.stops import stops
from worker.engines.fake.engine import FakeEngine, load
from worker.engines.protocols import reads_pages
from worker.page import PageImage


def page(number: int, width: int = 200, height: int = 300) -> PageImage:
    return PageImage(number=number, pixels=np.zeros((height, width, 3), np.uint8))


def test_it_is_a_page_reader_whose_pages_spread_over_workers() -> None:
    engine = FakeEngine()
    assert reads_pages(engine)
    assert (engine.info.name, engine.info.batch_size) == ("fake/fixed", 1)


def test_it_is_loaded_as_slow_as_the_operator_set_it() -> None:
    assert load("fake", Settings(fake_seconds=1.5)).seconds_per_page == 1.5


def test_each_page_says_its_number_in_the_document_and_the_same_every_time() -> None:
    first = FakeEngine().read([page(3), page(7)], None, ReadContext())
    again = FakeEngine().read([page(3), page(7)], "any prompt", ReadContext())
    assert [reading.text.splitlines()[0] for reading in first] == ["Fake reading of page 3", "Fake reading of page 7"]
    assert [reading.text for reading in first] == [reading.text for reading in again]


def test_the_text_is_that_of_the_lines_and_every_character_has_a_probability_and_a_place() -> None:
    (reading,) = FakeEngine().read([page(1)], None, ReadContext())
    assert reading.text == "\n".join(line.reading.text for line in reading.lines)
    for line in reading.lines:
        assert line.reading.probabilities == (0.99,) * len(line.reading.text)
        assert len(line.reading.spans) == len(line.reading.text)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (25, 3000), (2480, 3508), (3000, 20)])
def test_lines_lie_inside_the_page_below_one_another_and_run_clockwise_from_the_top_left(
    width: int, height: int
) -> None:
    (reading,) = FakeEngine().read([page(1, width, height)], None, ReadContext())
    bottom_before = 0.0
    for line in reading.lines:
        (left, top), (right, _), (_, bottom), _ = line.quad.tolist()
        assert 0 < left < right < width
        assert bottom_before < top < bottom < height
        assert line.quad.tolist() == [[left, top], [right, top], [right, bottom], [left, bottom]]
        bottom_before = bottom


def test_pages_take_the_configured_time() -> None:
    started = time.monotonic()
    FakeEngine(seconds_per_page=0.06).read([page(1), page(2)], None, ReadContext())
    assert time.monotonic() - started >= 0.12


def test_a_cancelled_read_stops_in_the_middle_of_a_page() -> None:
    started = time.monotonic()
    context = ReadContext(cancelled=lambda: time.monotonic() - started > 0.1)
    with stops(JobCancelled):
        FakeEngine(seconds_per_page=60).read([page(1)], None, context)
    assert time.monotonic() - started < 10


def test_a_deadline_stops_it_too() -> None:
    with stops(TimeLimitExceeded):
        FakeEngine(seconds_per_page=60).read([page(1)], None, ReadContext(deadline=time.monotonic() + 0.1))


def test_a_read_cancelled_before_it_began_reads_nothing() -> None:
    with stops(JobCancelled):
        FakeEngine().read([page(1)], None, ReadContext(cancelled=lambda: True))


def test_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, worker.engines.fake.engine\n"
        "assert not {'torch', 'cv2', 'openvino', 'rapidocr', 'transformers', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
