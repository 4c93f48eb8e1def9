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


def _widest(low: Floats, high: Floats) -> tuple[float, float]:
    """The widest white along one axis, and where what lies behind it begins."""
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])[:-1]
    white = low[order][1:] - reach
    widest = int(np.argmax(white))
    return float(white[widest]), float(low[order][widest + 1])
