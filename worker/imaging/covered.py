"""Text that a patch of one colour covers: a redaction, a tile that was not decoded, a sticker."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import quad_size
from worker.page import Pixels, Quad
from worker.percentiles import grey_percentiles

SIDE = 1000
"""Pixels: the long side of the copy that is analysed."""

FLAT = 3
"""Grey values by which neighbours in a patch may differ."""

DIFFERENT = 18
"""Grey values by which a patch differs from the paper."""

LEAST_AREA, MOST_AREA = 0.002, 0.5
"""Share of the page."""

RECTANGULAR = 0.93
"""Share of its bounds that a patch fills."""

TOUCHING = 0.5
"""Heights of a line between its end and the patch: words that merely stand beside one keep more away."""

FEWEST_CUT = 2
"""Lines that run into a patch, and lines that it is high: fewer may be a button, a swatch or a table's header."""

PITCH = 1.35
"""From line to line, in heights of a line's box."""


def covered_text(pixels: Pixels, quads: Sequence[Quad]) -> list[Quad]:
    """Quads of the lines that patches probably cover: as many as there is room for.

    Args:
        pixels: The upright page.
        quads: Of the lines that were found.
    """
    if not quads:
        return []
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    boxes = np.array([(*quad.min(0), *quad.max(0)) for quad in quads]) * scale
    height = float(np.median([quad_size(quad)[1] for quad in quads])) * scale
    covered = []
    for left, top, right, bottom in _patches(pixels, scale):
        count = int((bottom - top) / (PITCH * height))
        if min(count, _cut_by(boxes, (left, top, right, bottom), height)) < FEWEST_CUT:
            continue
        step = (bottom - top) / count
        for number in range(count):
            y = top + step * number
            corners = [[left, y], [right, y], [right, y + height], [left, y + height]]
            covered.append(np.asarray(np.array(corners) / scale, np.float32))
    return covered


def _patches(pixels: Pixels, scale: float) -> list[tuple[int, int, int, int]]:
    """Bounds of the rectangles in one colour that is not the paper's."""
    grey = cv2.resize(
        cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST
    )
    kernel = np.ones((3, 3), np.uint8)
    paper = int(grey_percentiles(np.asarray(grey, np.uint8), [50])[0])
    flat = cv2.subtract(cv2.dilate(grey, kernel), cv2.erode(grey, kernel))
    different = np.abs(np.arange(256) - paper) > DIFFERENT
    patch = cv2.LUT(grey, different.astype(np.uint8))
    patch[flat > FLAT] = 0
    if np.count_nonzero(patch) < LEAST_AREA * patch.size:
        return []
    _, _, pieces, _ = cv2.connectedComponentsWithStats(patch, connectivity=4)
    return [_bounds(piece) for piece in pieces[1:] if _is_patch(piece, grey.size)]


def _is_patch(piece: NDArray[np.int32], page: int) -> bool:
    _, _, width, height, area = piece
    return bool(LEAST_AREA * page <= area <= MOST_AREA * page and area >= RECTANGULAR * width * height)


def _bounds(piece: NDArray[np.int32]) -> tuple[int, int, int, int]:
    left, top, width, height, _ = (int(value) for value in piece)
    return left, top, left + width, top + height


def _cut_by(boxes: NDArray[np.float64], patch: tuple[int, int, int, int], height: float) -> int:
    """How many lines end or begin at the patch, or reach into it."""
    left, top, right, bottom = patch
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    beside = (middles > top) & (middles < bottom)
    near = TOUCHING * height
    ends = beside & (boxes[:, 2] > left - near) & (boxes[:, 0] < left)
    begins = beside & (boxes[:, 0] < right + near) & (boxes[:, 2] > right)
    return int(np.count_nonzero(ends)) + int(np.count_nonzero(begins & ~ends))
