"""Print of a sheet's other side that shows through: faint, and mirrored."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.imaging.crop import cut_line
from worker.page import LineReading, Pixels, Quad
from worker.percentiles import grey_percentiles

FAINT = 0.7
"""Contrast of a line, as a share of the page's usual one, below which it may show through."""

UNCERTAIN = 0.9
"""Mean probability from which a line reads as it stands."""

MIRRORED_SURE, MARGIN = 0.7, 0.05
"""Mean probability of the mirrored line's reading from which it is print, and by how much that is above its own."""

MOST_LINES = 60
"""Of a page that are read mirrored."""

SAMPLED_LINES = 16
"""From which a page's usual contrast is measured: cutting a line out costs as much as a tenth of reading it."""


def mirrored_lines(
    pixels: Pixels, quads: Sequence[Quad], readings: Sequence[LineReading], reader: LineReader, context: ReadContext
) -> set[int]:
    """Indices of the lines that show through from the other side.

    Args:
        pixels: The upright page.
        quads: Of its lines.
        readings: One per quad.
        reader: Reads suspicious lines again, mirrored.
        context: Of this read.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    uncertain = [i for i, one in enumerate(readings) if one.is_lost or one.mean_probability < UNCERTAIN]
    if not uncertain or len(uncertain) == len(readings):
        return set()
    certain = set(range(len(readings))) - set(uncertain)
    sample = sorted(certain)[:: -(-len(certain) // SAMPLED_LINES)]
    usual = float(np.median([_contrast(cut_line(pixels, quads[i])) for i in sample]))
    crops = {i: cut_line(pixels, quads[i]) for i in uncertain}
    faint = [i for i, crop in crops.items() if _contrast(crop) < FAINT * usual][:MOST_LINES]
    if not faint:
        return set()
    flipped = reader.read([np.ascontiguousarray(crops[i][:, ::-1]) for i in faint], context)
    return {
        i
        for i, other in zip(faint, flipped, strict=True)
        if not other.is_lost and other.mean_probability >= max(MIRRORED_SURE, _own(readings[i]) + MARGIN)
    }


def _own(reading: LineReading) -> float:
    return 0.0 if reading.is_lost else reading.mean_probability


def _contrast(crop: Pixels) -> float:
    """Grey values between a line's paper and its ink."""
    dark, bright = grey_percentiles(np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8), (3, 90))
    return bright - dark
