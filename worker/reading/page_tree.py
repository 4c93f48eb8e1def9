"""From the layout of a page to the lines and blocks of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocrq.contracts import Block, Box, Line, Table, TableCell
from tasks.monitoring.stages import stage
from worker.imaging.crop import span_quads
from worker.layout.checkboxes import with_checkboxes
from worker.layout.page import LinePart, lay_out
from worker.layout.tables.drawn_lines import Drawn
from worker.layout.text import block_text, compose_text, ordered_cells, reading_rows
from worker.layout.tree import BlockLayout, CellLayout, LayoutLine, LayoutWord, TableLayout
from worker.page import LineReading, Pixels, Quad
from worker.reading.confidence import word_ranges, word_spans

BLOCK_SEPARATOR = "\n\n"


@dataclass(frozen=True)
class PageTree:
    """A page's lines and blocks, both in reading order, and its text."""

    lines: list[Line]
    blocks: list[Block]

    @property
    def text(self) -> str:
        """All blocks, an empty line between two."""
        return BLOCK_SEPARATOR.join(block.text for block in self.blocks if block.text)


def read_tree(
    readings: Sequence[LineReading],
    lines: Sequence[Line],
    quads: Sequence[Quad],
    pixels: Pixels,
    to_box: Callable[[Quad], Box],
    stamps: Sequence[int] = (),
) -> PageTree:
    """The tree of a page whose layout is found by its picture and its lines.

    Args:
        readings: What was read of each line.
        lines: The same, of the result.
        quads: Where each of them stands, in pixels of the page, which is upright and level.
        pixels: The page.
        to_box: As for :func:`page_tree`.
        stamps: How many of the last lines each stamp has; they stand apart from the page's text, behind it.
    """
    count = len(readings) - sum(stamps)
    return tree_of(layout_lines(quads[:count], readings[:count]), lines, pixels, to_box, stamps, quads[count:])


def tree_of(
    placed: Sequence[LayoutLine],
    lines: Sequence[Line],
    pixels: Pixels,
    to_box: Callable[[Quad], Box],
    stamps: Sequence[int] = (),
    stamp_quads: Sequence[Quad] = (),
    drawn: Drawn | None = None,
) -> PageTree:
    """As :func:`read_tree`, of lines whose words have places; those of stamps are behind them among ``lines``."""
    count = len(placed)
    with stage("layout"):
        layout = lay_out(placed, pixels, drawn)
    divided = [
        _divided(lines[part.line], part, line.quad, to_box)
        for part, line in zip(layout.parts, layout.lines, strict=True)
    ]
    found = with_checkboxes(layout.blocks, [line.text for line in divided])
    blocks = [*found, *_stamp_blocks(stamps, len(divided))]
    every = [line.quad for line in layout.lines] + list(stamp_quads)
    return page_tree(blocks, [*divided, *lines[count:]], every, to_box)


def _stamp_blocks(stamps: Sequence[int], first: int) -> Iterator[BlockLayout]:
    for count in stamps:
        yield BlockLayout("stamp", tuple((index,) for index in range(first, first + count)))
        first += count


def _divided(line: Line, part: LinePart, quad: Quad, to_box: Callable[[Quad], Box]) -> Line:
    """The part of a line that stands in one cell; it is right more likely than the whole, by its share of the text."""
    ranges = word_ranges(line.text)
    if part.after - part.first in (0, len(ranges)):
        return line
    text = line.text[ranges[part.first][0] : ranges[part.after - 1][1]]
    words = line.words[part.first : part.after] if line.words and len(line.words) == len(ranges) else None
    share = len(text) / max(1, len(line.text))
    return Line(text=text, confidence=line.confidence**share, box=to_box(quad), words=words)


def page_tree(
    layout: Sequence[BlockLayout], lines: Sequence[Line], quads: Sequence[Quad | None], to_box: Callable[[Quad], Box]
) -> PageTree:
    """The tree of a page, its lines renumbered in the order in which they are read.

    Args:
        layout: Blocks in reading order; a line that none of them has becomes a block of its own at the end, and one
            that several have stays with the first, so that every line is in exactly one.
        lines: Of the result, as the layout numbers them.
        quads: Where each of them stands, in pixels of the upright page; None where that is not known.
        to_box: Makes the result's box of a quad of the upright page.
    """
    blocks = _each_line_once(layout, len(lines))
    order = [index for block in blocks for row in reading_rows(block) for index in row]
    place = {index: number for number, index in enumerate(order)}
    make = _BlockMaker(lines, quads, place, to_box)
    return PageTree([lines[index] for index in order], [make.block(block) for block in blocks])


