"""Quads that run across a gutter between columns, cut where a white river runs through several stacked lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from worker.imaging.same_picture import grey_of
from worker.imaging.scale import copy_scale
from worker.page import Pixels, Quad

LONG_SIDE = 1600
"""Pixels to which a page is shrunk before its ink is looked at."""

MIN_ASPECT = 3.0
"""Width over height below which a quad is too short to run across a gutter."""

MIN_WHITE = 0.38
"""Narrowest river, in heights of the quad, which detectors draw about a third taller than the letters' em."""

MIN_LINES = ((0.7, 6), (0.9, 5), (1.2, 4), (np.inf, 3))
"""Up to each width, in heights of the quad, so many lines must stand on both sides of a river: word spaces of justified
prose line up over fewer by chance."""

FLUSH_SHARE = 0.8
FLUSH_HEIGHTS = 0.35
"""Share of the lines on one side that must begin, or end, this near to the river: prose's word spaces do not."""

REACH_HEIGHTS = 9.0
"""How far up and down a river is followed."""

SIDE_HEIGHTS = 3.0
"""How far left and right of a river lines are looked for."""

RULE_HEIGHTS = 1.6
"""An upright stroke this long, in heights of the quad, is a ruling line; it flows with the river."""

RULED_SHARE = 0.9
"""Share of a gap's height that an upright ruling line covers which parts two cells."""

LINE_HEIGHTS = 0.15
"""Thinner stretches of ink beside a river are not lines."""

INK_SIDE = 25
INK_CONTRAST = 12
"""A pixel this much darker or lighter than the mean around it, over this side, is ink."""

PAD_HEIGHTS = 0.12
"""White left around the ink at a cut."""

MIN_SLOPE = 0.004
"""Tangent of the page's skew from which it is straightened first."""

Mask = NDArray[np.bool_]
Counts = NDArray[np.intp]


def cut_at_rivers(quads: Sequence[Quad], pixels: Pixels) -> list[Quad]:
    """Cut quads apart at rivers.

    Args:
        quads: Of the lines of an upright page, in pixels.
        pixels: The page.

    Returns:
        The quads, some of them in several parts from left to right.
    """
    wide = [_is_wide(quad) for quad in quads]
    if sum(wide) < 1:
        return list(quads)
    ink, moved = _straight_ink(quads, pixels)
    heights = [float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2 for quad in moved]
    usual = float(np.median(heights))
    rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(3, round(RULE_HEIGHTS * usual)), 1), np.uint8)) > 0
    bars = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(3, round(4 * usual))), np.uint8)) > 0
    page = _Page((ink > 0) & ~rules & ~bars, rules)
    made = []
    for quad, straight, height, long in zip(quads, moved, heights, wide, strict=True):
        cuts = page.cuts(straight, height) if long and height >= 4 else []
        made += _parts(quad, cuts) if cuts else [quad]
    return made


def _is_wide(quad: Quad) -> bool:
    width, height = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    return bool(width >= MIN_ASPECT * height and quad[1, 0] > quad[0, 0])


def _straight_ink(quads: Sequence[Quad], pixels: Pixels) -> tuple[NDArray[np.uint8], list[Quad]]:
    """The page's ink, shrunk and straightened, and the quads on it."""
    grey = grey_of(pixels)
    scale = copy_scale(grey.shape, LONG_SIDE)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    mean = cv2.blur(small, (INK_SIDE, INK_SIDE))
    ink = (cv2.absdiff(small, mean) > INK_CONTRAST).astype(np.uint8)
    # Around letters the mean itself is off the ground: what lies beyond it on the ground's side is no ink.
    dark_ground = mean < 110
    ink &= np.where(dark_ground, small > mean, small < mean).astype(np.uint8)
    steps = np.array([quad[1] - quad[0] for quad in quads])
    slopes = steps[:, 1] / np.maximum(np.abs(steps[:, 0]), 1.0)
    weights = np.where(np.abs(slopes) < 0.2, np.abs(steps[:, 0]), 0.0)
    order = np.argsort(slopes)
    slope = (
        float(slopes[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)]) if weights.any() else 0.0
    )
    turn = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    if abs(slope) > MIN_SLOPE:
        shear = np.array([[1, slope, 0], [-slope, 1, 0]], np.float64)
        ink = np.asarray(cv2.warpAffine(ink, shear, (ink.shape[1], ink.shape[0]), flags=cv2.INTER_NEAREST), np.uint8)
        turn = shear @ np.vstack([turn, [0, 0, 1]])
    return ink, [np.asarray(quad @ turn[:, :2].T + turn[:, 2], np.float32) for quad in quads]


