"""Text pieces as numbers: ends, heights and the slope left in the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.page import Quad

Floats = NDArray[np.float64]

SLOPE_MIN_ASPECT = 1.5
"""Width over height from which a quad's slope says something; shorter ones are mostly corner noise."""

MAX_SLOPE = 0.18
"""Tangent of 10°; what is steeper on a straightened page is not a line of the page's text."""

SIDEWAYS_ASPECT = 2.0
SIDEWAYS_HEIGHTS = 2.5
"""A piece this many times as tall as wide, and as tall as this many text heights, is text turned by 90°."""


@dataclass(frozen=True)
class Pieces:
    """Pieces of text, straightened: arrays of one entry per piece.

    Attributes:
        left: x of the left end, pixels.
        right: x of the right end.
        middle: y half way up, at half the width.
        left_middle: y half way up at the left end; follows a line's own slope.
        right_middle: The same at the right end.
        height: Across the line.
        slope: dy/dx that lines around this one have.
        sideways: Whether the piece runs up or down the page.
    """

    left: Floats
    right: Floats
    middle: Floats
    left_middle: Floats
    right_middle: Floats
    height: Floats
    slope: Floats
    sideways: NDArray[np.bool_]

    @cached_property
    def width(self) -> Floats:
        """Pixels."""
        return self.right - self.left

    @cached_property
    def top(self) -> Floats:
        """The y of the upper edge at half the width."""
        return self.middle - self.height / 2

    @cached_property
    def bottom(self) -> Floats:
        """The y of the lower edge at half the width."""
        return self.middle + self.height / 2


def measure(boxes: Sequence[Quad] | Floats) -> Pieces:
    """Pieces from quads, the page's remaining skew taken out.

    Args:
        boxes: At least one quad, in pixels of an upright page.
    """
    quads = np.nan_to_num(np.asarray(boxes, dtype=np.float64).reshape(-1, 4, 2))
    extent = quads.max(axis=1) - quads.min(axis=1)
    # A piece that runs up the page has its own left end at the bottom: its bounding box is the better measure.
    upright = np.abs(quads[:, 1, 0] - quads[:, 0, 0]) >= np.abs(quads[:, 1, 1] - quads[:, 0, 1])
    mirrored = quads[:, 1, 0] < quads[:, 0, 0]
    quads[~upright | mirrored] = _bounding(quads[~upright | mirrored])
    skew = _weighted_median(*_slopes(quads))
    quads = _turned(quads, skew)
    starts, ends = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    sides = np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1), np.linalg.norm(quads[:, 1] - quads[:, 2], axis=1)
    height = np.maximum((sides[0] + sides[1]) / 2, 1.0)
    text_height = np.median(np.minimum(height, np.maximum(extent[:, 0], 1.0)))
    sideways = (extent[:, 1] > SIDEWAYS_ASPECT * extent[:, 0]) & (extent[:, 1] > SIDEWAYS_HEIGHTS * text_height)
    middle = (starts[:, 1] + ends[:, 1]) / 2
    return Pieces(
        left=np.minimum(starts[:, 0], ends[:, 0]),
        right=np.maximum(starts[:, 0], ends[:, 0]),
        middle=middle,
        left_middle=starts[:, 1],
        right_middle=ends[:, 1],
        height=height,
        slope=_local_slopes(quads, middle, float(text_height)),
        sideways=sideways,
    )


def _bounding(quads: Floats) -> Floats:
    low, high = quads.min(axis=1), quads.max(axis=1)
    return np.stack(
        [low, np.stack([high[:, 0], low[:, 1]], axis=1), high, np.stack([low[:, 0], high[:, 1]], axis=1)], axis=1
    )


def _slopes(quads: Floats) -> tuple[Floats, Floats]:
    """Slope of every quad and how much it counts: its width, and nothing for short or steep ones."""
    run = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    height = np.maximum(np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1), 1.0)
    slope = run[:, 1] / np.maximum(run[:, 0], 1.0)
    counts = (run[:, 0] >= SLOPE_MIN_ASPECT * height) & (np.abs(slope) <= MAX_SLOPE)
    return slope, np.where(counts, run[:, 0], 0.0)


def _weighted_median(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    if total <= 0:
        return 0.0
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), total / 2)])


def _turned(quads: Floats, slope: float) -> Floats:
    cosine = 1.0 / np.hypot(1.0, slope)
    sine = slope * cosine
    turned: Floats = quads @ np.array([[cosine, -sine], [sine, cosine]])
    return turned


LOCAL_SLOPE_HEIGHTS = 6.0
"""How far up and down, in text heights, pieces are asked for the slope around one: paper curls slowly."""


def _local_slopes(quads: Floats, middle: Floats, text_height: float) -> Floats:
    """Weighted mean slope of the pieces above and below each one, so that a bow has its own slope left and right."""
    slope, weight = _slopes(quads)
    left, right = quads[:, :, 0].min(axis=1), quads[:, :, 0].max(axis=1)
    order = np.argsort(middle)
    ys, left, right, slope, weight = middle[order], left[order], right[order], slope[order], weight[order]
    reach = LOCAL_SLOPE_HEIGHTS * text_height
    firsts, lasts = np.searchsorted(ys, ys - reach), np.searchsorted(ys, ys + reach, side="right")
    local = np.zeros_like(middle)
    for rank, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
        near = slice(first, last)
        shared = np.minimum(right[near], right[rank]) - np.maximum(left[near], left[rank])
        counts = weight[near] * np.clip(shared, 0.0, None)
        total = counts.sum()
        local[order[rank]] = (counts @ slope[near]) / total if total > 0 else 0.0
    return local
