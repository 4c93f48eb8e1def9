"""Blurred lines read small: what blur left of a letter fits on fewer pixels, and reads better there than soft."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.imaging.prepare_wear import Wear
from worker.page import LineReading, Pixels

BLURRED = 1.1
"""Pixels of blur from which a page's lines are read small; scans in focus have about 0.8, and few over 1."""

COARSE_ROWS = 18
"""Pixels: the height to which lines are brought. 14 to 24 all gained on blurred pages, 18 most."""


class CoarseReader:
    """A line reader that sees every line at a small height.

    Args:
        reader: Reads.
    """

    def __init__(self, reader: LineReader) -> None:
        self.name = reader.name
        self._reader = reader

    def read_lines(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """See :class:`worker.engines.protocols.LineReader`."""
        return self._reader.read_lines([coarse(crop, COARSE_ROWS) for crop in crops], context)


def reader_for(reader: LineReader, wear: Wear) -> LineReader:
    """The reader as a page so worn is best read with."""
    return CoarseReader(reader) if wear.blur >= BLURRED else reader


def coarse(crop: Pixels, rows: int) -> Pixels:
    """The crop brought down to a number of rows, its shape kept; as it is where it has no more."""
    height, width = crop.shape[:2]
    if height <= rows:
        return crop
    size = (max(1, round(width * rows / height)), rows)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
