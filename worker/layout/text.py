"""From ordered pieces to text."""

from __future__ import annotations

from collections.abc import Sequence

from worker.layout.tree import BlockLayout, CellLayout

BOX_CHECKED, BOX_EMPTY = "☑", "☐"
"""What stands in a text for a checkbox, before its label."""


def compose_text(blocks: Sequence[Sequence[Sequence[int]]], texts: Sequence[str]) -> str:
    """The text as a person would read it.

    Args:
        blocks: As :func:`worker.layout.arrange` gives them: blocks of rows of indices.
        texts: What each piece reads, by index; pieces that read nothing leave no trace.

    Returns:
        Pieces of a row joined by a space, rows by a newline, blocks by an empty line.
    """
    written = []
    for block in blocks:
        rows = (" ".join(text for index in row if (text := texts[index].strip())) for row in block)
        written.append("\n".join(row for row in rows if row))
    return "\n\n".join(block for block in written if block)


def block_text(block: BlockLayout, texts: Sequence[str]) -> str:
    """What a block says: its rows as lines, all cells of a table's row on one line, a checkbox before its label."""
    text = compose_text([reading_rows(block)], texts)
    if block.checked is None:
        return text
    return f"{BOX_CHECKED if block.checked else BOX_EMPTY} {without_mark(text)}".rstrip()


def marked_state(text: str) -> bool | None:
    """Whether the checkbox that a line begins with is checked; None for a line that begins with none."""
    return text[:1] == BOX_CHECKED if text[:1] in (BOX_CHECKED, BOX_EMPTY) else None


def without_mark(text: str) -> str:
    """A checkbox's label, where the mark was read with it."""
    return text.removeprefix(BOX_CHECKED).removeprefix(BOX_EMPTY).lstrip()


def reading_rows(block: BlockLayout) -> list[list[int]]:
    """A block's lines as they are read: its visual rows or, of a table, its rows of cells, each cell whole."""
    if block.table is None:
        return [list(row) for row in block.rows]
    rows: list[list[int]] = [[] for _ in range(block.table.rows)]
    for cell in ordered_cells(block.table.cells):
        rows[cell.row] += [index for row in cell.rows for index in row]
    return [row for row in rows if row]


def ordered_cells(cells: Sequence[CellLayout]) -> list[CellLayout]:
    """Cells row by row, each row from the left."""
    return sorted(cells, key=lambda cell: (cell.row, cell.column))
