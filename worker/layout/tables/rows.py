"""Between which visual rows of a table its rows part; the others hold the further lines of the same cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from worker.layout.tables.columns import is_gridded
from worker.layout.tables.network import Floats, judge, share
from worker.layout.tables.pitches import describe_pitches
from worker.layout.tables.row_bands import MOST_ROWS, OPENING, Bands, Boundaries, describe_bands, likeliest_bands
from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import Rulings
from worker.layout.tables.tokens import TableText, Token, row_middle

SURE = 0.5
"""Probability from which two visual rows are of different rows."""

CERTAIN, ODDS = 0.97, 1e-4
"""Probability from which two visual rows are never one, and the least that is told apart from 0."""

RULED = 0.8
"""Share of a column's width from which a line between two visual rows parts them in a table drawn with lines."""

SURE_IN_GRID = 0.85
"""Probability from which two visual rows without a line between them are parted in such a table."""

COVERED = 0.5
"""Share of the table's width that lines between two visual rows cover where they part rows."""

NEAR, FAR = 0.35, 4.0
"""Text heights: how far into a visual row a line may reach, and where measures are cut off."""

Parts = dict[int, list[Token]]
"""Tokens of a visual row by the column they stand in."""


def part_rows(text: TableText, separators: Sequence[float], rulings: Rulings, together: bool = True) -> list[bool]:
    """For each visual row but the first, whether it begins a row of the table.

    Args:
        text: Of the table.
        separators: The x of each boundary between columns.
        rulings: Of the table.
        together: Look at all rows together where no lines part them, and not at each boundary alone.
    """
    if len(text.rows) < 2:
        return []
    table = _Table(text, separators, rulings)
    probabilities = judge("rows").probabilities(table.all_measures())
    if not is_gridded(text, rulings):
        return table.partition(probabilities) if together else [bool(one >= SURE) for one in probabilities]
    drawn = [max(columns) >= RULED for columns in table.by_column]
    least = SURE_IN_GRID if any(drawn) else SURE
    sure = zip(drawn, probabilities, table.ruled_through()[1:], strict=True)
    # Text that a line runs beside, of a cell over two rows, stands with the upper of them.
    return [bool(line or (probability >= least and not through)) for line, probability, through in sure]


def parts_of(row: Sequence[Token], separators: Sequence[float]) -> Parts:
    """A visual row's tokens by column."""
    parts: Parts = {}
    for token in row:
        parts.setdefault(bisect_right(separators, token.centre), []).append(token)
    return parts


def covered_share(lines: Sequence[Ruling], above: float, below: float, left: float, right: float) -> float:
    """Share of a stretch that level lines between two heights cover."""
    spans = sorted([(max(left, line.start), min(right, line.end)) for line in lines if above <= line.position <= below])
    if not spans:
        return 0.0
    total, edge = 0.0, left
    for start, end in spans:
        total += max(0.0, end - max(start, edge))
        edge = max(edge, end)
    return total / max(right - left, 1.0)


def measure_rows(text: TableText, separators: Sequence[float], rulings: Rulings) -> Floats:
    """What is seen between each two visual rows, at least two of them."""
    return _Table(text, separators, rulings).all_measures()


def measure_bands(text: TableText, separators: Sequence[float], rulings: Rulings) -> Bands:
    """What is seen of all visual rows that may be one row together, of two at least."""
    table = _Table(text, separators, rulings)
    return table.bands(judge("rows").probabilities(table.all_measures()))


