"""Which lines stand near which, and how they stand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.layout.geometry import Floats, Pieces

NEAREST = 20
"""Lines that a line is compared with."""

SAME_ROW = 0.5
"""Share of the lower line's height that neighbours on a row share."""

NOBODY = -1

Links = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Boxes:
    """Upright boxes of lines, one entry a line; ``size`` is a line's thickness, in pixels."""

    left: Floats
    top: Floats
    right: Floats
    bottom: Floats
    size: Floats

    @classmethod
    def of(cls, pieces: Pieces) -> Boxes:
        """Boxes of straightened pieces."""
        size = np.where(pieces.sideways, pieces.width, pieces.height)
        return cls(pieces.left, pieces.top, pieces.right, pieces.bottom, np.maximum(size, 1.0))

    @cached_property
    def width(self) -> Floats:
        """Pixels."""
        return np.maximum(self.right - self.left, 1.0)

    @cached_property
    def height(self) -> Floats:
        """Pixels."""
        return np.maximum(self.bottom - self.top, 1.0)


@dataclass(frozen=True)
class Neighbours:
    """Neighbourhood of every line.

    Attributes:
        nearest: n x K indices, the nearest first; filled up with the line itself.
        real: n x K: whether an entry is another line.
        above: The nearest line above that shares some of its width, or ``NOBODY``.
        below: Likewise.
        before: The nearest on its left on the same row.
        after: On its right.
        mates: How many lines stand on its row.
    """

    nearest: Links
    real: Mask
    above: Links
    below: Links
    before: Links
    after: Links
    partners: Floats


def find_neighbours(boxes: Boxes) -> Neighbours:
    """Neighbours of all lines; n x n numbers are held for a moment."""
    count = len(boxes.left)
    across = np.maximum(boxes.left[None] - boxes.right[:, None], boxes.left[:, None] - boxes.right[None])
    down = np.maximum(boxes.top[None] - boxes.bottom[:, None], boxes.top[:, None] - boxes.bottom[None])
    away = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    middle = (boxes.top + boxes.bottom) / 2
    centre = (boxes.left + boxes.right) / 2
    # Of lines that touch, those whose starts lie near count as nearer.
    away = away + 0.05 * np.abs(middle[None] - middle[:, None]) + 0.01 * np.abs(boxes.left[None] - boxes.left[:, None])
    np.fill_diagonal(away, np.inf)
    k = min(NEAREST, max(count - 1, 0))
    nearest = np.argsort(away, axis=1, kind="stable")[:, :k]
    filled = np.repeat(np.arange(count)[:, None], NEAREST, axis=1)
    filled[:, :k] = nearest
    real = np.zeros((count, NEAREST), np.bool_)
    real[:, :k] = True
    shares_width = -across > 0.1 * np.minimum(boxes.width[None], boxes.width[:, None])
    on_row = -down >= SAME_ROW * np.minimum(boxes.height[None], boxes.height[:, None])
    np.fill_diagonal(on_row, False)
    rise = middle[:, None] - middle[None]
    run = centre[:, None] - centre[None]
    stacked = shares_width & ~on_row
    return Neighbours(
        filled,
        real,
        above=_closest(np.where(stacked & (rise > 0), rise, np.inf)),
        below=_closest(np.where(stacked & (rise < 0), -rise, np.inf)),
        before=_closest(np.where(on_row & (run > 0), run, np.inf)),
        after=_closest(np.where(on_row & (run < 0), -run, np.inf)),
        partners=on_row.sum(axis=1).astype(np.float64),
    )


def _closest(distance: Floats) -> Links:
    if not distance.size:
        return np.zeros(len(distance), np.intp)
    closest = distance.argmin(axis=1)
    return np.where(np.isfinite(distance[np.arange(len(distance)), closest]), closest, NOBODY)
