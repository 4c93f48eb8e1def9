"""Cells as a model wrote them, row by row, brought to places of a table; whatever their spans, no two overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.engines.parsers.answer import Answer

WIDEST_SPAN = 100  # columns of one cell
MOST_COLUMNS = 300
MOST_PLACES = 200_000  # rows times columns; a larger table is a mistake of the model


@dataclass(frozen=True)
class Cell:
    """A cell as it is written.

    Attributes:
        rows: Its lines.
        header: Whether it names a column or a row.
        row_span: Rows that it covers.
        column_span: Columns that it covers.
    """

    rows: tuple[Answer, ...] = ()
    header: bool = False
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class PlacedCell:
    """A cell with the first place that it covers, and its spans within the table."""

    cell: Cell
    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(frozen=True)
class Arranged:
    """A table: its size, and its cells row by row."""

    rows: int
    columns: int
    cells: tuple[PlacedCell, ...]


def arranged(rows: Sequence[Sequence[Cell]]) -> Arranged | None:
    """Place cells as HTML does: each in the first column of its row that none from above covers.

    Spans end at the table's last row and before a place that is taken; columns in which no cell begins are left out.

    Returns:
        None for a table without a cell, or with more places than :data:`MOST_PLACES`.
    """
    free_from: dict[int, int] = {}  # for each column, the first row that no cell from above covers
    placed: list[PlacedCell] = []
    for number, cells in enumerate(rows):
        column = 0
        for index, cell in enumerate(cells):
            while free_from.get(column, 0) > number:
                column += 1
            if column >= MOST_COLUMNS:
                placed[-1] = _joined(placed[-1], cells[index:])
                break
            height = min(max(cell.row_span, 1), len(rows) - number)
            last = min(column + min(max(cell.column_span, 1), WIDEST_SPAN), MOST_COLUMNS)
            begin = column
            while column < last and free_from.get(column, 0) <= number:
                free_from[column] = number + height
                column += 1
            placed.append(PlacedCell(cell, number, begin, height, column - begin))
    begun = sorted({one.column for one in placed})
    if not begun or len(rows) * len(begun) > MOST_PLACES:
        return None
    number_of = {column: number for number, column in enumerate(begun)}
    return Arranged(len(rows), len(begun), tuple(_without_gaps(one, number_of) for one in placed))


def _without_gaps(one: PlacedCell, number_of: dict[int, int]) -> PlacedCell:
    span = sum(column in number_of for column in range(one.column, one.column + one.column_span))
    return replace(one, column=number_of[one.column], column_span=span)


def _joined(one: PlacedCell, others: Sequence[Cell]) -> PlacedCell:
    """A cell with the text of those behind it, for which there is no room."""
    texts = (*one.cell.rows, *(row for other in others for row in other.rows))
    return replace(one, cell=replace(one.cell, rows=texts))
