"""Level lines of text with the pieces of them that have no wide gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import quad_size
from worker.page import Quad

GAP = 1.2
"""Heights of a line without ink at which a line is taken as interrupted; words are nearer to each other."""

LEVEL = 0.35
"""Heights that a line may rise."""

INK = 0.35
"""Share of a line's contrast from which a column has ink in it."""

BESIDE = 0.3
"""Heights beyond a line's box in which ink is still its own; further away is the paper's edge, or another line."""

LEAST_CONTRAST, LEAST_TEXT = 40, 8
"""Grey values, and pixels."""


@dataclass(frozen=True)
class TextLine:
    """A level line with the pieces of it that have no wide gap.

    Attributes:
        top: Of the part of the page that is analysed.
        bottom: Likewise.
        height: Of its box.
        contrast: Of its ink.
        left: Of the part.
        part: Grey values.
        pieces: First and last column of each.
    """

    top: int
    bottom: int
    height: float
    contrast: float
    left: int
    part: NDArray[np.uint8]
    pieces: tuple[tuple[int, int], ...]

    @property
    def middle(self) -> float:
        """Between its top and its bottom."""
        return (self.top + self.bottom) / 2


def text_lines(grey: NDArray[np.uint8], quads: Sequence[Quad]) -> list[TextLine]:
    """The level lines with text, from top to bottom.

    Args:
        grey: The upright page.
        quads: Of the lines that were found.
    """
    return sorted(filter(None, (_line(grey, quad) for quad in quads)), key=lambda line: line.middle)


def _line(grey: NDArray[np.uint8], quad: Quad) -> TextLine | None:
    wide, height = quad_size(quad)
    xs, ys = zip(*quad.tolist(), strict=True)
    if wide < 1.5 * height or height < LEAST_TEXT or abs(ys[1] - ys[0]) > LEVEL * height:
        return None
    rim = 0.05 * height
    top, bottom = max(0, int(min(ys) + rim)), int(max(ys) - rim)
    first, last = int(min(xs)), int(max(xs))
    left = max(0, int(first - (GAP + 0.4) * height))
    part = grey[top:bottom, left : int(last + (GAP + 0.4) * height) + 1]
    if min(part.shape) < 6:
        return None
    depth = cv2.subtract(cv2.reduce(part, 0, cv2.REDUCE_MAX), cv2.reduce(part, 0, cv2.REDUCE_MIN))[0]
    inside = depth[max(0, first - left) : last - left]
    rank = max(1, (last - max(first, left)) // 7)
    contrast = float(np.partition(inside, -rank)[-rank])
    inked = left + np.flatnonzero(depth > INK * contrast)
    inked = inked[(inked >= first - BESIDE * height) & (inked <= last + BESIDE * height)]
    if contrast < LEAST_CONTRAST or len(inked) < 3:
        return None
    breaks = np.flatnonzero(np.diff(inked) > GAP * height)
    starts, stops = inked[[0, *(breaks + 1)]].tolist(), inked[[*breaks, -1]].tolist()
    pieces = tuple(zip(starts, stops, strict=True))
    return TextLine(top, bottom, height, contrast, left, part, pieces)
