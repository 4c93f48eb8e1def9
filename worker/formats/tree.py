"""The tree of a page as the formats read it: its blocks, their lines, and the rows these stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocrq.contracts import Block, Line, Page
from worker.geometry import Bounds, union, upright_bounds

_EMPTY_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Row:
    """Lines side by side, from left to right.

    Attributes:
        text: All of them.
        bounds: Around them, on the page turned back until its text is level; None where that is not known.
    """

    text: str
    bounds: Bounds | None = None


def blocks_of(page: Page) -> list[Block]:
    """The page's blocks; of a page that has none, one of all its lines or, without lines, one for each paragraph."""
    if page.blocks:
        return page.blocks
    if page.lines:
        lines = [index for index, line in enumerate(page.lines) if line.text.strip()]
        text = "\n".join(page.lines[index].text for index in lines)
        return [Block(type="text", text=text, lines=lines, confidence=page.confidence)] if lines else []
    paragraphs = [part.strip() for part in _EMPTY_LINE.split(page.text)]
    return [Block(type="text", text=part, confidence=page.confidence) for part in paragraphs if part]


def block_lines(page: Page) -> Iterator[tuple[Block, list[Line]]]:
    """Each block with those of its lines that say something; cut from its text, with no box, where there are none."""
    for block in blocks_of(page):
        lines = members(page, block.lines)
        yield block, lines or [Line(text=row, confidence=block.confidence) for row in _rows(block.text)]


def members(page: Page, indices: Sequence[int]) -> list[Line]:
    """The lines with these indices that say something."""
    return [page.lines[index] for index in indices if index < len(page.lines) and page.lines[index].text.strip()]


def rows_of(block: Block, lines: Sequence[Line], degrees: float) -> list[Row]:
    """A block's rows, as its text has them; each line a row of its own where the text is of other lines.

    Args:
        block: Not a table.
        lines: Its lines.
        degrees: By which the page's text is turned.
    """
    rows: list[Row] = []
    left = list(lines)
    for text in _rows(block.text):
        taken: list[Line] = []
        while left and len(_plain(taken)) < len(_squeezed(text)):
            taken.append(left.pop(0))
        if not taken or not _squeezed(text).endswith(_plain(taken)):
            return [_row(line.text, [line], degrees) for line in lines]
        rows.append(_row(text, taken, degrees))
    return rows


def _rows(text: str) -> list[str]:
    return [row for row in text.splitlines() if row.strip()]


def _row(text: str, lines: Sequence[Line], degrees: float) -> Row:
    bounds = [upright_bounds(line.box, degrees) for line in lines]
    return Row(" ".join(text.split()), None if None in bounds else union(place for place in bounds if place))


def _plain(lines: Sequence[Line]) -> str:
    return "".join(_squeezed(line.text) for line in lines)


def _squeezed(text: str) -> str:
    return "".join(text.split())
