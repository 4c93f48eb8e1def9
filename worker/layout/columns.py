"""Columns of running text: where a gutter parts lines that are read one side after the other.

The guards keep tables, forms and receipts whole: what stands on one row there belongs together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.layout.geometry import Floats, Pieces
from worker.layout.gutters import Gutter, find_gutters
from worker.layout.rows import Indices
from worker.percentiles import median, percentile

Mask = NDArray[np.bool_]

MIN_GUTTER_HEIGHTS = 0.6
"""Narrowest gutter, in text heights; detectors draw boxes wider than the ink, which eats into it."""

ENOUGH_GUTTER_HEIGHTS = 2.0
"""A gutter this wide, in text heights, is as good as a wider one: from here on the longer one is the better."""

WORD_GAP_HEIGHTS = 1.0
"""Pieces closer than this, in text heights, belong to one stretch of text on their row."""

TAIL_GAP_HEIGHTS = 2.0
"""White, in text heights, behind which text that stands on one side only is not part of the columns."""

ALIGNED_HEIGHTS = 0.25
"""Lines left and right whose middles differ by less, in text heights, stand on one row."""

FLUSH_HEIGHTS = 1.0
"""How far, in text heights, a line's start may be from the column's left edge."""

MAX_PITCH_HEIGHTS = 2.0
"""Running text is set closer than this from line to line, in text heights; cells of tables often are not."""


@dataclass(frozen=True)
class ColumnRule:
    """What both sides of a gutter must look like to be read one after the other.

    Attributes:
        aligned: Least share of lines that have a partner on the other side for the rule to apply.
        lines: Fewest lines on each side.
        width: Least median width of the lines, in text heights.
        fill: Least median width as a share of the column's.
        flush: Least share of lines that begin at the column's left edge.
    """

    aligned: float
    lines: int
    width: float
    fill: float
    flush: float


RULES = (
    # Lines stand level, as in a table: only a good number of long, full, flush lines is prose.
    ColumnRule(aligned=0.35, lines=6, width=9.0, fill=0.8, flush=0.5),
    # Lines stand at heights of their own, which tables seldom do: less is asked.
    ColumnRule(aligned=0.0, lines=4, width=7.0, fill=0.75, flush=0.5),
)
LOOSEST = RULES[-1]
"""What does not satisfy it satisfies none of them."""

FEWEST_LINES = LOOSEST.lines


@dataclass(frozen=True)
class Split:
    """A region cut at a gutter: four regions in reading order, any but the columns may be empty."""

    above: Indices
    left: Indices
    right: Indices
    below: Indices


def split_columns(pieces: Pieces, rows: Sequence[Sequence[int]]) -> Split | None:
    """Cut a region at its longest gutter between columns of running text.

    Args:
        pieces: All pieces of the page.
        rows: The region's rows, from top to bottom.

    Returns:
        The parts, or None if the region is to be read row by row.
    """
    if len(rows) < FEWEST_LINES:
        return None
    region = _Region.of(pieces, rows)
    gutters = find_gutters(pieces, rows, MIN_GUTTER_HEIGHTS * region.height)
    enough = ENOUGH_GUTTER_HEIGHTS * region.height
    long = [gutter for gutter in gutters if gutter.rows >= FEWEST_LINES]
    for gutter in sorted(long, key=lambda gutter: gutter.rows * min(gutter.width, enough), reverse=True):
        split = region.split(gutter)
        if split is not None:
            return split
    return None


@dataclass(frozen=True)
class _Region:
    """Pieces in the order of their rows, and the row each stands on; ``height`` is the usual text height."""

    pieces: Pieces
    order: Indices
    row: Indices
    height: float

    @classmethod
    def of(cls, pieces: Pieces, rows: Sequence[Sequence[int]]) -> _Region:
        order = np.array([piece for row in rows for piece in row], dtype=np.intp)
        row = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        return cls(pieces, order, row, float(np.median(pieces.height[order])))

    @cached_property
    def centred(self) -> Floats:
        """Twice the x of each piece's middle."""
        return self.pieces.left[self.order] + self.pieces.right[self.order]

    @cached_property
    def edges(self) -> tuple[Floats, Floats, Floats]:
        """Top, middle and bottom of each piece."""
        return self.pieces.top[self.order], self.pieces.middle[self.order], self.pieces.bottom[self.order]

    @cached_property
    def scaled(self) -> tuple[Floats, Floats, Floats]:
        """Left, right and middle of each piece, in text heights."""
        left, right, middle = self.pieces.left, self.pieces.right, self.pieces.middle
        return left[self.order] / self.height, right[self.order] / self.height, middle[self.order] / self.height

    def split(self, gutter: Gutter) -> Split | None:
        """The parts that a gutter cuts the region into, if its sides are columns of running text."""
        pieces, order = self.pieces, self.order
        inside = (self.row >= gutter.first) & (self.row <= gutter.last)
        leftward = self.centred < gutter.left + gutter.right
        left, right = inside & leftward, inside & ~leftward
        if min(np.count_nonzero(left), np.count_nonzero(right)) < FEWEST_LINES:
            return None
        left = self._without_tails(left, right)
        right = self._without_tails(right, left)
        if not left.any() or not right.any() or not self._read_apart(left, right):
            return None
        columns = left | right
        tails = inside & ~columns
        upper = pieces.middle[order] < np.median(pieces.middle[order[columns]])
        return Split(
            above=order[(self.row < gutter.first) | (tails & upper)],
            left=order[left],
            right=order[right],
            below=order[(self.row > gutter.last) | (tails & ~upper)],
        )

    def _without_tails(self, side: Mask, other: Mask) -> Mask:
        """A side without what stands above or below the other one behind a wide gap: a title, a footer."""
        if not side.any() or not other.any():
            return side & False
        top, middle, bottom = self.edges
        members = np.flatnonzero(side)
        members = members[np.argsort(middle[members], kind="stable")]
        highest, lowest = middle[other].min() - self.height, middle[other].max() + self.height
        level = np.flatnonzero((middle[members] >= highest) & (middle[members] <= lowest))
        kept = np.zeros_like(side)
        if len(level):
            white = top[members[1:]] - np.maximum.accumulate(bottom[members])[:-1]
            cuts = np.flatnonzero(white > TAIL_GAP_HEIGHTS * self.height) + 1
            first = max(cuts[cuts <= level[0]], default=0)
            last = min(cuts[cuts > level[-1]], default=len(members))
            kept[members[first:last]] = True
        return kept

    def _read_apart(self, left: Mask, right: Mask) -> bool:
        """Whether the sides are columns of running text rather than cells of the same rows."""
        lines = self._lines(left, rightmost=True)
        if not lines.satisfy(LOOSEST):
            return False
        sides = lines, self._lines(right, rightmost=False)
        aligned = max(sides[0].level_with(sides[1]), sides[1].level_with(sides[0]))
        rule = next(rule for rule in RULES if aligned >= rule.aligned)
        return all(side.satisfy(rule) for side in sides)

    def _lines(self, side: Mask, rightmost: bool) -> _Lines:
        """The lines of a side, whose gutter is on the right if ``rightmost``."""
        row = self.row[side]
        left, right, middle = (part[side] for part in self.scaled)
        begins = np.ones(len(row), np.bool_)
        begins[1:] = (row[1:] != row[:-1]) | (left[1:] - right[:-1] > WORD_GAP_HEIGHTS)
        first = np.flatnonzero(begins)
        start, width = left[first], np.maximum.reduceat(right, first) - left[first]
        number = row[first]
        near = np.ones(len(number), np.bool_)
        near[slice(None, -1) if rightmost else slice(1, None)] = number[1:] != number[:-1]
        return _Lines(start[near], width[near], middle[first][near], median(width.tolist()))


@dataclass(frozen=True)
class _Lines:
    """One side of a gutter; all measures in text heights.

    Attributes:
        start: Left edge of the stretch of text next to the gutter, one a line.
        width: Its width.
        middle: Its middle's y.
        usual: Median width of all the side's stretches: in a table, most cells are short.
    """

    start: Floats
    width: Floats
    middle: Floats
    usual: float

    def level_with(self, other: _Lines) -> float:
        """Share of these lines that have one of the other side beside them."""
        return float(np.mean(np.abs(self.middle[:, None] - other.middle[None, :]).min(axis=1) < ALIGNED_HEIGHTS))

    def satisfy(self, rule: ColumnRule) -> bool:
        """Whether these lines look like running text."""
        if len(self.width) < rule.lines or self.usual < rule.width:
            return False
        widths, starts = self.width.tolist(), self.start.tolist()
        typical, edge = median(widths), percentile(starts, 20)
        return (
            typical >= rule.width
            and typical >= rule.fill * percentile(widths, 80)
            and median(np.diff(np.sort(self.middle)).tolist()) <= MAX_PITCH_HEIGHTS
            and sum(abs(start - edge) < FLUSH_HEIGHTS for start in starts) >= rule.flush * len(starts)
        )