class _Table:
    """What the boundaries of one table are measured by."""

    SHARED = 5
    """So many of the first measures are also taken from the boundaries before and after."""

    def __init__(self, text: TableText, separators: Sequence[float], rulings: Rulings) -> None:
        self.height, self.bounds = text.height, text.bounds
        self.rows = [parts_of(row, separators) for row in text.rows]
        self.middles = [row_middle(row) for row in text.rows]
        self.columns = len(separators) + 1
        tokens: list[Parts] = self.rows
        self.widths = [
            max((part[column][-1].right for part in tokens if column in part), default=0.0)
            - min((part[column][0].left for part in tokens if column in part), default=0.0)
            for column in range(self.columns)
        ]
        self.pitches = np.diff(self.middles) / text.height
        self.ruled = [self._covered(rulings.horizontal, index) for index in range(len(self.pitches))]
        self.lines = rulings.horizontal
        self.edges = edges = [text.bounds[0], *separators, text.bounds[2]]
        self.by_column = [
            [
                self._covered(rulings.horizontal, index, *sides, through=column not in self.rows[index])
                for column, sides in enumerate(pairwise(edges))
            ]
            for index in range(len(self.pitches))
        ]
        self.filled = [self._covered(rulings.edges, index) for index in range(len(self.pitches))]
        tall = max(text.bounds[3] - text.bounds[1], 1.0)
        full = [len(part) * 2 > self.columns for part in self.rows]
        self.full = [middle for middle, is_full in zip(self.middles, full, strict=True) if is_full]
        self.usual, self.low, self.high = (float(np.percentile(self.pitches, part)) for part in (50, 15, 85))
        self.ruled_share = share(covered > COVERED for covered in self.ruled)
        self.filled_share = share(covered > COVERED for covered in self.filled)
        self.column_share = share(max(columns) > COVERED for columns in self.by_column)
        self.upright = sum(line.length > 0.5 * tall for line in rulings.vertical)
        self.steps = describe_pitches(self.rows, self.columns, text.height)

    def all_measures(self) -> Floats:
        """One row a boundary: its own measures, some of those before and after it, and how its columns go on."""
        single = np.array([self.measures(index) for index in range(len(self.pitches))], np.float32)
        around = np.pad(single[:, : self.SHARED], ((1, 1), (0, 0)))
        steps = np.array(self.steps, np.float32).reshape(len(single), -1)
        return np.asarray(np.concatenate([single, around[:-2], around[2:], steps], axis=1), np.float32)

    def partition(self, probabilities: Floats) -> list[bool]:
        """Of each boundary whether it parts rows, by what it is itself and by the rows that it would make."""
        run = longest = 1
        for probability in probabilities:
            run = run + 1 if probability < CERTAIN else 1
            longest = max(longest, run)
        if longest == 1:
            return [True] * len(probabilities)
        return likeliest_bands(self.bands(probabilities, min(longest, MOST_ROWS)))

    def bands(self, probabilities: Floats, longest: int = MOST_ROWS) -> Bands:
        """What is seen of visual rows that may be one row of the table together."""
        sure = np.clip(probabilities, ODDS, 1 - ODDS)
        lines = np.array([max(columns) for columns in self.by_column])
        at = Boundaries(lines, np.array(self.filled), np.log(sure / (1 - sure)))
        return describe_bands(self.rows, self.columns, self.middles, self.height, at, longest)

    def _covered(
        self,
        lines: Sequence[Ruling],
        index: int,
        left: float | None = None,
        right: float | None = None,
        through: bool = False,
    ) -> float:
        """Share of a stretch with a line between a visual row and the next, or ``through`` the first of them."""
        reach = NEAR * self.height
        above, below = self.middles[index] + (-reach if through else reach), self.middles[index + 1] - reach
        if above > below:
            above = below = (above + below) / 2
            above, below = above - 1, below + 1
        start, end = self.bounds[0] if left is None else left, self.bounds[2] if right is None else right
        return covered_share(lines, above, below, start, end)

    def ruled_through(self) -> list[bool]:
        """Of each visual row, whether a line runs through it in a column where it has no text."""
        reach = NEAR * self.height
        return [
            any(
                covered_share(self.lines, middle - reach, middle + reach, *sides) >= RULED
                for column, sides in enumerate(pairwise(self.edges))
                if column not in row
            )
            for row, middle in zip(self.rows, self.middles, strict=True)
        ]

    def measures(self, index: int) -> list[float]:
        """Between visual row ``index`` and the next."""
        above, below = self.rows[index], self.rows[index + 1]
        count, pitch = len(self.pitches), min(float(self.pitches[index]), FAR)
        both = [column for column in below if column in above]
        common, last = len(both), max(self.columns - 1, 1)
        other = sum([token.has_digits for part in below.values() for token in part])
        words = sum(len(part) for part in below.values())
        after = self.pitches[index + 1] if index + 1 < count else FAR
        shared_after = len(above.keys() & self.rows[index + 2].keys()) if index + 1 < count else 0
        slack = [self._slack(above[column], below[column][0], column) for column in both]
        indents = [(below[column][0].left - above[column][0].left) / self.height for column in both]
        return [
            pitch,
            self.ruled[index],
            self.filled[index],
            len(below) / self.columns,
            len(above) / self.columns,
            pitch / self.usual if self.usual > 0 else 1.0,
            pitch / max(self.low, 0.2),
            min(self.high / max(pitch, 0.2), FAR),
            min(pitch + float(after), 2 * FAR),
            shared_after / self.columns,
            self.ruled_share,
            self.filled_share,
            float(any(covered > COVERED for covered in self.ruled[: index + 1])),
            min(self.upright, 4),
            common / len(below),
            common / len(above),
            common / self.columns,
            float(0 in below),
            float(0 in above),
            self.columns,
            index / count,
            count,
            min(slack, default=FAR),
            max(slack, default=FAR),
            share(slack) if slack else FAR,
            min(indents, default=0.0),
            max(indents, default=0.0),
            share(indent != 0 and abs(indent) < NEAR for indent in indents),
            other / words,
            share(below[column][0].text[:1].islower() for column in below),
            share(above[column][-1].text.endswith(OPENING) for column in above),
            share(below[column][0].is_number for column in below),
            share(above[column][-1].is_number for column in above),
            max(self._width(below[column]) for column in below),
            len(below) / last,
            *self._full_rows(index),
            max(self.by_column[index]),
            min(self.by_column[index]),
            share(self.by_column[index][column] for column in below),
            self.column_share,
        ]

    def _full_rows(self, index: int) -> list[float]:
        """How far the nearest rows above and below are that have text in most columns, and whether these are two."""
        middle = (self.middles[index] + self.middles[index + 1]) / 2
        up = min((middle - y for y in self.full if y < middle), default=2 * FAR * self.height) / self.height
        down = min((y - middle for y in self.full if y > middle), default=2 * FAR * self.height) / self.height
        return [min(up, 2 * FAR), min(down, 2 * FAR), float(np.clip(up - down, -FAR, FAR)), min(abs(up - down), FAR)]

    def _width(self, part: Sequence[Token]) -> float:
        return min((part[-1].right - part[0].left) / self.height, 2 * FAR)

    def _slack(self, above: Sequence[Token], first: Token, column: int) -> float:
        """Text heights by which the next line's first word would have fitted into this line."""
        free = self.widths[column] - (above[-1].right - above[0].left)
        return float(np.clip((free - first.width) / self.height, -FAR, FAR))


def bands(starts: Sequence[bool]) -> list[tuple[int, int]]:
    """Rows of the table as ranges of visual rows."""
    edges = [0, *(index + 1 for index, start in enumerate(starts) if start), len(starts) + 1]
    return list(pairwise(edges))
