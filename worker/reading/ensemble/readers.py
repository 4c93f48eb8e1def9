"""Which reader sees a page's lines first, and which one is asked for a second opinion."""

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
"""Pixels of blur from which coarse crops show more; scans in focus have about 0.8, and few over 1."""

COARSE_ROWS = 18
"""Pixels: the height to which blurred lines are brought for a reader that knows sharp ones only: what blur left of a
letter fits on fewer pixels. 14 to 24 all gained on blurred pages, 18 most."""


@dataclass(frozen=True)
class Readers:
    """The readers of a page.

    Attributes:
        first: Reads every line.
        again: Reads variants of unsure lines.
        second: Errs on other letters, and about as seldom; None where there is no such reader.
        coarse: Whether ``again`` sees more on coarse crops of this page.
    """

    first: LineReader
    again: LineReader
    second: LineReader | None = None
    coarse: bool = False


class CoarseReader(LineReader):
    """A line reader that sees every line at a small height.

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
    """The readers with which a page so worn is best read."""
    blurred = prepared.wear.blur >= BLURRED
    if reader.degraded_reader is None:
        return Readers(CoarseReader(reader) if blurred else reader, reader, reader.second_opinion, blurred)
    if prepared.worn:  # no second opinion here, which errs too often: with its vote .006 of word F1 was lost
        return Readers(reader.degraded_reader, reader.degraded_reader)
    return Readers(reader, reader, reader.second_opinion, coarse=blurred)


def coarse(crop: Pixels, rows: int) -> Pixels:
    """The crop brought down to a number of rows, its shape kept; as it is where it has no more."""
    height, width = crop.shape[:2]
    if height <= rows:
        return crop
    size = (max(1, round(width * rows / height)), rows)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
