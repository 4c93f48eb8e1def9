"""The structure of a table whose lines are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.layout.tables.columns import find_separators
from worker.layout.tables.grid import Grid, build_grid
from worker.layout.tables.headers import mark_headers
from worker.layout.tables.labels import place_labels, span_names, without_labels_between
from worker.layout.tables.rows import bands, part_rows
from worker.layout.tables.rulings import Bounds, Rulings, find_rulings
from worker.layout.tables.spans import join_cells
from worker.layout.tables.tokens import TableText, Token, straightened, table_text
from worker.layout.tree import CellLayout, LayoutLine, TableLayout
from worker.page import Pixels, Quad

Cuts = Mapping[int, tuple[int, ...]]
"""For each line that stands in several cells, the indices of the words that begin a further cell."""


@dataclass(frozen=True)
class TableStructure:
    """A table's cells, over words.

    Attributes:
        grid: Its places and cells.
        skew: Degrees clockwise by which the page is turned.
    """

    grid: Grid
    skew: float

    @property
    def cuts(self) -> Cuts:
        """Where lines are to be divided so that each stands in one cell."""
        pieces: dict[int, list[int]] = {}
        for cell in self.grid.cells:
            for row in cell.rows:
                for line, first in _starts(row):
                    pieces.setdefault(line, []).append(first)
        return {line: tuple(sorted(firsts)[1:]) for line, firsts in sorted(pieces.items()) if len(firsts) > 1}

    def layout(self, index_of: Callable[[int, int], int] = lambda line, word: line) -> TableLayout:
        """The table over lines.

        Args:
            index_of: The index, among the page's lines once they are divided, of a line's word.
        """
        cells = []
        for cell in sorted(self.grid.cells, key=lambda cell: (cell.top, cell.left)):
            rows = tuple(tuple(dict.fromkeys(index_of(token.line, token.word) for token in row)) for row in cell.rows)
            cells.append(
                CellLayout(
                    row=cell.top,
                    column=cell.left,
                    row_span=cell.bottom - cell.top + 1,
                    column_span=cell.right - cell.left + 1,
                    header=cell.header,
                    rows=rows,
                    quad=self._quad(cell.left, cell.top, cell.right + 1, cell.bottom + 1),
                )
            )
        return TableLayout(len(self.grid.ys) - 1, len(self.grid.xs) - 1, _without_repeats(cells))

    def _quad(self, left: int, top: int, right: int, bottom: int) -> Quad:
        xs, ys = self.grid.xs, self.grid.ys
        corners = np.array(
            [[xs[left], ys[top]], [xs[right], ys[top]], [xs[right], ys[bottom]], [xs[left], ys[bottom]]], np.float32
        )
        cos, sin = np.cos(np.radians(self.skew)), np.sin(np.radians(self.skew))
        return np.asarray(corners @ np.array([[cos, sin], [-sin, cos]], np.float32), np.float32)


def analyse_table(
    lines: Sequence[LayoutLine], members: Sequence[int], pixels: Pixels | None = None, drawn: Rulings | None = None
) -> TableStructure:
    """Rows, columns, spanning and header cells of a table.

    Args:
        lines: All lines of the upright page; a skew of a few degrees may be left in.
        members: Indices of the table's lines, at least one.
        pixels: The page, whose ruling lines are looked at; None where there is no picture.
        drawn: Its ruling lines, where they are known.
    """
    text = table_text(lines, members)
    rulings = _rulings(lines, members, text, pixels, drawn)
    return make_structure(text, find_separators(text, rulings), rulings)


def make_structure(text: TableText, separators: Sequence[float], rulings: Rulings) -> TableStructure:
    """The cells of a table whose columns are known."""
    level, between = without_labels_between(text, separators)
    grid = build_grid(level, separators, bands(part_rows(level, separators, rulings)), rulings)
    place_labels(grid, between, level.rows, separators)
    join_cells(grid, rulings)
    span_names(grid, mark_headers(grid, rulings), rulings)
    return TableStructure(grid, text.skew)


def draft_grid(text: TableText, separators: Sequence[float], rulings: Rulings) -> tuple[Grid, int]:
    """The cells of what may be a table, and how many rows its header has.

    Candidates are judged by these: each boundary between its rows is looked at alone, which costs little.
    """
    grid = build_grid(text, separators, bands(part_rows(text, separators, rulings, together=False)), rulings)
    join_cells(grid, rulings)
    return grid, mark_headers(grid, rulings)


def divide_lines(lines: Sequence[LayoutLine], cuts: Cuts) -> tuple[list[LayoutLine], list[tuple[int, int, int]]]:
    """The lines of a page, those of several cells divided.

    Args:
        lines: All of the page.
        cuts: Where; see :attr:`TableStructure.cuts`.

    Returns:
        The new lines in order, and for each the line it is of and the range of that line's words it has.
    """
    divided, origins = [], []
    for index, line in enumerate(lines):
        edges = [0, *cuts.get(index, ()), len(line.words)]
        if len(edges) == 2:
            divided.append(line)
            origins.append((index, 0, len(line.words)))
            continue
        for first, after in zip(edges[:-1], edges[1:], strict=True):
            words = line.words[first:after]
            quad = _around(line, first, after)
            divided.append(replace(line, quad=quad, text=" ".join(word.text for word in words), words=words))
            origins.append((index, first, after))
    return divided, origins


def _around(line: LayoutLine, first: int, after: int) -> Quad:
    """The part of a line's quad that some of its words take."""
    quad = np.asarray(line.quad, np.float32)
    start, end = line.words[first].quad, line.words[after - 1].quad
    if start is None or end is None:
        total = sum(len(word.text) + 1 for word in line.words)
        low = sum(len(word.text) + 1 for word in line.words[:first]) / total
        high = sum(len(word.text) + 1 for word in line.words[:after]) / total
        top, bottom = quad[1] - quad[0], quad[2] - quad[3]
        return np.array([quad[0] + low * top, quad[0] + high * top, quad[3] + high * bottom, quad[3] + low * bottom])
    return np.array([start[0], end[1], end[2], start[3]], np.float32)


def _starts(row: Sequence[Token]) -> list[tuple[int, int]]:
    """The first word of each line's part in a visual row of a cell."""
    firsts: dict[int, int] = {}
    for token in row:
        firsts[token.line] = min(token.word, firsts.get(token.line, token.word))
    return list(firsts.items())


def _without_repeats(cells: Sequence[CellLayout]) -> tuple[CellLayout, ...]:
    """Each line in the first cell that has it alone."""
    taken: set[int] = set()
    unique = []
    for cell in cells:
        rows = tuple(tuple(line for line in row if line not in taken) for row in cell.rows)
        taken.update(line for row in rows for line in row)
        unique.append(replace(cell, rows=tuple(row for row in rows if row)))
    return tuple(unique)


def _rulings(
    lines: Sequence[LayoutLine],
    members: Sequence[int],
    text: TableText,
    pixels: Pixels | None,
    drawn: Rulings | None,
) -> Rulings:
    """The table's lines; the page's other text is not a line either."""
    boxes: list[Bounds] = [(token.left, token.top, token.right, token.bottom) for token in text.tokens]
    own = set(members)
    others = [line.quad for index, line in enumerate(lines) if index not in own]
    for quad in straightened(others, text.skew):
        (left, top), (right, bottom) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
        boxes.append((left, top, right, bottom))
    return find_rulings(pixels, text.skew, text.bounds, boxes, text.height, drawn).near(text.bounds, text.height)