@dataclass(frozen=True)
class _Page:
    """The ink of letters, and upright ruling lines."""

    ink: Mask
    rules: Mask

    def white(self, middle: int, left: int, right: int, reach: int) -> tuple[Counts, Counts]:
        """How many rows above and below one are white at each column, at most ``reach``; 0 on ink."""
        up, down = self.ink[max(0, middle - reach + 1) : middle + 1][::-1], self.ink[middle : middle + reach]
        return _leading_white(up[:, left:right]), _leading_white(down[:, left:right])

    def cuts(self, quad: Quad, height: float) -> list[tuple[float, float]]:
        """White between the parts of a quad: from and to, as shares of its width."""
        low, high = np.clip(quad.min(axis=0), 0, None), quad.max(axis=0)
        x0, x1 = int(low[0]), min(int(np.ceil(high[0])), self.ink.shape[1])
        middle, half = float(quad[:, 1].mean()), height / 2
        y0, y1 = max(0, round(middle - 0.8 * half)), min(round(middle + 0.8 * half), len(self.ink))
        if x1 - x0 < MIN_ASPECT * height or y1 <= y0:
            return []
        return [
            (first / (x1 - x0), last / (x1 - x0))
            for first, last in _white_runs(_any(self.ink[y0:y1, x0:x1], 0), MIN_WHITE * height)
            if self._flows(x0 + first, x0 + last, y0, y1, height)
        ]

    def _flows(self, left: int, right: int, top: int, bottom: int, height: float) -> bool:
        """Whether the white between two columns of pixels runs on up and down between lines."""
        if self.rules[top:bottom, left:right].any(axis=1).mean() > RULED_SHARE:
            return True
        middle, reach = (top + bottom) // 2, round(REACH_HEIGHTS * height)
        over, under = self.white(middle, left, right, reach)
        narrowest = min(max(2, round(MIN_WHITE * height)), right - left)
        least = sliding_window_view(over, narrowest).min(axis=1), sliding_window_view(under, narrowest).min(axis=1)
        start = int(np.argmax(least[0] + least[1]))
        up, down = int(least[0][start]), int(least[1][start])
        open_ = (over >= up) & (under >= down)
        first, last = start, start + narrowest
        while first > 0 and open_[first - 1]:
            first -= 1
        while last < len(open_) and open_[last]:
            last += 1
        needed = next(lines for width, lines in MIN_LINES if last - first < width * height)
        if up + down < (needed - 1) * height / 2:
            return False
        return self._splits_lines(
            left + first, left + last, slice(max(middle - up + 1, 0), middle + down), height, needed
        )

    def _splits_lines(self, left: int, right: int, rows: slice, height: float, needed: int) -> bool:
        """Whether enough lines stand on both sides of a river, flush with it on one."""
        side, flush = round(SIDE_HEIGHTS * height), max(1, round(FLUSH_HEIGHTS * height))
        before = self.ink[rows, max(0, left - side) : left][:, ::-1]
        behind = self.ink[rows, right : right + side]
        shares = []
        for part in (before, behind):
            lines = _white_runs(~_any(part, 1), max(2, round(LINE_HEIGHTS * height)), ends=True)
            if len(lines) < needed:
                return False
            shares.append(float(np.mean([part[a:b, :flush].any() for a, b in lines])))
        return max(shares) >= FLUSH_SHARE


def _leading_white(ink: Mask) -> Counts:
    """Rows of each column before the first with ink."""
    return np.where(ink.any(axis=0), ink.argmax(axis=0), len(ink))


def _any(ink: Mask, axis: int) -> Mask:
    return np.asarray(ink.any(axis=axis), np.bool_)


def _white_runs(ink: Mask, least: float, ends: bool = False) -> list[tuple[int, int]]:
    """Runs without ink at least so long; those at the ends only if asked for."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], ink, [True]]).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(a, b) for a, b in runs if b - a >= least and (ends or (a > 0 and b < len(ink)))]


def _parts(quad: Quad, cuts: Sequence[tuple[float, float]]) -> list[Quad]:
    """A quad without the white of its cuts."""
    height, width = np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[1] - quad[0])
    pad = PAD_HEIGHTS * float(height) / float(width)
    starts = [0.0, *(last - pad for _, last in cuts)]
    ends = [*(first + pad for first, _ in cuts), 1.0]
    top, low = quad[1] - quad[0], quad[2] - quad[3]
    return [
        np.array([quad[0] + top * a, quad[0] + top * b, quad[3] + low * b, quad[3] + low * a], np.float32)
        for a, b in zip(starts, ends, strict=True)
        if b > a
    ]
