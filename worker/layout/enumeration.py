"""Labels that count: A) B) C) D) are read in that order, whether they stand on one row, two or four."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from worker.layout.geometry import Floats
from worker.layout.line_features import LineFeatures
from worker.layout.tree import LayoutLine

LABEL = re.compile(r"([(（]?)(?:([A-Ha-h])|(\d{1,2}))([.)）．、:])")
REACH = 1.5
"""Text heights of white between the rows of two labels that follow each other."""

SAME_ROW = 0.5
"""Of the lower block's height, that blocks on a row share."""


def count_on(
    groups: Sequence[Sequence[int]], lines: Sequence[LayoutLine], found: LineFeatures, boxes: Floats
) -> Floats:
    """Which blocks follow each other by their labels: n x n, 1 where the second counts on from the first, -1 reversed.

    Args:
        groups: Lines of each block.
        lines: Of the page.
        found: The same as numbers.
        boxes: n x 4 bounds of the blocks, pixels.
    """
    labels = [_label(lines[min(group, key=lambda i: (found.boxes.top[i], found.boxes.left[i]))]) for group in groups]
    away = np.full((len(groups), len(groups)), np.inf)
    for i, one in enumerate(labels):
        for j, other in enumerate(labels):
            if (
                one
                and other
                and one[0] == other[0]
                and one[1] + 1 == other[1]
                and _near(boxes[i], boxes[j], found.usual)
            ):
                away[i, j] = np.abs(boxes[j, :2] - boxes[i, :2]).sum()
    # Two lists side by side count alike: each label goes on with the nearest that it is the nearest of, too.
    nearest = np.isfinite(away) & (away == away.min(axis=1, keepdims=True)) & (away == away.min(axis=0, keepdims=True))
    return np.asarray(nearest.astype(np.float64) - nearest.T, np.float64)


def _label(line: LayoutLine) -> tuple[str, int] | None:
    """Style and value of the label that a line begins with."""
    match = LABEL.match(line.text.strip())
    if match is None:
        return None
    before, letter, number, behind = match.groups()
    kind = "1" if number else "A" if letter.isupper() else "a"
    return before + kind + behind, int(number) if number else ord(letter)


def _near(one: Floats, other: Floats, usual: float) -> bool:
    """Whether a block stands on the row of another or on the next one."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    if shared > SAME_ROW * min(one[3] - one[1], other[3] - other[1]):
        return bool(other[0] > one[0])
    return bool(0 <= other[1] - one[3] + usual / 2 <= REACH * usual)
