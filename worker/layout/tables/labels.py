"""Labels of several rows: in their middle, between two or beside the middle one, or beside the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from worker.layout.tables.grid import SNAP, Grid, GridCell
from worker.layout.tables.rows import covered_share, parts_of
from worker.layout.tables.rulings import Rulings
from worker.layout.tables.spans import UNRULED
from worker.layout.tables.tokens import TableText, Token, row_middle

LABELS = 2
"""Columns at a table's left that may hold such labels."""

BETWEEN = 0.25
"""Text heights by which a label may stand off the middle of two rows."""

CENTRED = 0.35
"""The same for the middle of all the rows that it stands for."""

WIDE, FULL = 3, 0.8
"""Columns of a table, and share of the places with text in its other rows, where a text alone is a section's title."""

Between = Mapping[int, Sequence[Token]]
"""Labels that stand between two visual rows, by the index of the lower one."""


def without_labels_between(text: TableText, separators: Sequence[float]) -> tuple[TableText, Between]:
    """A table without the labels that stand alone halfway between two rows of other columns, and these labels."""
    parts = [parts_of(row, separators) for row in text.rows]
    kept: list[list[Token]] = []
    between: dict[int, Sequence[Token]] = {}
    for number, (row, part) in enumerate(zip(text.rows, parts, strict=True)):
        if 0 < number < len(parts) - 1 and len(part) == 1 and (column := next(iter(part))) < LABELS:
            above, below = parts[number - 1], parts[number + 1]
            off = row_middle(text.rows[number - 1]) + row_middle(text.rows[number + 1]) - 2 * row_middle(row)
            beside = len(above.keys() & below.keys())
            empty = column not in above and column not in below
            if empty and beside > 1 and abs(off) <= 2 * BETWEEN * text.height:
                between[len(kept)] = row
                continue
        kept.append(row)
    return replace(text, rows=kept), between


def place_labels(grid: Grid, between: Between, rows: Sequence[Sequence[Token]], separators: Sequence[float]) -> None:
    """Give labels that stand between two visual rows a cell over both rows of the table, or that of the one."""
    for number, label in between.items():
        (column,) = parts_of(label, separators)
        upper, lower = (next(c for c in grid.cells if rows[at][0] in c.tokens).top for at in (number - 1, number))
        grid.merge(grid.at(upper, column), grid.at(lower, column))
        cell = grid.at(upper, column)
        cell.rows = sorted([*cell.rows, list(label)], key=row_middle)


def span_names(grid: Grid, header: int, rulings: Rulings) -> None:
    """Let the labels of rows, and the titles of sections, span what they name.

    Args:
        grid: Its cells are replaced.
        header: Rows of its header.
        rulings: Of the table.
    """
    _span_titles(grid, header)
    for column in range(min(LABELS, len(grid.xs) - 2)):
        groups = _centred(grid, column, header) or _downward(grid, column, header)
        if not any(first < last for first, last in groups):
            return
        for first, last in groups:
            if all(_line_share(grid, rulings, row, column) < UNRULED for row in range(first, last)):
                grid.merge(grid.at(first, column), grid.at(last, column))


def _line_share(grid: Grid, rulings: Rulings, row: int, column: int) -> float:
    """Share of a place's lower side that lines cover."""
    y, reach = grid.ys[row + 1], SNAP * grid.height
    return covered_share(rulings.horizontal, y - reach, y + reach, *grid.xs[column : column + 2])


def _span_titles(grid: Grid, header: int) -> None:
    """Let a row's only text span it where it stands in the first of several columns, between rows that are full."""
    rows, columns = range(len(grid.ys) - 1), len(grid.xs) - 1
    filled = [[cell for cell in grid.cells if cell.top <= row <= cell.bottom and cell.rows] for row in rows]
    others = [len(cells) for cells in filled if len(cells) > 1]
    titles = [row for row in rows[header:-1] if len(filled[row]) == 1 < len(filled[row + 1])]
    if columns < WIDE or len(others) < 2 * len(titles) or sum(others) < FULL * columns * len(others):
        return
    for row in titles:
        (cell,) = filled[row]
        if cell.left == cell.right == 0 and cell.top == cell.bottom:
            grid.merge(cell, grid.at(row, columns - 1))


def _downward(grid: Grid, column: int, header: int) -> list[tuple[int, int]]:
    """First and last row of each label's, down to the next; none where a name of a row is no text or missing."""
    count = len(grid.ys) - 1
    names = [grid.at(row, column + 1) for row in range(header, count)]
    if not all(name.left == column + 1 and name.rows and not name.tokens[0].is_number for name in names):
        return []
    begins = [row for row in range(header, count) if grid.at(row, column).rows and grid.at(row, column).top == row]
    if not begins or begins[0] != header:
        return []
    return [(first, after - 1) for first, after in pairwise([*begins, count])]


def _centred(grid: Grid, column: int, first: int) -> list[tuple[int, int]]:
    """First and last row of each label's; none where one of them is not in their middle."""
    count = len(grid.ys) - 1
    groups: list[tuple[int, int]] = []
    middles = [_middle([c for c in grid.cells if c.top == c.bottom == row and c.left > column]) for row in range(count)]
    labels = [cell for cell in grid.cells if cell.left == cell.right == column and cell.top >= first and cell.rows]
    for label in sorted(labels, key=lambda cell: cell.top):
        middle = _middle([label])
        start = middles[first] if first < count else None
        if middle is None or start is None:
            return []
        off, last = min((abs(start + end - 2 * middle), row) for row, end in enumerate(middles) if end and row >= first)
        if off > 2 * CENTRED * grid.height or not first <= label.top <= label.bottom <= last:
            return []
        groups.append((first, last))
        first = last + 1
    return groups if first == count else []


def _middle(cells: Sequence[GridCell]) -> float | None:
    """The y of some cells' text."""
    ys = [row_middle(row) for cell in cells for row in cell.rows]
    return (min(ys) + max(ys)) / 2 if ys else None