def layout_lines(quads: Sequence[Quad], readings: Sequence[LineReading]) -> list[LayoutLine]:
    """The lines of an upright page as the layout takes them; words have places where the reader gives characters'."""
    return [
        LayoutLine(*line) for line in zip(quads, [r.text for r in readings], map(_words, quads, readings), strict=True)
    ]


def _words(quad: Quad, reading: LineReading) -> tuple[LayoutWord, ...]:
    ranges = word_ranges(reading.text)
    texts = [reading.text[first:after] for first, after in ranges]
    if not reading.spans:
        return tuple(LayoutWord(text, None) for text in texts)
    return tuple(map(LayoutWord, texts, span_quads(quad, word_spans(reading, ranges))))


def words_confidence(lines: Sequence[Line]) -> float:
    """The expected share of the lines' words that are right; 0 where there are none."""
    sure = [
        confidence
        for line in lines
        for confidence in ([word.confidence for word in line.words] if line.words else [line.confidence])
    ]
    return sum(sure) / len(sure) if sure else 0.0


def _each_line_once(layout: Sequence[BlockLayout], count: int) -> list[BlockLayout]:
    seen: set[int] = set()

    def new(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        kept = []
        for row in rows:
            fresh = tuple(index for index in row if index not in seen and 0 <= index < count)
            seen.update(fresh)
            if fresh:
                kept.append(fresh)
        return tuple(kept)

    blocks = []
    for block in layout:
        if block.table is None:
            blocks.append(replace(block, rows=new(block.rows)))
            continue
        cells = tuple(replace(cell, rows=new(cell.rows)) for cell in ordered_cells(block.table.cells))
        blocks.append(replace(block, rows=(), table=replace(block.table, cells=cells)))
        if outside := new(block.rows):
            blocks.append(BlockLayout("text", outside))
    blocks += [BlockLayout("text", ((index,),)) for index in range(count) if index not in seen]
    return [
        block
        for block in blocks
        if block.quad is not None or reading_rows(block) or block.checked is not None or block.type == "figure"
    ]


@dataclass(frozen=True)
class _BlockMaker:
    lines: Sequence[Line]
    quads: Sequence[Quad | None]
    place: dict[int, int]
    to_box: Callable[[Quad], Box]

    def block(self, block: BlockLayout) -> Block:
        members = [index for row in reading_rows(block) for index in row]
        return Block(
            type=block.type,
            box=self._box(members, block.quad),
            confidence=words_confidence([self.lines[index] for index in members]),
            text=block_text(block, [line.text for line in self.lines]),
            lines=[self.place[index] for index in members],
            level=block.level,
            table=self._table(block.table) if block.table else None,
            latex=block.latex,
            checked=block.checked,
        )

    def _table(self, table: TableLayout) -> Table:
        return Table(rows=table.rows, columns=table.columns, cells=[self._cell(cell) for cell in table.cells])

    def _cell(self, cell: CellLayout) -> TableCell:
        members = [index for row in cell.rows for index in row]
        return TableCell(
            row=cell.row,
            column=cell.column,
            row_span=cell.row_span,
            column_span=cell.column_span,
            header=cell.header,
            text=compose_text([cell.rows], [line.text for line in self.lines]),
            box=self.to_box(cell.quad) if cell.quad is not None else self._box(members, None),
            lines=[self.place[index] for index in members],
        )

    def _box(self, members: Sequence[int], quad: Quad | None) -> Box | None:
        """A single line's own box, else level bounds on the upright page around the lines and the block's own."""
        quads = [known for known in (*(self.quads[index] for index in members), quad) if known is not None]
        if not quads:
            return None
        if len(quads) == 1:
            return self.to_box(quads[0])
        points = np.concatenate(quads)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return self.to_box(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32))
