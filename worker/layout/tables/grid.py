"""The cells of a table out of its column boundaries, its rows and its lines: which places one cell covers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter

import numpy as np

from worker.layout.tables.rows import covered_share
from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import MARGIN, Rulings
from worker.layout.tables.tokens import TableText, Token, row_middle

SPLIT_GAP = 0.42
"""Text heights between two words on either side of a column boundary from which they are two cells."""

STRADDLE = 0.55
"""Text heights by which text must reach over a column boundary to stand in both columns."""

RULED = 0.6
"""Share of a side of a cell or a table from which a line bounds it."""

SNAP = 0.55
"""Text heights between a boundary and a line that is drawn for it."""

EMPTY_ROW = 0.9
"""Text heights between two lines that make an empty row."""

GRID_LINES = 2
"""Vertical lines from which what they leave open is meant to be open."""


@dataclass
class GridCell:
    """A cell: the places it covers, and its text as visual rows."""

    top: int
    left: int
    bottom: int
    right: int
    rows: list[list[Token]] = field(default_factory=list)
    header: bool = False

    @property
    def tokens(self) -> list[Token]:
        """Row by row."""
        return [token for row in self.rows for token in row]

    def covers(self, other: GridCell) -> bool:
        """Whether they share a place."""
        return (
            self.top <= other.bottom
            and other.top <= self.bottom
            and self.left <= other.right
            and other.left <= self.right
        )


@dataclass
class Grid:
    """A table's places and its cells.

    Attributes:
        xs: Boundaries of the columns, the outer two included; straightened pixels.
        ys: Of the rows likewise.
        cells: Each place is in exactly one.
        height: Of a line of text.
    """

    xs: list[float]
    ys: list[float]
    cells: list[GridCell]
    height: float

    def at(self, row: int, column: int) -> GridCell:
        """The cell that covers a place."""
        return next(cell for cell in self.cells if cell.top <= row <= cell.bottom and cell.left <= column <= cell.right)

    def merge(self, first: GridCell, second: GridCell) -> None:
        """Make two cells one, and all that stand within their common bounds with them."""
        if first is second:
            return
        joined = GridCell(
            min(first.top, second.top),
            min(first.left, second.left),
            max(first.bottom, second.bottom),
            max(first.right, second.right),
        )
        parts = [first, second]
        while True:
            others = [cell for cell in self.cells if cell not in parts and cell.covers(joined)]
            if not others:
                break
            parts.extend(others)
            joined.top, joined.left = min(part.top for part in parts), min(part.left for part in parts)
            joined.bottom, joined.right = max(part.bottom for part in parts), max(part.right for part in parts)
        joined.rows = _merged_rows(parts, self.height)
        self.cells = [cell for cell in self.cells if cell not in parts] + [joined]


def build_grid(
    text: TableText, separators: Sequence[float], bands: Sequence[tuple[int, int]], rulings: Rulings
) -> Grid:
    """Cells by text and by lines.

    Args:
        text: Of the table.
        separators: The x of each boundary between columns.
        bands: The table's rows as ranges of visual rows.
        rulings: Its lines.
    """
    xs = _outer(list(separators), rulings.vertical, text.bounds[0], text.bounds[2], text.height)
    levels = _levels(text, bands, rulings)
    ys, filled = levels
    grid = Grid(xs, ys, [], text.height)
    for row in range(len(ys) - 1):
        band = filled.get(row)
        grid.cells.extend(_row_cells(text, row, band, separators, rulings) if band else ())
    taken = {place for cell in grid.cells for place in _places(cell)}
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            if (row, column) not in taken:
                grid.cells.append(GridCell(row, column, row, column))
    return grid


def _places(cell: GridCell) -> Iterator[tuple[int, int]]:
    for row in range(cell.top, cell.bottom + 1):
        for column in range(cell.left, cell.right + 1):
            yield row, column


def _outer(inner: list[float], lines: Sequence[Ruling], first: float, last: float, height: float) -> list[float]:
    """Boundaries with the outer two: at lines just outside the text, else at the text's own edge."""
    reach = MARGIN * height
    before = [line.position for line in lines if first - reach <= line.position <= first + SNAP * height]
    after = [line.position for line in lines if last - SNAP * height <= line.position <= last + reach]
    low, high = max(before, default=first), min(after, default=last)
    return [min([low, first, *inner]), *inner, max([high, last, *inner])]


