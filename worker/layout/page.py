"""The layout of a whole page: all its blocks in order, tables with cells, lines divided where they stand in several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from worker.layout.analysis import analyse_page
from worker.layout.long_pages import members_of, moved_blocks, moved_line, parts_of
from worker.layout.tables import TableRegion, TableStructure, analyse_table, divide_lines, find_tables
from worker.layout.tables.drawn_lines import Drawn
from worker.layout.tables.rulings import Rulings
from worker.layout.tree import BlockLayout, LayoutLine
from worker.page import Pixels

FEWEST = 2
"""Rows and columns of a table; what has less is read row by row."""


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


def lay_out(lines: Sequence[LayoutLine], pixels: Pixels | None = None, drawn: Drawn | None = None) -> PageLayout:
    """Find a page's tables and blocks.

    Args:
        lines: Of an upright page, in any order; a skew of a few degrees may be left in.
        pixels: The upright page; None where there is no picture.
        drawn: What the page draws, where that is known.
    """
    bounds = parts_of(lines, pixels)
    if pixels is None or len(bounds) == 1:
        return _lay_out(lines, pixels, drawn)
    divided, parts, blocks = list[LayoutLine](), list[LinePart](), list[BlockLayout]()
    for top, bottom in bounds:
        members = members_of(lines, (top, bottom), pixels.shape[0])
        layout = _lay_out([moved_line(lines[index], -top) for index in members], pixels[top:bottom])
        blocks += moved_blocks(layout.blocks, len(divided), top)
        divided += [moved_line(line, top) for line in layout.lines]
        parts += [replace(part, line=members[part.line]) for part in layout.parts]
    return PageLayout(tuple(divided), tuple(parts), tuple(blocks))


def _lay_out(lines: Sequence[LayoutLine], pixels: Pixels | None, drawn: Drawn | None = None) -> PageLayout:
    rulings = drawn.rulings if drawn else None
    found, tables = analyse_page(lines, pixels, partial(find_tables, lines, pixels, rulings), drawn)
    blocks = list(found)
    for table in tables:
        blocks = _with_table(blocks, table)
    structures = {
        index: structure
        for index, block in enumerate(blocks)
        if block.type == "table" and (structure := _structure(block, tables, lines, pixels, rulings))
    }
    cuts = {line: words for structure in structures.values() for line, words in structure.cuts.items()}
    divided, origins = divide_lines(lines, cuts)
    parts = tuple(LinePart(*origin) for origin in origins)
    numbers = _Numbers(parts)
    made = (numbers.block(block, structures.get(index)) for index, block in enumerate(blocks))
    return PageLayout(tuple(divided), parts, tuple(made))


def _structure(
    block: BlockLayout,
    tables: Sequence[TableRegion],
    lines: Sequence[LayoutLine],
    pixels: Pixels | None,
    drawn: Rulings | None,
) -> TableStructure | None:
    """The cells of a block that looks like a table; None where it has fewer than two rows or columns of them."""
    members = set(_lines_of(block))
    for table in tables:
        if members == set(table.members):
            return table.structure
    structure = analyse_table(lines, sorted(members), pixels, drawn)
    rows, columns = len(structure.grid.ys) - 1, len(structure.grid.xs) - 1
    return structure if min(rows, columns) >= FEWEST else None


class _Numbers:
    """New numbers of lines, once some are divided."""

    def __init__(self, parts: Sequence[LinePart]) -> None:
        self._of_line: dict[int, list[int]] = {}
        self._of_word: dict[tuple[int, int], int] = {}
        for index, part in enumerate(parts):
            self._of_line.setdefault(part.line, []).append(index)
            for word in range(part.first, max(part.after, 1)):  # a line whose words are not known counts as one
                self._of_word[part.line, word] = index

    def block(self, block: BlockLayout, structure: TableStructure | None) -> BlockLayout:
        """A block over the new lines; one that looks like a table and has no cells is read row by row, like a form."""
        if structure is not None:
            table = structure.layout(lambda line, word: self._of_word[line, word])
            return replace(block, rows=tuple(row for cell in table.cells for row in cell.rows), table=table)
        rows = tuple(tuple(index for line in row for index in self._of_line[line]) for row in block.rows)
        return replace(block, type="form" if block.type == "table" else block.type, rows=rows)


def _with_table(blocks: Sequence[BlockLayout], table: TableRegion) -> list[BlockLayout]:
    """The blocks with the table in the place of the first that has lines of it."""
    members = set(table.members)
    if any(block.type == "table" and members == set(_lines_of(block)) for block in blocks):
        return list(blocks)
    result: list[BlockLayout] = []
    placed = False
    for block in blocks:
        if members.isdisjoint(_lines_of(block)):
            result.append(block)
            continue
        above, below = _around(block, members)
        result += [replace(block, rows=above)] if above else []
        if not placed:
            result.append(BlockLayout("table", tuple((line,) for line in table.members)))
            placed = True
        result += [replace(block, rows=below)] if below else []
    return result


def _lines_of(block: BlockLayout) -> Iterator[int]:
    return (line for row in block.rows for line in row)


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
