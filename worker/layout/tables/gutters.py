"""Gutters of a table: where many of its rows have no ink, and columns may part."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.layout.tables.tokens import Rows, Token

BIN = 0.1
"""Text heights a step in which gutters are looked for."""

LEAST_GAP = 0.3
"""Text heights between two words that may be two cells; a space is about a fifth."""

FEWEST_TELLING = 3
"""Rows of several pieces from which those of one piece, a section's title say, do not show where columns part."""

OVERLAP = 0.35
"""Text heights by which the boxes of two lines side by side may overlap: detectors draw them larger than the ink."""

TRIM = 0.1
"""Text heights that boxes are taken to be too wide on each side."""


@dataclass(frozen=True)
class Gutter:
    """A place where columns may part: ``left`` to ``right`` is white in most rows; pixels."""

    left: float
    right: float

    @property
    def centre(self) -> float:
        """Its x."""
        return (self.left + self.right) / 2


def find_gutters(rows: Rows, height: float) -> list[Gutter]:
    """Local minima of the number of rows that have ink at an x, where at least one row has a gap."""
    tokens = [token for row in rows for token in row]
    left, right = min(token.left for token in tokens), max(token.right for token in tokens)
    step = BIN * height
    count = max(1, int(np.ceil((right - left) / step)))
    ink, gaps = np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32)

    def mark(profile: NDArray[np.int32], start: float, end: float) -> None:
        profile[max(0, round((start - left) / step)) : max(0, round((end - left) / step))] += 1

    trim = TRIM * height
    telling = [row for row in rows if any(parted(a, b, height) for a, b in pairwise(row))]
    for row in telling if len(telling) >= FEWEST_TELLING else rows:
        edge, last = None, None
        for token in row:
            start, end = token.left + trim, max(token.right - trim, token.left + trim)
            if edge is not None and last is not None:
                if parted(last, token, height):
                    middle = (edge + start) / 2
                    edge, start = min(edge, middle - step), max(start, middle + step)
                    mark(gaps, edge, start)
                elif start > edge:
                    mark(ink, edge, start)
            if edge is None or end > edge:
                mark(ink, start if edge is None else max(edge, start), end)
                edge, last = end, token
    bounds = np.r_[0, np.flatnonzero(np.diff(ink[:count])) + 1, count]
    runs = list(pairwise(bounds.tolist()))
    return [
        Gutter(left + first * step, left + last * step)
        for (first, last), before, after in zip(runs[1:-1], runs[:-2], runs[2:], strict=True)
        if ink[before[0]] > ink[first] < ink[after[0]] and gaps[first:last].max() > 0
    ]


def parted(before: Token, after: Token, height: float) -> bool:
    """Whether two neighbours on a visual row may stand in two cells: by their gap, or as lines of their own."""
    gap = after.left - before.right
    return gap >= (LEAST_GAP if before.line == after.line else -OVERLAP) * height