def _levels(
    text: TableText, bands: Sequence[tuple[int, int]], rulings: Rulings
) -> tuple[list[float], dict[int, tuple[int, int]]]:
    """Boundaries of the rows, and which band of text stands in which row; rows that lines draw empty have none."""
    left, _, right, _ = text.bounds
    height = text.height
    full = _clustered(
        [
            line.position
            for line in rulings.horizontal
            if covered_share(
                rulings.horizontal, line.position - SNAP * height, line.position + SNAP * height, left, right
            )
            >= RULED
        ],
        SNAP * height,
    )
    upright = [line for line in rulings.vertical if line.length >= RULED * (text.bounds[3] - text.bounds[1])]
    grid = len(upright) >= GRID_LINES
    if grid:  # what lies beyond them is another table's, or the page's
        reach = SNAP * height
        first, last = min(line.start for line in upright) - reach, max(line.end for line in upright) + reach
        full = [y for y in full if first <= y <= last]
    spans = [(row_middle(text.rows[first]), row_middle(text.rows[after - 1])) for first, after in bands]
    ys: list[float] = []
    filled: dict[int, tuple[int, int]] = {}
    above = -np.inf
    for number, (top, bottom) in enumerate(spans):
        between = [y for y in full if above < y < top]
        if grid and len(between) > 1:
            kept = [y for y, after in pairwise(between) if after - y >= EMPTY_ROW * height] + [between[-1]]
        elif between:
            kept = [between[-1]] if number == 0 else [_nearest(between, (above + top) / 2)]
        else:
            kept = [top - 0.6 * height if number == 0 else (above + top) / 2]
        ys.extend(kept)
        filled[len(ys) - 1] = bands[number]
        above = bottom
    beyond = [y for y in full if y > above]
    if not beyond:
        ys.append(above + 0.6 * height)
    else:
        ys.append(beyond[0])
        for y in beyond[1:]:
            if grid and y - ys[-1] >= EMPTY_ROW * height:
                ys.append(y)
    return ys, filled


def _nearest(values: Sequence[float], to: float) -> float:
    return min(values, key=lambda value: abs(value - to))


def _clustered(values: Sequence[float], reach: float) -> list[float]:
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= reach:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [float(np.mean(group)) for group in groups]


def _row_cells(
    text: TableText, row: int, band: tuple[int, int], separators: Sequence[float], rulings: Rulings
) -> list[GridCell]:
    """The cells of one row that hold text."""
    cells: list[GridCell] = []
    for visual in text.rows[band[0] : band[1]]:
        for piece in split_row(visual, separators, rulings, text.height):
            left, right = _columns(piece, separators, text.height)
            cell = GridCell(row, left, row, right, [piece])
            for other in [other for other in cells if other.covers(cell)]:
                cells.remove(other)
                cell.left, cell.right = min(cell.left, other.left), max(cell.right, other.right)
                cell.rows = _merged_rows([other, cell], text.height)
            cells.append(cell)
    return cells


def split_row(
    visual: Sequence[Token], separators: Sequence[float], rulings: Rulings, height: float
) -> list[list[Token]]:
    """A visual row's tokens, cut between cells."""
    pieces: list[list[Token]] = []
    for token in visual:
        if pieces and not _cut_between(pieces[-1][-1], token, separators, rulings, height):
            pieces[-1].append(token)
        else:
            pieces.append([token])
    return pieces


def _cut_between(before: Token, after: Token, separators: Sequence[float], rulings: Rulings, height: float) -> bool:
    first, last = bisect_right(separators, before.centre), bisect_right(separators, after.centre)
    if first >= last:
        return False
    if (after.left - before.right) / height >= SPLIT_GAP or before.line != after.line:
        return True
    middle = (before.middle + after.middle) / 2
    low, high = before.centre, after.centre
    return any(
        low < line.position < high and line.start - height / 2 <= middle <= line.end + height / 2
        for line in rulings.vertical
    )


def _columns(piece: Sequence[Token], separators: Sequence[float], height: float) -> tuple[int, int]:
    """First and last column that a piece stands in."""
    left, right = piece[0].left, max(token.right for token in piece)
    inset = min(STRADDLE * height, (right - left) / 2)
    first, last = bisect_right(separators, left + inset), bisect_right(separators, right - inset)
    centre = bisect_right(separators, (left + right) / 2)
    return min(first, centre), max(last, centre)


def _merged_rows(parts: Sequence[GridCell], height: float) -> list[list[Token]]:
    """The text of several cells as visual rows."""
    rows = [row for part in sorted(parts, key=lambda part: (part.top, part.left)) for row in part.rows]
    merged: list[list[Token]] = []
    last = 0.0
    for middle, row in sorted(((row_middle(row), row) for row in rows), key=itemgetter(0)):
        if merged and middle - last <= height / 2:
            merged[-1] = sorted([*merged[-1], *row], key=lambda token: token.left)
            last = row_middle(merged[-1])
        else:
            merged.append(list(row))
            last = middle
    return merged
