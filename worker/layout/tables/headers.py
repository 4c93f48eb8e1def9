"""Which rows of a table name its columns, and what their cells span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.layout.tables.grid import Grid, GridCell
from worker.layout.tables.network import Floats, judge, share
from worker.layout.tables.rows import covered_share
from worker.layout.tables.rulings import Rulings

SURE = 0.5
"""Probability from which a row is one of the header."""

MOST_ROWS = 6
"""Rows of the longest header that is looked for."""

COVERED = 0.8
"""Share of the width from which a line under a row runs all along it."""

CENTRED, OFF_CENTRE = 0.6, 1.0
"""Text heights: how near a name's centre must be to that of the columns it spans, and how far from its own's."""


def mark_headers(grid: Grid, rulings: Rulings) -> int:
    """Mark the cells of the header and let them span what they name; tells how many rows it has."""
    rows = len(grid.ys) - 1
    if rows < 2:
        return 0
    probabilities = judge("headers").probabilities(measure_headers(grid, rulings))
    count = 0
    while count < min(rows - 1, len(probabilities)) and probabilities[count] >= SURE:
        count += 1
    for row in range(count - 1):
        _span_columns(grid, row, rulings)
    if count > 1:
        _span_rows(grid, count)
    for cell in grid.cells:
        cell.header = cell.bottom < count
    return max([count, *(cell.bottom + 1 for cell in grid.cells if cell.top < count)])


def measure_headers(grid: Grid, rulings: Rulings) -> Floats:
    """What is seen of each of the first rows, at least two in all."""
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    numbers = np.zeros((rows, columns), np.float32)
    filled = np.zeros((rows, columns), np.float32)
    for cell in grid.cells:
        tokens = cell.tokens
        if tokens:
            filled[cell.top, cell.left : cell.right + 1] = 1
            numbers[cell.top, cell.left : cell.right + 1] = share(token.is_number for token in tokens)
    left, right, reach = grid.xs[0], grid.xs[-1], 0.5 * grid.height
    under = [covered_share(rulings.horizontal, y - reach, y + reach, left, right) for y in grid.ys[1:]]
    steps = [covered_share(rulings.edges, y - reach, y + reach, left, right) for y in grid.ys[1:]]
    lines = np.array(under[:-1]) >= COVERED
    below_numbers = [float(_share(numbers[row + 1 :], filled[row + 1 :])) for row in range(rows)]
    measures = []
    for row in range(min(rows, MOST_ROWS)):
        own = float(_share(numbers[row], filled[row]))
        spans = sum(cell.top == row and cell.right > cell.left for cell in grid.cells)
        deep = max((len(cell.rows) for cell in grid.cells if cell.top == row), default=0)
        measures.append(
            [
                row,
                rows,
                columns,
                own,
                below_numbers[row],
                below_numbers[row] - own,
                float(filled[row].mean()),
                float(filled[row, 0]),
                float(filled[row + 1 :].mean()) if row + 1 < rows else 0.0,
                under[row],
                steps[row],
                under[row - 1] if row else 0.0,
                float(lines.mean()),
                float(lines[row:].any()),
                float(lines[row + 1 :].any()),
                float(lines[:row].any()),
                float(np.mean(np.array(steps[:-1]) >= COVERED)),
                spans,
                min(deep, 4),
                float(_share(numbers[row + 1], filled[row + 1])) if row + 1 < rows else 0.0,
                float(filled[row + 1, 0]) if row + 1 < rows else 0.0,
                float(filled[row + 1].mean()) if row + 1 < rows else 0.0,
                (grid.ys[row + 1] - grid.ys[row]) / grid.height,
            ]
        )
    return np.array(measures, np.float32)


def _share(values: Floats, where: Floats) -> float:
    return float((values * where).sum() / max(float(where.sum()), 1.0))


def _span_columns(grid: Grid, row: int, rulings: Rulings) -> None:
    """Let the names of a header's row span the columns that a short line under them, or their place, shows."""
    y, reach = grid.ys[row + 1], 0.6 * grid.height
    short = [
        line
        for line in rulings.horizontal
        if abs(line.position - y) <= reach and line.length < COVERED * (grid.xs[-1] - grid.xs[0])
    ]
    for cell in [cell for cell in grid.cells if cell.top == cell.bottom == row and cell.rows]:
        low, high = _room(grid, cell)
        if low == cell.left and high == cell.right:
            continue
        text = (min(token.left for token in cell.tokens), max(token.right for token in cell.tokens))
        under = [line for line in short if line.start < text[1] and line.end > text[0]]
        if under:
            start, end = min(line.start for line in under), max(line.end for line in under)
            named: Sequence[int] = [c for c in range(low, high + 1) if start <= sum(grid.xs[c : c + 2]) / 2 <= end]
        else:
            named = _centred(grid, cell, low, high, sum(text) / 2)
        if named and (min(named) < cell.left or max(named) > cell.right):
            grid.merge(grid.at(row, min(min(named), cell.left)), grid.at(row, max(max(named), cell.right)))


def _room(grid: Grid, cell: GridCell) -> tuple[int, int]:
    """The columns left and right of a cell that are empty in its row and not in the next."""

    def free(column: int) -> bool:
        return not grid.at(cell.top, column).rows and bool(grid.at(cell.top + 1, column).rows)

    low, high = cell.left, cell.right
    while low > 0 and free(low - 1):
        low -= 1
    while high < len(grid.xs) - 2 and free(high + 1):
        high += 1
    return low, high


def _centred(grid: Grid, cell: GridCell, low: int, high: int, centre: float) -> Sequence[int]:
    """The columns whose common middle is a name's."""
    edges = {column: _text_edges(grid, column) for column in range(low, high + 1)}

    def off(first: int, last: int) -> float:
        return abs((edges[first][0] + edges[last][1]) / 2 - centre) / grid.height

    own = off(cell.left, cell.right)
    spans = [(first, last) for first in range(low, cell.left + 1) for last in range(cell.right, high + 1)]
    first, last = min(spans, key=lambda span: (round(off(*span) / CENTRED), span[0] - span[1]))
    if off(first, last) > CENTRED or own < OFF_CENTRE:
        return ()
    return range(first, last + 1)


def _text_edges(grid: Grid, column: int) -> tuple[float, float]:
    """Where the text of a column's own cells begins and ends."""
    tokens = [token for cell in grid.cells if cell.left == cell.right == column for token in cell.tokens]
    if not tokens:
        return grid.xs[column], grid.xs[column + 1]
    return min(token.left for token in tokens), max(token.right for token in tokens)


def _span_rows(grid: Grid, count: int) -> None:
    """Join an empty place of the header with what stands above or below it in its column."""
    for column in range(len(grid.xs) - 1):
        for row in range(count - 1):
            above, below = grid.at(row, column), grid.at(row + 1, column)
            alone = above.left == above.right == below.left == below.right
            if above is not below and alone and not (above.rows and below.rows):
                grid.merge(above, below)
