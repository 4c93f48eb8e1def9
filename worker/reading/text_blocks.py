"""The blocks of a text that a model wrote for a whole page: those of its markup, or what stands between empty lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from worker.layout.tree import BlockLayout, CellLayout, TableLayout
from worker.page import TextBlock, TextTable

Rows = tuple[tuple[int, ...], ...]


def parts_of_rows(blocks: Sequence[TextBlock]) -> dict[int, int]:
    """For each row of the text the number of the block or cell that it is of: no line reaches from one into another."""
    parts = [(cell.first, cell.after) for block in blocks if block.table is not None for cell in block.table.cells]
    parts += [(block.first, block.after) for block in blocks if block.table is None]
    return {row: number for number, (first, after) in enumerate(parts) for row in range(first, after)}


def blocks_of_markup(blocks: Sequence[TextBlock], rows: Sequence[int]) -> tuple[BlockLayout, ...]:
    """The blocks that a model wrote.

    Args:
        blocks: Over rows of the text.
        rows: For each line of the page, the row of the text on which it begins.
    """
    lines: dict[int, list[int]] = {}
    for line, row in enumerate(rows):
        lines.setdefault(row, []).append(line)

    def held(first: int, after: int) -> Rows:
        return tuple(tuple(lines[row]) for row in range(first, after) if row in lines)

    def table_of(table: TextTable) -> TableLayout:
        cells = (
            CellLayout(c.row, c.column, c.row_span, c.column_span, c.header, held(c.first, c.after))
            for c in table.cells
        )
        return TableLayout(table.rows, table.columns, tuple(cells))

    return tuple(
        BlockLayout(
            block.type,
            held(block.first, block.after),
            level=block.level,
            table=table_of(block.table) if block.table else None,
            checked=block.checked,
            latex=block.latex,
        )
        for block in blocks
    )


def blocks_of_text(text: str, rows: Sequence[int]) -> tuple[BlockLayout, ...]:
    """The text's paragraphs.

    Args:
        text: Of the whole page, rows separated by newlines.
        rows: For each line of the page, ascending, the row of the text on which it begins.
    """
    paragraph, paragraphs = 0, []
    for row in text.split("\n"):
        paragraph += not row.strip()
        paragraphs.append(paragraph)
    of_line = [paragraphs[min(row, len(paragraphs) - 1)] for row in rows]
    blocks = groupby(range(len(rows)), key=lambda line: of_line[line])
    return tuple(
        BlockLayout("text", tuple(tuple(row) for _, row in groupby(lines, key=lambda line: rows[line])))
        for _, lines in blocks
    )
