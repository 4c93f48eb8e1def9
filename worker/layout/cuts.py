"""Recursive cuts of a page at its white, level or upright.

After Nagy and Seth, "Hierarchical representation of optically scanned documents" (ICPR 1984).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.layout.geometry import Floats

OVERLAP = 0.3
"""Text heights by which boxes may overlap and still be cut apart."""

WAYS = (1.0, 0.3)
"""How level cuts are preferred to upright ones; pages are cut in both ways."""

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Cuts:
    """The cut that parts each pair of boxes; n x n.

    Attributes:
        level: 1 where the first is above a level cut and the second below, -1 the other way round.
        upright: 1 where the first is left of an upright cut, -1 right of it.
        white: Width of the cut in text heights; 0 where no cut parts them.
    """

    level: Floats
    upright: Floats
    white: Floats


def cut(left: Floats, top: Floats, right: Floats, bottom: Floats, height: float, preference: float) -> Cuts:
    """Cut at the widest white first.

    Args:
        left: Of boxes, pixels; likewise the others.
        top: Pixels.
        right: Pixels.
        bottom: Pixels.
        height: Of text, pixels.
        preference: How many times as wide an upright white must be as a level one to be cut first.
    """
    count = len(left)
    cuts = Cuts(*(np.zeros((count, count)) for _ in range(3)))
    regions = [np.arange(count)]
    slack = OVERLAP * height
    while regions:
        region = regions.pop()
        if len(region) < 2:
            continue
        across, at_x = _widest(left[region], right[region] - slack)
        down, at_y = _widest(top[region], bottom[region] - slack)
        if max(across, down) <= 0:
            continue
        upright = across > preference * down
        first = (left[region] < at_x) if upright else (top[region] < at_y)
        one, other = region[first], region[~first]
        signs = cuts.upright if upright else cuts.level
        signs[np.ix_(one, other)] = 1.0
        signs[np.ix_(other, one)] = -1.0
        white = (across if upright else down) / height
        cuts.white[np.ix_(one, other)] = cuts.white[np.ix_(other, one)] = white
        regions += [one, other]
    return cuts


def read_first(boxes: Floats, small: NDArray[np.bool_], height: float) -> Floats:
    """Which of two boxes the cuts put first, n x n: 1 or -1 for each of :data:`WAYS`, summed.

    Small boxes above and below all others, titles and page numbers, are cut off first: a gutter that ends at one of
    them would else be cut too late.

    Args:
        boxes: n x 4, pixels.
        small: Which may be cut off first.
        height: Of text, pixels.
    """
    left, top, right, bottom = boxes.T
    rank = np.zeros(len(boxes))
    body = np.ones(len(boxes), np.bool_)
    for side, outer, inner in ((-1.0, top, bottom), (1.0, -bottom, -top)):
        for step, index in enumerate(np.argsort(outer, kind="stable").tolist()):
            others = body.copy()
            others[index] = False
            if not small[index] or not others.any() or inner[index] > outer[others].min() + OVERLAP * height:
                break
            rank[index], body = side * (len(boxes) - step), others
    first = np.sign(rank[None] - rank[:, None]) * len(WAYS)
    middle = np.flatnonzero(body)
    for preference in WAYS:
        cuts = cut(left[body], top[body], right[body], bottom[body], height, preference)
        first[np.ix_(middle, middle)] += cuts.level + cuts.upright
    return np.asarray(first, np.float64)


def _widest(low: Floats, high: Floats) -> tuple[float, float]:
    """The widest white along one axis, and where what lies behind it begins."""
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])[:-1]
    white = low[order][1:] - reach
    widest = int(np.argmax(white))
    return float(white[widest]), float(low[order][widest + 1])
