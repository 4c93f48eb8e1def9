"""The document as field extraction sees it: upright lines in rows, with the box of any stretch of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from ocrq.contracts import Block, Line, Page
from ocrq.contracts.result import Box
from worker.fields.folding import fold
from worker.geometry import Bounds, bounds_of, part_of, rounded, size_of, turned_back

SAME_ROW = 0.5
"""Share of the lower line's height that two lines must have in common to stand in one row."""

LEVEL = 0.8
"""The same of two that are surely level."""

CHARACTER_WIDTH = 10.0
LINE_PITCH = 20.0
"""Pixels a character and a line are taken to have where the reader gave no boxes."""


@dataclass(frozen=True)
class LayoutLine:
    """A line of a page.

    Attributes:
        index: Its place in the document's lines.
        page: Page number, from 1.
        row: Which row of the document it stands in.
        rect: Upright place.
        line: As read.
        block: Index of its block in the document; -1 where the page has none.
    """

    index: int
    page: int
    row: int
    rect: Bounds
    line: Line
    block: int = -1

    @property
    def text(self) -> str:
        """As read."""
        return self.line.text

    @cached_property
    def folded(self) -> str:
        """Without case and accents, character for character."""
        return fold(self.line.text)

    def part(self, start: int, end: int) -> Bounds:
        """The upright place of some of its characters, taken as equally wide."""
        count = max(1, len(self.text))
        width = self.rect.right - self.rect.left
        return Bounds(
            self.rect.left + width * start / count,
            self.rect.top,
            self.rect.left + width * end / count,
            self.rect.bottom,
        )

    def box(self, start: int, end: int) -> Box | None:
        """The box of some of its characters: their words' where those are known, else a share of the line's."""
        if self.line.box is None:
            return None
        first, last = self._words(start, end)
        if first is not None and last is not None:
            return (first[0], last[1], last[2], first[3])
        count = max(1, len(self.text))
        return rounded(part_of(self.line.box, start / count, end / count))

    def confidence(self, start: int, end: int) -> float:
        """The probability that these characters are right: their words' where known, else the line's."""
        words = self._word_places(start, end)
        known = [word for word in words if word is not None]
        if not known or self.line.words is None:
            return self.line.confidence
        return math.prod(self.line.words[index].confidence for index in known)

    def _words(self, start: int, end: int) -> tuple[Box | None, Box | None]:
        places = [place for place in self._word_places(start, end) if place is not None]
        words = self.line.words or []
        if not places:
            return None, None
        return words[places[0]].box, words[places[-1]].box

    def _word_places(self, start: int, end: int) -> list[int | None]:
        places: list[int | None] = []
        at = 0
        for index, word in enumerate(self.line.words or []):
            at = self.text.find(word.text, at)
            if at < 0:
                return []
            if at < end and at + len(word.text) > start:
                places.append(index)
            at += len(word.text)
        return places


@dataclass(frozen=True)
class LayoutCell:
    """Where a line stands in a table: row and column count from 0."""

    row: int
    column: int
    header: bool


@dataclass(frozen=True)
class LayoutBlock:
    """A block of a page.

    Attributes:
        type: Its role.
        lines: Indices into the document's lines, in reading order.
        rows: Of a table; 0 for other blocks.
        columns: Of a table.
        cells: Of a table: the cell of each line.
    """

    type: str
    lines: tuple[int, ...]
    rows: int
    columns: int
    cells: dict[int, LayoutCell]


@dataclass(frozen=True)
class LayoutPage:
    """All lines of a document.

    Attributes:
        lines: In the pages' reading order.
        rows: Indices of the lines that stand side by side, from the left; rows from the top of the first page.
        extents: Top of the first and bottom of the last line, by page number.
        blocks: In reading order; empty where the pages have none.
    """

    lines: tuple[LayoutLine, ...]
    rows: tuple[tuple[int, ...], ...]
    extents: dict[int, tuple[float, float]]
    blocks: tuple[LayoutBlock, ...] = ()

    def depth(self, line: LayoutLine) -> float:
        """How far down the text of its page a line stands, 0 to 1."""
        top, bottom = self.extents[line.page]
        return (line.rect.middle - top) / max(1.0, bottom - top)

    @cached_property
    def pitch(self) -> float:
        """Median height of a line in pixels."""
        return median([line.rect.height for line in self.lines]) if self.lines else LINE_PITCH

    @cached_property
    def folded(self) -> str:
        """All text, folded, a line a line."""
        return "\n".join(line.folded for line in self.lines)


