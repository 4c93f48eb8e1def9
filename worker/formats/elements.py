"""The document as it is read: what all its pages say, paragraphs run on over columns and pages, figures between.

Markdown and HTML are written from this; the other formats keep to the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ocrq.contracts import Block, BlockType, Page, Table
from worker.formats.code import indented
from worker.formats.failures import notice_of
from worker.formats.hyphens import Joiner
from worker.formats.lists import Marker, Nesting, split_marker
from worker.formats.paragraphs import ends_sentence, paragraph, run_on
from worker.formats.protocols import RenderOptions
from worker.formats.tree import Row, block_lines, blocks_of, members, rows_of
from worker.geometry import Bounds, text_angle, union
from worker.layout.furniture import FURNITURE
from worker.layout.text import without_mark

ONE_LINE: frozenset[str] = frozenset(("title", "heading", "caption", "page_number", "checkbox", "formula"))
"""Types whose rows always run on."""

KEPT_LINES: frozenset[str] = frozenset(("form", "stamp"))
"""Types whose rows keep their ends."""

PASSED: frozenset[str] = FURNITURE | {"figure", "caption", "table", "footnote", "stamp"}
"""Types that a paragraph may be interrupted by, to go on behind them."""


@dataclass(frozen=True)
class Element:
    """A part of the document.

    Attributes:
        type: A block's, or ``notice``: a page that could not be read.
        lines: What it says; more than one where the page's line ends are meant.
        level: Of a heading, from 1; of a list's item how deep it is nested, from 0.
        marker: Of a list's item.
        table: Of a table; its cells say their text on one line each.
        latex: Of a formula, where a model wrote it.
        checked: Of a checkbox.
        full: Whether the last row reaches the end of its column, as those of a paragraph do that goes on elsewhere.
        elsewhere: Whether it begins in another column or on another page than what is read before it.
    """

    type: BlockType | Literal["notice"]
    lines: tuple[str, ...]
    level: int = 0
    marker: Marker | None = None
    table: Table | None = None
    latex: str | None = None
    checked: bool | None = None
    full: bool = False
    elsewhere: bool = False


def elements_of(pages: Sequence[Page], options: RenderOptions) -> list[Element]:
    """The document's elements in reading order.

    Args:
        pages: In document order.
        options: Whether running headers, footers and page numbers are wanted.
    """
    joiner = Joiner(block.text for page in pages for block in blocks_of(page))
    found = [element for page in pages for element in _page(page, joiner, options)]
    return _continued(found, joiner)


def _page(page: Page, joiner: Joiner, options: RenderOptions) -> Iterator[Element]:
    if notice := notice_of(page):
        yield Element("notice", (notice,))
        return
    degrees = text_angle(page)
    nesting = Nesting()
    above: Bounds | None = None
    elsewhere = True
    for block, lines in block_lines(page):
        if block.type in FURNITURE and not options.furniture:
            continue
        if block.type != "list_item":
            nesting.reset()
        rows = rows_of(block, lines, degrees)
        place = union(row.bounds for row in rows if row.bounds)
        if place and above and place.top < above.top:
            nesting.reset()
            elsewhere = True
        above = place or above
        if element := _element(page, block, rows, joiner):
            if element.type == "list_item":
                height = rows[0].bounds.height if rows[0].bounds else 0.0
                element = replace(element, level=nesting.depth(place, height))
            yield replace(element, elsewhere=elsewhere)
            elsewhere = False


def _element(page: Page, block: Block, rows: Sequence[Row], joiner: Joiner) -> Element | None:
    """A block as an element; None for one that says and shows nothing."""
    if block.table is not None:
        return Element("table", (), table=_with_run_on_cells(page, block.table, joiner))
    if block.latex:
        return Element("formula", (run_on(rows, joiner),), latex=block.latex)
    if block.type == "figure":
        return Element("figure", (run_on(rows, joiner),))
    if not rows:
        return None
    if block.type == "code":
        return Element("code", indented(rows))
    if block.type == "list_item":
        marker, text = split_marker(rows[0].text)
        content = (replace(rows[0], text=text), *rows[1:]) if text else rows[1:] or rows
        return Element("list_item", paragraph(content, joiner), marker=marker, full=_is_full(rows))
    if block.type in ONE_LINE:
        text_so_far = run_on(rows, joiner)
        text_so_far = without_mark(text_so_far) if block.type == "checkbox" else text_so_far
        return Element(block.type, (text_so_far,), level=block.level or 1, checked=block.checked)
    if block.type in KEPT_LINES:
        return Element(block.type, tuple(row.text for row in rows))
    return Element(block.type, paragraph(rows, joiner), full=_is_full(rows))


def _with_run_on_cells(page: Page, table: Table, joiner: Joiner) -> Table:
    cells = []
    for cell in table.cells:
        lines = members(page, cell.lines)
        rows = [Row(" ".join(text.split())) for text in cell.text.splitlines() if text.strip()]
        cells.append(cell.model_copy(update={"text": run_on(rows or [Row(line.text) for line in lines], joiner)}))
    return table.model_copy(update={"cells": cells})


def _is_full(rows: Sequence[Row]) -> bool:
    last = rows[-1].bounds
    if last is None or len(rows) < 2:
        return False
    return last.right >= max(row.bounds.right for row in rows if row.bounds) - last.height


def _continued(elements: Sequence[Element], joiner: Joiner) -> list[Element]:
    """Paragraphs and items that were cut by a column's or a page's end, whole again."""
    result: list[Element] = []
    begun: int | None = None
    for element in elements:
        if begun is not None and _is_continued(result[begun], element):
            first = result[begun]
            joined = joiner.join(first.lines[-1], element.lines[0])
            result[begun] = replace(first, lines=(*first.lines[:-1], joined, *element.lines[1:]), full=element.full)
            continue
        result.append(element)
        if element.type in ("text", "list_item"):
            begun = len(result) - 1
        elif element.type not in PASSED:
            begun = None
    return result


def _is_continued(first: Element, then: Element) -> bool:
    """Whether a text is the rest of one that was begun before it."""
    if then.type != "text" or ends_sentence(first.lines[-1]):
        return False
    start = then.lines[0][:1]
    without_case = start.isalpha() and start.lower() == start.upper()
    return start.islower() or (without_case and then.elsewhere and first.full and len(first.lines) == 1)
