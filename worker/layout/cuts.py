"""Recursive cuts of a page at its white, level or upright.

After Nagy and Seth, "Hierarchical representation of optically scanned documents" (ICPR 1984).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.layout.geometry import Floats

OVERLAP = 0.3
"""Text heights by which boxes may overlap and still be cut apart."""

WAYS = (1.0, 0.3)
"""How level cuts are preferred to upright ones; pages are cut in both ways."""

RULED, STRETCHES = 0.7, 8
"""Share of each of so many stretches of a region's width, or height, from which a ruling line parts the region."""

RULED_WEIGHT = 8.0
"""Added where such a line parts two boxes."""

Indices = NDArray[np.intp]
Rules = Callable[[Floats, Floats, Floats, Floats], Floats]
"""How much of each rectangle (left, top, right, bottom) ruling lines of one direction span, 0 to 1; arrays are
broadcast against each other."""


@dataclass(frozen=True)
class Cuts:
    """The cut that parts each pair of boxes; n x n.

    Attributes:
        level: 1 where the first is above a level cut and the second below, -1 the other way round.
        upright: 1 where the first is left of an upright cut, -1 right of it.
        white: Width of the cut in text heights; 0 where no cut parts them.
        weight: How sure the cut is beyond others: ``RULED_WEIGHT`` or 0.
    """

    level: Floats
    upright: Floats
    white: Floats
    weight: Floats


def cut(
    left: Floats,
    top: Floats,
    right: Floats,
    bottom: Floats,
    height: float,
    preference: float,
    level_rules: Rules | None = None,
    upright_rules: Rules | None = None,
) -> Cuts:
    """Cut along ruling lines from side to side first, then at the widest white.

    Args:
        left: Of boxes, pixels; likewise the others.
        top: Pixels.
        right: Pixels.
        bottom: Pixels.
        height: Of text, pixels.
        preference: How many times as wide an upright white must be as a level one to be cut first.
        level_rules: Of the page; none are looked at where it is not given.
        upright_rules: Likewise.
    """
    count = len(left)
    cuts = Cuts(*(np.zeros((count, count)) for _ in range(4)))
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
        weight = 0.0
        box = left[region], top[region], right[region], bottom[region]
        if level_rules and down > 0 and (found := _ruled(box, level_rules, slack)) is not None:
            upright, weight, (down, at_y) = False, RULED_WEIGHT, found
        elif upright_rules and across > 0 and (found := _ruled(_turned(box), _across(upright_rules), slack)):
            upright, weight, (across, at_x) = True, RULED_WEIGHT, found
        first = (left[region] < at_x) if upright else (top[region] < at_y)
        one, other = region[first], region[~first]
        signs = cuts.upright if upright else cuts.level
        signs[np.ix_(one, other)] = 1.0
        signs[np.ix_(other, one)] = -1.0
        white = (across if upright else down) / height
        cuts.white[np.ix_(one, other)] = cuts.white[np.ix_(other, one)] = white
        cuts.weight[np.ix_(one, other)] = cuts.weight[np.ix_(other, one)] = weight
        regions += [one, other]
    return cuts


def read_first(
    boxes: Floats, small: NDArray[np.bool_], height: float, level_rules: Rules, upright_rules: Rules
) -> Floats:
    """Which of two boxes the cuts put first, n x n: 1 or -1 for each of :data:`WAYS`, more where it is sure, summed.

    Small boxes above and below all others, titles and page numbers, are cut off first: a gutter that ends at one of
    them would else be cut too late.

    Args:
        boxes: n x 4, pixels.
        small: Which may be cut off first.
        height: Of text, pixels.
        level_rules: Of the page.
        upright_rules: Likewise.
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
        box = left[body], top[body], right[body], bottom[body]
        cuts = cut(*box, height, preference, level_rules, upright_rules)
        first[np.ix_(middle, middle)] += (cuts.level + cuts.upright) * (1 + cuts.weight)
    return np.asarray(first, np.float64)


Edges = tuple[Floats, Floats, Floats, Floats]


def _turned(box: Edges) -> Edges:
    left, top, right, bottom = box
    return top, left, bottom, right


def _across(rules: Rules) -> Rules:
    """Rules for boxes whose axes were exchanged."""
    return lambda left, top, right, bottom: rules(*_turned((left, top, right, bottom)))


def _ruled(box: Edges, rules: Rules, slack: float) -> tuple[float, float] | None:
    """The widest white that a line runs through from side to side, and where what lies behind it begins."""
    left, top, right, bottom = box
    order = np.argsort(top, kind="stable")
    reach = np.maximum.accumulate(bottom[order])[:-1]
    low = top[order][1:]
    white = low - reach + slack
    parted = np.flatnonzero(white > 0)
    if not parted.size:
        return None
    white, low, reach = white[parted], low[parted], reach[parted]
    edges = np.linspace(left.min(), right.max(), STRETCHES + 1)[:, None]
    above, below = np.minimum(reach, low) - slack, np.maximum(reach, low) + slack
    # Each stretch by itself: a thick line of one column counts several times.
    ruled = (rules(edges[:-1], above, edges[1:], below) >= RULED).all(axis=0)
    if not ruled.any():
        return None
    widest = int(np.argmax(np.where(ruled, white, 0.0)))
    return float(white[widest]), float(low[widest])


def _widest(low: Floats, high: Floats) -> tuple[float, float]:
    """The widest white along one axis, and where what lies behind it begins."""
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])[:-1]
    white = low[order][1:] - reach
    widest = int(np.argmax(white))
    return float(white[widest]), float(low[order][widest + 1])
