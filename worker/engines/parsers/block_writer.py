"""Puts a page's blocks together: the text, a row for each line and each cell, and what each row belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ocrq.contracts.result import BlockType
from worker.engines.parsers.answer import Answer, joined
from worker.engines.parsers.table_grid import Cell, arranged
from worker.page import TextBlock, TextCell, TextTable

DEEPEST = 6  # level of a heading

LABELLED: frozenset[BlockType] = frozenset(("text", "list_item", "form"))
"""Types whose rows may be labels of boxes to check."""

_NUMBER_ALONE = re.compile(r"\W*\d{1,5}\W*")
_BOX = re.compile(r"(?:[-*+][ \t]+)?(?:(?P<checked>[☑☒]|\[[xX]\](?=\s))|☐|\[ \](?=\s))[ \t]*")


class BlockWriter:
    """Takes blocks in reading order.

    Args:
        whole: The answer that they are parts of.
    """

    def __init__(self, whole: Answer) -> None:
        self.has_probabilities = bool(whole.probabilities)
        self._rows: list[Answer] = []
        self._blocks: list[TextBlock] = []

    @property
    def has_title(self) -> bool:
        """Whether a block is a title."""
        return any(block.type == "title" for block in self._blocks)

    def add(self, kind: BlockType, rows: Iterable[Answer], level: int | None = None, latex: str | None = None) -> None:
        """Add a block; one that says nothing is left out, unless it is a figure, and a label with a box is a block."""
        content = [row for part in rows for row in map(Answer.stripped, part.rows()) if row.text]
        if kind not in LABELLED:
            self._add(kind, content, level, latex)
            return
        begun: list[Answer] = []
        for row in content:
            ends = kind == "form" and bool(begun) and _box(begun[0]) is not None
            if begun and (ends or _box(row) is not None):
                self._add_labelled(kind, begun)
                begun = []
            begun.append(row)
        self._add_labelled(kind, begun)

    def _add_labelled(self, kind: BlockType, content: list[Answer]) -> None:
        box = _box(content[0]) if content else None
        if box is None:
            self._add(kind, content)
        else:
            self._add("checkbox", [content[0].part(box.end()), *content[1:]], checked=box["checked"] is not None)

    def _add(
        self,
        kind: BlockType,
        content: Sequence[Answer],
        level: int | None = None,
        latex: str | None = None,
        checked: bool | None = None,
    ) -> None:
        if not content and kind != "figure":
            return
        if kind in ("header", "footer") and len(content) == 1 and _NUMBER_ALONE.fullmatch(content[0].text):
            kind = "page_number"
        if kind == "heading":
            level = min(max(level or 1, 1), DEEPEST)
        first = self._begin()
        self._rows += content
        self._blocks.append(TextBlock(kind, first, len(self._rows), level, latex, checked=checked))

    def add_heading(self, rows: Iterable[Answer], level: int) -> None:
        """Add a heading; the first of the highest level is the title."""
        if level == 1 and not self.has_title:
            self.add("title", rows)
        else:
            self.add("heading", rows, level)

    def add_table(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Add a table by its rows of cells; one that is out of all bounds becomes text."""
        if not any(row.text.strip() for cells in rows for cell in cells for row in cell.rows):
            return
        placed = arranged(rows)
        if placed is None:
            self.add("text", (row for cells in rows for cell in cells for row in cell.rows))
            return
        first = self._begin()
        cells = tuple(
            TextCell(one.row, one.column, one.row_span, one.column_span, one.cell.header, *self._cell(one.cell))
            for one in placed.cells
        )
        table = TextTable(placed.rows, placed.columns, cells)
        self._blocks.append(TextBlock("table", first, len(self._rows), table=table))

    def written(self) -> tuple[Answer, tuple[TextBlock, ...]]:
        """The text and its blocks."""
        end = Answer("\n", (1.0,) if self.has_probabilities else ())
        pieces = [piece for row in self._rows for piece in (end, row)][1:]
        return joined(pieces), tuple(self._blocks)

    def _begin(self) -> int:
        if self._rows:
            self._rows.append(Answer(""))
        return len(self._rows)

    def _cell(self, cell: Cell) -> tuple[int, int]:
        first = len(self._rows)
        self._rows += [row for part in cell.rows for row in map(Answer.stripped, part.rows()) if row.text]
        return first, len(self._rows)


def _box(row: Answer) -> re.Match[str] | None:
    """The box before a label; None of a row that has none, or no label."""
    found = _BOX.match(row.text)
    return found if found and found.end() < len(row.text) else None
