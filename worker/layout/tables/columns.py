"""Between which words of a table its columns part: gutters that many rows share, and vertical lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, log1p

import numpy as np

from worker.layout.tables.gutters import LEAST_GAP, TRIM, Gutter, find_gutters, parted
from worker.layout.tables.network import Floats, judge, share
from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import Rulings
from worker.layout.tables.tokens import TableText, Token
from worker.percentiles import median

WIDE_GAP = 0.9
"""Text heights from which a gap is hardly a space."""

SNAP = 0.5
"""Text heights between a gutter and a line that are the same boundary."""

FULL_LINE, BROKEN_LINE, IN_GRID = 0.8, 0.35, 0.2
"""Share of the table's height that a vertical line must have to part columns whatever the words show, to show that
columns are parted by lines, and to part two where they are."""

SURE_IN_GRID = 0.93
"""Probability from which a gutter without a line parts columns of a table whose columns are parted by lines."""

SURE = 0.5
"""Probability from which a gutter parts columns."""

MOST_NAMES, FEWEST_BELOW = 3, 2
"""Visual rows at a table's top that may be names of columns alone, and those that a column has below them."""

WIDEST = 10.0
"""Text heights; measures are cut off here."""


@dataclass(frozen=True)
class JudgedGutters:
    """The gutters of a table.

    Attributes:
        gutters: From left to right.
        probabilities: That each of them parts columns.
    """

    gutters: Sequence[Gutter]
    probabilities: Floats


def judge_gutters(text: TableText, rulings: Rulings) -> JudgedGutters:
    """All gutters of a table."""
    gutters = find_gutters(text.rows, text.height)
    if not gutters:
        return JudgedGutters(gutters, np.zeros(0, np.float32))
    return JudgedGutters(gutters, judge("columns").probabilities(measure_gutters(gutters, text, rulings)))


def find_separators(text: TableText, rulings: Rulings, judged: JudgedGutters | None = None) -> list[float]:
    """The x of each boundary between columns, from left to right.

    Args:
        text: Of the table.
        rulings: Around it.
        judged: Its gutters, where they are known.
    """
    judged = judged or judge_gutters(text, rulings)
    lines = vertical_lines(rulings.vertical, text.height)
    tall = text.bounds[3] - text.bounds[1]
    drawn = is_gridded(text, rulings)
    least = SURE_IN_GRID if drawn else SURE
    chosen = [x for x, total in lines if total >= (IN_GRID if drawn else FULL_LINE) * tall]
    chosen = [x for x in chosen if text.bounds[0] < x < text.bounds[2]]
    for gutter, probability in zip(judged.gutters, judged.probabilities, strict=True):
        x = _snapped(gutter, lines, text.height)
        if probability >= least and all(abs(x - other) > SNAP * text.height for other in chosen):
            chosen.append(x)
    xs = [x for x, _ in lines]
    return _without_names_apart(_parting_words(sorted(chosen), text, xs), text, xs)


def is_gridded(text: TableText, rulings: Rulings) -> bool:
    """Whether a table's columns are parted by lines: two of them, or one and those of a box."""
    left, top, right, bottom = text.bounds
    lines = [(x, total / (bottom - top)) for x, total in vertical_lines(rulings.vertical, text.height)]
    inside = sum(left < x < right and share >= BROKEN_LINE for x, share in lines)
    before = any(x <= left + SNAP * text.height and share >= FULL_LINE for x, share in lines)
    after = any(x >= right - SNAP * text.height and share >= FULL_LINE for x, share in lines)
    return inside > 1 or (inside == 1 and before and after)


def vertical_lines(rulings: Sequence[Ruling], height: float) -> list[tuple[float, float]]:
    """Vertical lines as x and total length, pieces at one x put together."""
    found: list[tuple[float, float]] = []
    for ruling in sorted(rulings, key=lambda ruling: ruling.position):
        if found and ruling.position - found[-1][0] <= SNAP * height:
            x, length = found[-1]
            total = length + ruling.length
            found[-1] = ((x * length + ruling.position * ruling.length) / total, total)
        else:
            found.append((ruling.position, ruling.length))
    return found


def measure_gutters(gutters: Sequence[Gutter], text: TableText, rulings: Rulings) -> Floats:
    """What is seen at each gutter, in text heights and shares of the rows."""
    table = _Table(text, rulings)
    centres = [text.bounds[0], *(gutter.centre for gutter in gutters), text.bounds[2]]
    return np.array(
        [
            [*table.measures(gutter), *((b - a) / text.height for a, b in pairwise(centres[index : index + 3]))]
            for index, gutter in enumerate(gutters)
        ],
        np.float32,
    ).reshape(len(gutters), -1)


