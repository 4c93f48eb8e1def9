"""Signs alone in their cells, as a table's ticks: recognisers have no class for most, and take them for letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.geometry import Bounds
from worker.imaging.crop import quad_size
from worker.imaging.ink import letter_ink_of, pieces_outside
from worker.imaging.sign_shapes import BLOCK, DOT, RING, TICK, sign_in
from worker.page import LineReading, Pixels, Quad

FEWEST = 3
"""Signs of a page: one or two may be specks, or letters that a camera blurred."""

DOUBTFUL = 0.85
"""Mean probability from which a single character is what it was read as."""

UNLIKELY = frozenset("√·•●○■✓✔-–—一")
"""Characters that are doubtful however sure the reader is: nobody writes a root in a cell of its own, and a dash is
told by its length."""

CROSSES, CROSS = frozenset("xX×"), "✗"
"""What a cross is read as, and what it is where ticks stand on the page, too."""

WIDEST = 1.6
"""Width of a sign's box in its height."""

SURE = 0.9
"""Probability of a sign that was told by its shape."""

UNFOUND = frozenset((BLOCK, DOT, RING, TICK))
"""Signs that detectors miss."""

MOST_PIECES = 300
"""Pieces of ink outside the lines; more are a picture."""

LOWEST, HIGHEST = 0.2, 0.9
"""Height of such a sign, in heights of the page's lines."""

OFF_ROW, OFF_COLUMN = 0.3, 0.35
"""Heights of a line by which its middle may be off that of a line on its left, and of a sign above or below it."""


def with_lone_signs(
    pixels: Pixels, quads: Sequence[Quad], readings: Sequence[LineReading]
) -> tuple[list[Quad], list[LineReading]]:
    """A page's lines, those of a single sign with what its shape says, and signs that no line was found for.

    Args:
        pixels: The upright page.
        quads: Of its lines.
        readings: One per quad.
    """
    placed, read = list(quads), list(readings)
    if len(quads) < FEWEST:
        return placed, read
    height = float(np.median([quad_size(quad)[1] for quad in quads]))
    single = [index for index, reading in enumerate(readings) if _may_be_sign(reading)]
    signs = {index: sign for index in single if (sign := _sign(pixels, quads[index], height))}
    others = _unfound(pixels, quads, [_middle(quads[index]) for index in signs], height)
    if len(signs) + len(others) < FEWEST:
        return placed, read
    if TICK in signs.values():
        signs |= {index: CROSS for index, reading in enumerate(readings) if reading.text.strip() in CROSSES}
    for index, sign in signs.items():
        placed[index] = _level(quads[index])
        read[index] = replace(readings[index], text=sign, probabilities=(SURE,), spans=((0.0, 1.0),))
    placed += [_quad_of(box) for box, _ in others]
    read += [LineReading(sign, (SURE,), ((0.0, 1.0),)) for _, sign in others]
    return placed, read


def _may_be_sign(reading: LineReading) -> bool:
    text = reading.text.strip()
    return len(text) <= 1 and not reading.is_lost and (text in UNLIKELY or reading.mean_probability < DOUBTFUL)


def _sign(pixels: Pixels, quad: Quad, line_height: float) -> str | None:
    (left, top), (right, bottom) = quad.min(0).tolist(), quad.max(0).tolist()
    if max(right - left, bottom - top) > WIDEST * max(min(right - left, bottom - top), 1.0):
        return None
    return sign_in(pixels, Bounds(left, top, right, bottom), line_height)


def _unfound(
    pixels: Pixels, quads: Sequence[Quad], known: Sequence[tuple[float, float]], line_height: float
) -> list[tuple[Bounds, str]]:
    """Signs outside the lines: behind a line on its row, and below or above another sign, as those of a table are."""
    pieces = pieces_outside(letter_ink_of(pixels), quads)
    if not 0 < len(pieces) <= MOST_PIECES:
        return []
    rows = [(*_middle(quad), float(quad[:, 0].max())) for quad in quads]
    found = []
    for box in pieces:
        if not LOWEST * line_height <= box.height <= HIGHEST * line_height:
            continue
        if not any(right <= box.left and abs(y - box.middle) <= OFF_ROW * line_height for _, y, right in rows):
            continue
        rim = 0.15 * line_height
        around = Bounds(box.left - rim, box.top - rim, box.right + rim, box.bottom + rim)
        if (sign := sign_in(pixels, around, line_height)) in UNFOUND and sign is not None:
            found.append((around, sign))
    centres = [*known, *(((box.left + box.right) / 2, box.middle) for box, _ in found)]
    return [
        (box, sign)
        for box, sign in found
        if any(
            abs(x - (box.left + box.right) / 2) <= OFF_COLUMN * line_height and abs(y - box.middle) > line_height / 2
            for x, y in centres
        )
    ]


def _middle(quad: Quad) -> tuple[float, float]:
    x, y = quad.mean(0).tolist()
    return x, y


def _level(quad: Quad) -> Quad:
    """The upright rectangle around a quad: a sign of its own has no direction."""
    return _quad_of(Bounds(*quad.min(0).tolist(), *quad.max(0).tolist()))


def _quad_of(box: Bounds) -> Quad:
    return np.array(
        [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]], np.float32
    )
