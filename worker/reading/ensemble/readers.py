"""The readers for a page's lines: for the first reading, for variants, and for a second opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.imaging.prepare import Prepared
from worker.page import LineReading, Pixels

BLURRED = 1.1
"""Pixels of blur from which coarse crops are read better; scans in focus have about 0.8, and few over 1."""

COARSE_ROWS = 18
"""Pixels: the height to which blurred lines are brought for a reader trained on sharp ones: the detail left by blur
fits on fewer pixels. 14 to 24 all gained on blurred pages, 18 most."""


@dataclass(frozen=True)
class Readers:
    """The readers of a page.

    Attributes:
        first: Reads every line.
        again: Reads variants of uncertain lines.
        second: Confuses other characters, with the same accuracy; None where there is none.
        coarse: Whether ``again`` reads coarse crops of this page better.
    """

    first: LineReader
    again: LineReader
    second: LineReader | None = None
    coarse: bool = False


class CoarseReader(LineReader):
    """A line reader that reads every line at a small height.

    Args:
        reader: Reads.
    """

    def __init__(self, reader: LineReader) -> None:
        self.info = reader.info
        self._reader = reader

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """See :class:`worker.engines.protocols.LineReader`."""
        return self._reader.read([coarse(crop, COARSE_ROWS) for crop in crops], context)


def readers_for(reader: LineReader, prepared: Prepared) -> Readers:
    """The readers for a page of this degradation."""
    blurred = prepared.degradation.blur >= BLURRED
    if reader.degraded_reader is None:
        return Readers(CoarseReader(reader) if blurred else reader, reader, reader.second_opinion, blurred)
    if prepared.degraded:  # no second opinion here, which errs too often: with its vote .006 of word F1 was lost
        return Readers(reader.degraded_reader, reader.degraded_reader)
    return Readers(reader, reader, reader.second_opinion, coarse=blurred)


def coarse(crop: Pixels, rows: int) -> Pixels:
    """The crop scaled down to a number of rows, its aspect ratio kept; unchanged where it has no more."""
    height, width = crop.shape[:2]
    if height <= rows:
        return crop
    size = (max(1, round(width * rows / height)), rows)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
