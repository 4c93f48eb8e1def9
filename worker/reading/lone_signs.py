"""Signs alone in their cells, as a table's ticks: recognisers have no class for most, and take them for letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.geometry import Bounds
from worker.imaging.crop import quad_size
from worker.imaging.sign_shapes import sign_in
from worker.page import LineReading, Pixels, Quad

FEWEST = 3
"""Signs of a page: one or two may be specks, or letters that a camera blurred."""

DOUBTFUL = 0.85
"""Mean probability from which a single character is what it was read as."""

UNLIKELY = frozenset("√·•●○■✓✔")
"""Characters that are doubtful however sure the reader is: nobody writes a root in a cell of its own."""

WIDEST = 1.6
"""Width of a sign's box in its height."""

SURE = 0.9
"""Probability of a sign that was told by its shape."""


def with_lone_signs(
    pixels: Pixels, quads: Sequence[Quad], readings: Sequence[LineReading]
) -> tuple[list[Quad], list[LineReading]]:
    """A page's lines, those of a single sign with what its shape says.

    Args:
        pixels: The upright page.
        quads: Of its lines.
        readings: One per quad.
    """
    unchanged = list(quads), list(readings)
    single = [index for index, reading in enumerate(readings) if _may_be_sign(reading)]
    if len(single) < FEWEST:
        return unchanged
    height = float(np.median([quad_size(quad)[1] for quad in quads]))
    signs = {index: sign for index in single if (sign := _sign(pixels, quads[index], height))}
    if len(signs) < FEWEST:
        return unchanged
    placed, read = unchanged
    for index, sign in signs.items():
        (left, top), (right, bottom) = quads[index].min(0), quads[index].max(0)
        placed[index] = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        read[index] = replace(readings[index], text=sign, probabilities=(SURE,), spans=((0.0, 1.0),))
    return placed, read


def _may_be_sign(reading: LineReading) -> bool:
    text = reading.text.strip()
    return len(text) <= 1 and not reading.is_lost and (text in UNLIKELY or reading.mean_probability < DOUBTFUL)


def _sign(pixels: Pixels, quad: Quad, line_height: float) -> str | None:
    (left, top), (right, bottom) = quad.min(0).tolist(), quad.max(0).tolist()
    if max(right - left, bottom - top) > WIDEST * max(min(right - left, bottom - top), 1.0):
        return None
    return sign_in(pixels, Bounds(left, top, right, bottom), line_height)
