"""A table's cells by the place they stand at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ocrq.contracts import Table, TableCell

AMOUNT = re.compile(r"[^\w\s]*\s?\d[\d.,' ]*\s?[^\w\s]*\s?[A-Za-z]{0,3}")  # 23.67, -1'200, € 5, 12 %, 4.99 A

MAX_PLACES = 1_000_000
"""Of one table; a larger one says so by mistake, and is written cell by cell."""


def grid(table: Table) -> list[list[TableCell | None]]:
    """The table's rows of places: a cell at its first, None where there is none or an other one reaches over."""
    rows, columns = size(table)
    places: list[list[TableCell | None]] = [[None] * columns for _ in range(rows)]
    for cell in table.cells:
        if cell.row < rows and cell.column < columns:
            places[cell.row][cell.column] = cell
    return places


def size(table: Table) -> tuple[int, int]:
    """Rows and columns, no fewer than the cells need."""
    rows = max([table.rows, *(cell.row + cell.row_span for cell in table.cells)])
    columns = max([table.columns, *(cell.column + cell.column_span for cell in table.cells)])
    return (rows, columns) if rows * columns <= MAX_PLACES else (0, 0)


def covered(table: Table) -> set[tuple[int, int]]:
    """Places that a cell reaches over from another one."""
    return {
        (row, column)
        for cell in table.cells
        if cell.row_span * cell.column_span > 1
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
        if (row, column) != (cell.row, cell.column)
    }


def header_rows(table: Table) -> int:
    """How many rows at the top are header cells alone; empty ones may be among them."""
    count = 0
    for row in grid(table):
        cells = [cell for cell in row if cell is not None]
        if not cells or not all(cell.header or not cell.text for cell in cells) or not any(c.header for c in cells):
            break
        count += 1
    return count


def is_simple(table: Table) -> bool:
    """Whether no cell spans others and one row at most is a header, as tables of Markdown are."""
    return header_rows(table) <= 1 and all(cell.row_span == cell.column_span == 1 for cell in table.cells)


def texts(table: Table) -> list[list[str]]:
    """What stands at each place, "" where nothing does; a cell that spans others says it at its first place."""
    return [[" ".join(cell.text.split()) if cell else "" for cell in row] for row in grid(table)]


def amount_columns(rows: Sequence[Sequence[str]]) -> list[bool]:
    """For each column, whether most of what stands in it below the first row are amounts."""
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(rows[0])
    return [_are_amounts([text for text in column if text]) for column in columns]


def _are_amounts(texts: Sequence[str]) -> bool:
    return bool(texts) and 2 * sum(bool(AMOUNT.fullmatch(text)) for text in texts) > len(texts)
