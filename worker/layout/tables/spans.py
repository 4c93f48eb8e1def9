"""Which places of a table one cell covers: by lines that are left out, and by titles of sections."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from worker.layout.tables.grid import GRID_LINES, RULED, SNAP, Grid
from worker.layout.tables.rows import covered_share
from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import Rulings

UNRULED = 0.25
"""Share of a cell's side below which no line bounds it."""

HALF = 0.5
"""Share of a boundary's length from which it is drawn."""

TOP_ROWS = 3
"""Rows of a table without upright lines in which a short line may stand under a few columns' common name."""

CENTRED = 1.0
"""Text heights between a row's only text and the table's middle where it is the title of a section."""


def join_cells(grid: Grid, rulings: Rulings) -> None:
    """Make one of cells that lines or a section's title show to be one.

    Args:
        grid: Its cells are replaced.
        rulings: Of the table.
    """
    _join_unruled(grid, rulings)
    _span_sections(grid)


def _span_sections(grid: Grid) -> None:
    """Let the only text of a row span it where it reaches over a boundary or stands in the table's middle."""
    last = len(grid.xs) - 2
    for row in range(len(grid.ys) - 1):
        filled = [cell for cell in grid.cells if cell.top <= row <= cell.bottom and cell.rows]
        if len(filled) != 1 or last == 0:
            continue
        (cell,) = filled
        single = cell.top == cell.bottom == row
        left, right = min(token.left for token in cell.tokens), max(token.right for token in cell.tokens)
        off = abs((left + right) / 2 - (grid.xs[0] + grid.xs[-1]) / 2)
        middle = cell.left > 0 and off <= CENTRED * grid.height
        if single and (middle or (cell.left == 0 and cell.right > 0)):
            grid.merge(grid.at(row, 0), grid.at(row, last))


def _join_unruled(grid: Grid, rulings: Rulings) -> None:
    """Make one of cells between which a boundary that is drawn elsewhere has no line."""
    reach = SNAP * grid.height
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    across = [_sides(rulings.vertical, x, grid.ys, reach) for x in grid.xs[1:-1]]
    along = [_sides(rulings.horizontal, y, grid.xs, reach) for y in grid.ys[1:-1]]
    drawn = sum(float(np.mean(np.array(side) >= RULED)) >= HALF for side in across)
    for column, sides in enumerate(across):
        if float(np.mean(np.array(sides) >= RULED)) < HALF:
            continue
        for row in range(rows):
            if sides[row] < UNRULED:
                first, second = grid.at(row, column), grid.at(row, column + 1)
                if not (first.rows and second.rows):
                    grid.merge(first, second)
    boxed = drawn >= min(GRID_LINES, columns - 1) > 0
    for row, sides in enumerate(along):
        ruled = sum(side >= RULED for side in sides)
        if not ruled or not (boxed or row < TOP_ROWS or ruled >= HALF * columns):
            continue
        for column in range(columns):
            above, below = grid.at(row, column), grid.at(row + 1, column)
            if sides[column] < UNRULED and (boxed or not (above.rows and below.rows)):
                grid.merge(above, below)


def _sides(lines: Sequence[Ruling], at: float, edges: Sequence[float], reach: float) -> list[float]:
    """How much of each stretch between edges has a line at a boundary."""
    return [covered_share(lines, at - reach, at + reach, start, end) for start, end in pairwise(edges)]
