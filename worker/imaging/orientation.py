"""Geometry of a page's orientation: quarter turns and skew.

A page's text was turned by ``turns`` quarters clockwise and ``skew`` degrees more; upright means turned back by the
quarters. The skew is left in the pixels, for line crops follow their quads; the layout sees a page made level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.imaging.crop import quad_size
from worker.page import Pixels, Quad

LONG_SHAPE = 2.0
"""A quad this many times longer than thick shows the direction of its text."""

CLEAR_SKEW = 0.2
"""Degrees; less is the rounding of quads to whole pixels, and counts as no skew."""

CORNER_NOISE = 0.15
"""Of a quad's height, by which its corners are off: a few short words do not show a skew of a degree."""


def lies_on_side(quads: Sequence[Quad]) -> bool:
    """Whether most of the text, by length, runs vertically."""
    across = along = 0.0
    for quad in quads:
        width, height = quad_size(quad)
        if width >= LONG_SHAPE * height:
            across += width
        elif height >= LONG_SHAPE * width:
            along += height
    return along > across


def is_tall(quad: Quad) -> bool:
    """Whether a quad on an upright page is so tall that its text may run vertically."""
    width, height = quad_size(quad)
    return height >= LONG_SHAPE * width


def skew_of(quads: Sequence[Quad]) -> float:
    """Degrees clockwise by which the lines of an upright page rise or fall: the median weighted by their length.

    0.0 where no line is long enough to measure, and below :data:`CLEAR_SKEW`. Sideways words do not count.
    """
    angles, lengths, shapes = [], [], []
    for quad in quads:
        width, height = quad_size(quad)
        x, y = (quad[1] - quad[0]) + (quad[2] - quad[3])
        if width >= LONG_SHAPE * height and x > abs(y):
            angles.append(np.degrees(np.arctan2(y, x)))
            lengths.append(width)
            shapes.append(height / width)
    if not angles:
        return 0.0
    order = np.argsort(angles)
    share = np.cumsum(np.array(lengths)[order])
    middle = float(np.array(angles)[order][np.searchsorted(share, share[-1] / 2)])
    noise = np.degrees(CORNER_NOISE * float(np.median(shapes))) / np.sqrt(len(shapes))
    return middle if abs(middle) >= max(CLEAR_SKEW, noise) else 0.0


def turned_back(pixels: Pixels, turns: int) -> Pixels:
    """The image rotated anticlockwise by a number of quarter turns."""
    return np.ascontiguousarray(np.rot90(pixels, turns % 4))


def as_sent(quad: Quad, turns: int, width: int, height: int) -> Quad:
    """A quad of the turned-back picture, in pixels of the picture as sent.

    Args:
        quad: Its first corner stays the first.
        turns: Quarters that :func:`turned_back` was given.
        width: Of the picture as sent, in pixels.
        height: Likewise.
    """
    x, y = quad[:, 0], quad[:, 1]
    turned = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turns % 4]
    return np.stack(turned, axis=1).astype(np.float32)


def half_turned(quad: Quad) -> Quad:
    """The same quad for text that is upside down."""
    return np.roll(quad, 2, axis=0)


def quarter_turned(quad: Quad, quarters: int) -> Quad:
    """The same quad for text that runs down (1) or up (-1)."""
    return np.roll(quad, -quarters, axis=0)


def whole(pixels: Pixels) -> Quad:
    """The quad of the whole picture."""
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