def layout_page_of(pages: Sequence[Page]) -> LayoutPage:
    """Put the lines of pages upright and into rows.

    Args:
        pages: As read; a page without lines but with text gives its text's lines, without boxes.
    """
    lines: list[LayoutLine] = []
    rows: list[tuple[int, ...]] = []
    extents: dict[int, tuple[float, float]] = {}
    blocks: list[LayoutBlock] = []
    for page in pages:
        given = page.lines or _lines_of(page)
        kept = [place for place, line in enumerate(given) if line.text.strip()]
        read = [given[place] for place in kept]
        rects = [_upright(line, place, page.angle) for place, line in enumerate(read)]
        if not read:
            continue
        extents[page.page] = (min(rect.top for rect in rects), max(rect.bottom for rect in rects))
        for members in _rows(rects):
            rows.append(tuple(len(lines) + member for member in members))
        row_of = {index: number for number, members in enumerate(rows) for index in members}
        base = len(lines)
        new = {place: base + number for number, place in enumerate(kept)}
        first = len(blocks)
        blocks += [_block(block, new) for block in page.blocks]
        block_of = {index: first + number for number, block in enumerate(blocks[first:]) for index in block.lines}
        lines += [
            LayoutLine(base + place, page.page, row_of[base + place], rect, line, block_of.get(base + place, -1))
            for place, (line, rect) in enumerate(zip(read, rects, strict=True))
        ]
    return LayoutPage(tuple(lines), tuple(rows), extents, tuple(blocks))


def _block(block: Block, new: dict[int, int]) -> LayoutBlock:
    cells = {
        new[line]: LayoutCell(cell.row, cell.column, cell.header)
        for cell in (block.table.cells if block.table else ())
        for line in cell.lines
        if line in new
    }
    rows, columns = (block.table.rows, block.table.columns) if block.table else (0, 0)
    return LayoutBlock(block.type, tuple(new[line] for line in block.lines if line in new), rows, columns, cells)


def _lines_of(page: Page) -> list[Line]:
    return [Line(text=text, confidence=page.confidence) for text in page.text.splitlines()]


def _upright(line: Line, place: int, angle: float) -> Bounds:
    if line.box is None:
        top = place * LINE_PITCH
        return Bounds(0.0, top, CHARACTER_WIDTH * len(line.text), top + 0.8 * LINE_PITCH)
    level = turned_back(line.box, angle)
    around, (_, height) = bounds_of(level), size_of(level)
    middle, half = sum(y for _, y in level) / 4, max(height, 1.0) / 2
    return Bounds(around.left, middle - half, around.right, middle + half)


def _rows(rects: Sequence[Bounds]) -> list[list[int]]:
    rows: list[list[int]] = []
    for index in sorted(range(len(rects)), key=lambda i: rects[i].middle):
        fitting = next((row for row in reversed(rows[-3:]) if _beside(rects, row, index)), None)
        if fitting is None:
            rows.append([index])
        else:
            fitting.append(index)
    return [sorted(row, key=lambda i: rects[i].left) for row in rows]


def _beside(rects: Sequence[Bounds], row: Sequence[int], index: int) -> bool:
    """Whether a line continues a row: level with the member nearest to it, and over none of them."""
    rect = rects[index]
    near = min((rects[i] for i in row), key=lambda other: _gap(other, rect))
    shared = min(near.bottom, rect.bottom) - max(near.top, rect.top)
    lower = min(near.height, rect.height)
    apart = -1.5 if shared >= LEVEL * lower else -0.5  # heads set tight may reach into each other
    return shared >= SAME_ROW * lower and all(_gap(rects[i], rect) > apart * lower for i in row)


def _gap(one: Bounds, other: Bounds) -> float:
    return max(one.left, other.left) - min(one.right, other.right)