class _Table:
    """What the gutters of one table are measured by."""

    def __init__(self, text: TableText, rulings: Rulings) -> None:
        self.rows, self.height = text.rows, text.height
        self.lines = vertical_lines(rulings.vertical, text.height)
        self.tall = max(text.bounds[3] - text.bounds[1], 1.0)
        self.strongest = max((total for _, total in self.lines), default=0.0) / self.tall
        self.strong = sum(total > 0.5 * self.tall for _, total in self.lines)
        gaps = [(b.left - a.right) / text.height for row in text.rows for a, b in pairwise(row) if a.line == b.line]
        self.space = median(gaps) if gaps else LEAST_GAP
        self.centres = [[token.centre for token in row] for row in text.rows]
        self.parted = [[parted(a, b, text.height) for a, b in pairwise(row)] for row in text.rows]
        self.gapped = sum(map(any, self.parted))
        self.levels = len(rulings.horizontal)

    def measures(self, gutter: Gutter) -> list[float]:
        """Of one gutter."""
        count, height, x = len(self.rows), self.height, gutter.centre
        first, last = x - 2 * TRIM * height, x + 2 * TRIM * height
        pairs: list[tuple[Token, Token]] = []
        covered = narrow = lefts = rights = early = 0
        for number, row in enumerate(self.rows):
            at = bisect_left(self.centres[number], x)
            if (at > 0 and row[at - 1].left < first and row[at - 1].right > last) or (
                at < len(row) and row[at].left < first and row[at].right > last
            ):
                covered += 1
                early += 3 * number < count
            elif 0 < at < len(row):
                if not self.parted[number][at - 1]:
                    narrow += 1
                    early += 3 * number < count
                else:
                    pairs.append((row[at - 1], row[at]))
            else:
                lefts += at > 0
                rights += at < len(row)
        gaps = [min((b.left - a.right) / height, WIDEST) for a, b in pairs] or [0.0]
        line = max((total for at, total in self.lines if self._at(gutter, at)), default=0.0)
        return [
            min((gutter.right - gutter.left) / height, WIDEST),
            len(pairs) / count,
            covered / count,
            narrow / count,
            lefts / count,
            rights / count,
            early / max(1, covered + narrow),
            len(pairs) / max(1, self.gapped),
            len(pairs) / max(1, len(pairs) + covered + narrow),
            (covered + narrow - early) / max(1, len(pairs) + covered + narrow - early),
            log1p(len(pairs)),
            log(count),
            min(gaps),
            median(gaps),
            share(gap >= WIDE_GAP for gap in gaps),
            self.space,
            share(a.line != b.line for a, b in pairs),
            _spread([b.left for _, b in pairs], height),
            _spread([a.right for a, _ in pairs], height),
            share(a.is_number for a, _ in pairs),
            share(b.is_number for _, b in pairs),
            min(line / self.tall, 1.2),
            min(self.strongest, 1.2),
            min(self.strong, 5),
            min(self.levels / count, 2.0),
        ]

    def _at(self, gutter: Gutter, x: float) -> bool:
        reach = SNAP * self.height
        return gutter.left - reach <= x <= gutter.right + reach


def _spread(values: Sequence[float], height: float) -> float:
    """Median distance from the median, in text heights."""
    if not values:
        return WIDEST
    usual = median(values)
    return min(median(abs(value - usual) for value in values) / height, WIDEST)


def _snapped(gutter: Gutter, lines: Sequence[tuple[float, float]], height: float) -> float:
    """A gutter's x: that of a line in it, else its middle."""
    near = [x for x, _ in lines if gutter.left - SNAP * height <= x <= gutter.right + SNAP * height]
    return min(near, key=lambda x: abs(x - gutter.centre)) if near else gutter.centre


def _parting_words(separators: list[float], text: TableText, lines: Sequence[float]) -> list[float]:
    """The separators without those that leave a column empty, unless lines draw it."""
    centres = np.array([token.centre for token in text.tokens])
    kept: list[float] = []
    left = -np.inf
    for x in separators:
        ruled = x in lines and (left in lines or left == -np.inf)
        if ((centres > left) & (centres <= x)).any() or ruled:
            kept.append(x)
            left = x
    while kept and not (centres > kept[-1]).any():
        kept.pop()
    return kept


def _without_names_apart(separators: list[float], text: TableText, lines: Sequence[float]) -> list[float]:
    """The separators without those that part a column's name from what stands under it, set flush on the other side."""
    edges = [-np.inf, *separators, np.inf]
    rows_of = [
        [number for number, row in enumerate(text.rows) if any(low < token.centre <= high for token in row)]
        for low, high in pairwise(edges)
    ]
    kept: list[float] = []
    left = rows_of[0]
    for x, right in zip(separators, rows_of[1:], strict=True):
        names, below = sorted((left, right))
        apart = names and below and names[-1] < below[0] and names[-1] < MOST_NAMES and len(below) >= FEWEST_BELOW
        if apart and x not in lines:
            left = [*names, *below]
        else:
            kept.append(x)
            left = right
    return kept
