"""The order in which the default engine reads a page's lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.runner import ReadContext
from worker.engines.ppocr.engine import RapidOcrLines
from worker.page import LineReading


class Widths:
    """A recogniser that reads how wide a crop is, and keeps the order in which it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, crop: np.ndarray, *_: object) -> LineReading:
        self.asked.append(crop.shape[1])
        return LineReading(str(crop.shape[1]), script="cyrillic" if crop.shape[1] == 40 else None)


def test_lines_of_one_width_are_read_one_after_another_and_returned_in_their_order() -> None:
    recogniser: Any = Widths()
    crops = [np.zeros((10, width, 3), np.uint8) for width in (70, 20, 40, 20, 70, 0)]
    readings = RapidOcrLines(recogniser).read(crops, ReadContext())
    assert [reading.text for reading in readings] == ["70", "20", "40", "20", "70", "0"]
    assert recogniser.asked == [0, 20, 20, 40, 70, 70]
