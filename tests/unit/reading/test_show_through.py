"""Print that shows through from a sheet's other side is not read."""

from __future__ import annotations

import numpy as np

from tasks.runner import ReadContext
from tests.unit.reading.test_losses import LINES, page_of
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.page import PageImage
from worker.reading.plain import PlainPipeline

BEHIND = [
    "Annual statement of the harbour office",
    "Income from moorings and from cranes",
    "rose by a tenth over the former year",
    "while the cost of dredging fell again",
]


def test_mirrored_print_from_the_other_side_is_left_out(engine: RapidOcrEngine) -> None:
    front = page_of([*LINES, *[" "] * 5])
    behind = page_of([*[" "] * 9, *BEHIND])[:, ::-1]
    faint = np.asarray(255 - (255 - behind.astype(np.float32)) * 0.3, np.uint8)
    read = PlainPipeline(engine, engine).read_pages([PageImage(1, np.minimum(front, faint))], ReadContext())[0]
    assert [line.text for line in read.page.lines] == LINES
    assert not read.warnings


def test_faint_print_that_is_not_mirrored_is_read(engine: RapidOcrEngine) -> None:
    front = page_of([*LINES, *[" "] * 5])
    faint = np.asarray(255 - (255 - page_of([*[" "] * 9, *BEHIND]).astype(np.float32)) * 0.3, np.uint8)
    read = PlainPipeline(engine, engine).read_page(PageImage(1, np.minimum(front, faint)), ReadContext())
    assert [line.text for line in read.lines] == [*LINES, *BEHIND]
