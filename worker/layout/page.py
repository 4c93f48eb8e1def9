"""The layout of a whole page: tables, lines divided where they stand in several cells, and all blocks in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.layout.analysis import NO_TABLES, OTHER_SHARE, analyse_layout
from worker.layout.tables import TableRegion, divide_lines, find_tables
from worker.layout.tree import BlockLayout, LayoutLine, TableLayout
from worker.page import Pixels


@dataclass(frozen=True)
class LinePart:
    """A line of the layout: a line that was found, or some of its words.

    Attributes:
        line: Index among the lines that were found.
        first: Of its words.
        after: The word behind the last.
    """

    line: int
    first: int
    after: int


@dataclass(frozen=True)
class PageLayout:
    """A page's blocks.

    Attributes:
        lines: Those that were found, some divided.
        parts: For each of ``lines``, what it is of.
        blocks: In reading order, over ``lines``.
    """

    lines: tuple[LayoutLine, ...]
    parts: tuple[LinePart, ...]
    blocks: tuple[BlockLayout, ...]


def lay_out(lines: Sequence[LayoutLine], pixels: Pixels | None = None) -> PageLayout:
    """Find a page's tables and blocks.

    Args:
        lines: Of an upright page, in any order; a skew of a few degrees may be left in.
        pixels: The upright page; None where there is no picture.
    """
    tables = find_tables(lines, pixels)
    cuts = {line: words for table in tables for line, words in table.structure.cuts.items()}
    divided, origins = divide_lines(lines, cuts)
    parts = tuple(LinePart(*origin) for origin in origins)
    layouts = [_layout_of(table, parts) for table in tables]
    members = [[line for cell in table.cells for row in cell.rows for line in row] for table in layouts]
    blocks = list(analyse_layout(divided, pixels, members))
    for table in layouts:
        blocks = _with_table(blocks, table)
    return PageLayout(tuple(divided), parts, tuple(blocks))


def _layout_of(table: TableRegion, parts: Sequence[LinePart]) -> TableLayout:
    places = {
        (part.line, word): index
        for index, part in enumerate(parts)
        for word in range(part.first, max(part.after, 1))  # a line whose words are not known counts as one
    }
    return table.structure.layout(lambda line, word: places[line, word])


def _with_table(blocks: Sequence[BlockLayout], table: TableLayout) -> list[BlockLayout]:
    """The blocks with the table in the place of the first that has lines of it; none changes if it is no table."""
    rows = tuple(row for cell in table.cells for row in cell.rows)
    members = {line for row in rows for line in row}
    other = sum(line in members for block in blocks if block.type in NO_TABLES for row in block.rows for line in row)
    if not members or other > OTHER_SHARE * len(members):
        return list(blocks)
    result: list[BlockLayout] = []
    placed = False
    for block in blocks:
        if not any(line in members for row in block.rows for line in row):
            result.append(block)
            continue
        above, below = _around(block, members)
        result += [replace(block, rows=above)] if above else []
        if not placed:
            result.append(BlockLayout("table", rows, table=table))
            placed = True
        result += [replace(block, rows=below)] if below else []
    return result


Rows = tuple[tuple[int, ...], ...]


def _around(block: BlockLayout, members: set[int]) -> tuple[Rows, Rows]:
    """A block's rows above and below those of a table, which are left out."""
    above: list[tuple[int, ...]] = []
    below: list[tuple[int, ...]] = []
    seen = False
    for row in block.rows:
        kept = tuple(line for line in row if line not in members)
        seen = seen or len(kept) < len(row)
        if kept:
            (below if seen else above).append(kept)
    return tuple(above), tuple(below)
