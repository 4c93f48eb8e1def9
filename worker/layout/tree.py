"""The layout of one page: its blocks in reading order, over lines that were found and read."""

from __future__ import annotations

from dataclasses import dataclass

from ocrq.contracts.result import BlockType
from worker.page import Quad


@dataclass(frozen=True)
class LayoutWord:
    """A word of a line.

    Attributes:
        text: Without spaces.
        quad: In pixels of the upright page; None where the reader gives no places.
    """

    text: str
    quad: Quad | None = None


@dataclass(frozen=True)
class LayoutLine:
    """A line that was read.

    Attributes:
        quad: In pixels of the upright page.
        text: What it reads.
        words: Its words, from left to right; empty where the reader gives none.
    """

    quad: Quad
    text: str
    words: tuple[LayoutWord, ...] = ()


@dataclass(frozen=True)
class CellLayout:
    """A cell of a table; rows and columns count from 0.

    Attributes:
        rows: The lines in it as visual rows from top to bottom, each from left to right: indices into the page's
            lines; empty for an empty cell.
        quad: The cell's own bounds in pixels of the upright page, where ruling lines or the layout show them.
    """

    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    rows: tuple[tuple[int, ...], ...] = ()
    quad: Quad | None = None


@dataclass(frozen=True)
class TableLayout:
    """The structure of a table: no two cells cover the same place."""

    rows: int
    columns: int
    cells: tuple[CellLayout, ...]


@dataclass(frozen=True)
class BlockLayout:
    """A block: what is read as one.

    Attributes:
        type: Its role.
        rows: Its lines as visual rows from top to bottom, each from left to right: indices into the page's lines.
        level: Of a heading, 1 to 6.
        table: Of a table; its cells hold all lines of ``rows``.
        quad: Bounds in pixels of the upright page of a block that has more than its lines, a figure say.
        checked: Of a checkbox.
        latex: Of a formula, where a model wrote it.
    """

    type: BlockType
    rows: tuple[tuple[int, ...], ...] = ()
    level: int | None = None
    table: TableLayout | None = None
    quad: Quad | None = None
    checked: bool | None = None
    latex: str | None = None
