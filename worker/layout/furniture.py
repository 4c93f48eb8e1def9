"""Running headers, footers and page numbers: what stands at the same place on several pages of a document.

A single page does not show them for sure; so they are found where the pages come together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ocrq.contracts import Block, BlockType, Page
from worker.geometry import Bounds, bounds_of, box_of, text_angle, turned_back, union, upright_bounds

EDGE_SHARE = 0.12
"""Of the height of a page's text, at its top and its bottom, in which headers and footers stand."""

MARGIN_SHARE = 0.11
"""Of the page's own height, likewise: the first rows of a page that says little are not headers."""

SAME_PLACE = 0.02
"""Of the page's height by which a header may move from page to page."""

NEAR_PAGES = 2
"""Pages from one to the next that has the same header: left and right pages may have headers of their own."""

OPEN_TYPES: frozenset[BlockType] = frozenset(("text", "heading", "list_item", "footnote", "form", "caption"))
"""Types that may turn out to be furniture."""

MOST_ROWS = 4
"""At an edge; more that repeat are a form, not its header."""

FURNITURE: frozenset[BlockType] = frozenset(("header", "footer", "page_number"))
"""Types of blocks that belong to the page and not to what it says."""

TITLE_SIZE = 1.3
"""Times the usual height of a page's lines, from which what looks like its running header is a title."""

MOST_CHARACTERS = 120
"""Longer rows are text, even if several pages have them."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\W*(?:[^\W\d]{1,7}\.?\s*)?(\d{1,4})(?:\s*(?:/|[^\W\d]{2,3})\s*\d{1,4})?\W*")


@dataclass(frozen=True)
class _Row:
    """A row at a page's edge.

    Attributes:
        page: Its place in the document, from 0.
        block: Index among the page's blocks.
        row: Index among the block's rows; its text is the whole row.
        text: What it says.
        place: Its middle, a share of the height of the page's text.
        key: The text up to digits, white and case.
    """

    page: int
    block: int
    row: int
    text: str
    place: float
    key: str


Rows = dict[tuple[int, str], list[_Row]]
"""Rows by their page and their key."""

Kinds = dict[int, dict[int, BlockType]]
"""What rows of a page are, by the index of their block and theirs in it."""


def mark_furniture(pages: Sequence[Page]) -> list[Page]:
    """Pages whose repeated rows at the top and the bottom are headers, footers and page numbers.

    Args:
        pages: Of one document, in order.

    Returns:
        The same pages, whose blocks have other types; a row that stood in a block with others has one of its own.
    """
    rows: Rows = defaultdict(list)
    for place, page in enumerate(pages):
        for row in _edge_rows(place, page):
            rows[row.page, row.key].append(row)
    by_page: list[list[_Row]] = [[] for _ in pages]
    for row in (row for own in rows.values() for row in own):
        by_page[row.page].append(row)
    marked = [_marked(page, _kinds(own, rows)) for page, own in zip(pages, by_page, strict=True)]
    if len(marked) == 1:
        return [_with_large_title(marked[0])]
    return [_with_title(marked[0]), *marked[1:]] if _runs_without_headers(marked[1:]) else marked


def _with_large_title(page: Page) -> Page:
    """A page alone whose header is set larger than its text, and which has no other title: that is one."""
    if any(block.type == "title" for block in page.blocks):
        return page
    degrees = text_angle(page)
    heights = [found.height if (found := upright_bounds(line.box, degrees)) else None for line in page.lines]
    of_text = [heights[line] for block in page.blocks if block.type not in FURNITURE for line in block.lines]
    known = [height for height in of_text if height]
    if not known:
        return page
    least = TITLE_SIZE * median(known)

    def is_title(block: Block) -> bool:
        own = [height for line in block.lines if (height := heights[line])]
        letters = any(character.isalpha() for character in block.text)
        return block.type == "header" and letters and bool(own) and min(own) >= least

    blocks = [
        block.model_copy(update={"type": "heading", "level": 1}) if is_title(block) else block for block in page.blocks
    ]
    return page.model_copy(update={"blocks": blocks})


def _runs_without_headers(pages: Sequence[Page]) -> bool:
    """Whether the pages behind the first say something and none has a header."""
    types = [block.type for page in pages for block in page.blocks]
    return bool(types) and "header" not in types


def _with_title(page: Page) -> Page:
    """A first page whose header, which no other page has, is its title: several words and no digit."""
    blocks = [
        block.model_copy(update={"type": "heading", "level": 1}) if _may_be_title(block) else block
        for block in page.blocks
    ]
    return page.model_copy(update={"blocks": blocks})


def _may_be_title(block: Block) -> bool:
    return block.type == "header" and len(block.text.split()) > 1 and not _DIGITS.search(block.text)


def _kinds(own: Sequence[_Row], rows: Rows) -> Kinds:
    """What the rows at a page's edges are: from each edge inwards, until one is not furniture."""
    kinds: Kinds = {}
    for inwards in (sorted(own, key=lambda row: row.place), sorted(own, key=lambda row: -row.place)):
        for row in [row for row in inwards if abs(row.place - inwards[0].place) <= EDGE_SHARE][:MOST_ROWS]:
            kind = _kind(row, rows)
            if kind is None:
                break
            kinds.setdefault(row.block, {})[row.row] = kind
    return kinds


def _kind(row: _Row, rows: Rows) -> BlockType | None:
    """What a row is, as others of the document tell."""
    others_alike = [
        other
        for page in range(row.page - NEAR_PAGES, row.page + NEAR_PAGES + 1)
        for other in rows.get((page, row.key), ())
        if page != row.page and abs(other.place - row.place) <= SAME_PLACE
    ]
    if not others_alike:
        return None
    if number := _PAGE_NUMBER.fullmatch(row.text):
        counted = [found for other in others_alike if (found := _PAGE_NUMBER.fullmatch(other.text))]
        steps = zip(counted, others_alike, strict=False)
        if any(int(found[1]) - int(number[1]) == other.page - row.page for found, other in steps):
            return "page_number"
    if not any(char.isalpha() for char in row.text):
        return None
    return "header" if row.place < 1 / 2 else "footer"


def _edge_rows(place: int, page: Page) -> Iterator[_Row]:
    degrees = text_angle(page)
    bounds = [upright_bounds(line.box, degrees) for line in page.lines]
    whole = union(found for found in bounds if found)
    sheet = bounds_of(turned_back(box_of(Bounds(0, 0, page.width, page.height)), degrees))
    if whole is None or whole.height <= 0 or sheet.height <= 0:
        return
    for index, block in enumerate(page.blocks):
        if block.type not in OPEN_TYPES:
            continue
        for number, (text, lines) in enumerate(rows_with_lines(page, block)):
            own = union(found for line in lines if (found := bounds[line]))
            if own is None or len(text) > MOST_CHARACTERS:
                continue
            middle = (own.middle - whole.top) / whole.height
            margin = (own.middle - sheet.top) / sheet.height
            if min(middle, 1 - middle) <= EDGE_SHARE and min(margin, 1 - margin) <= MARGIN_SHARE:
                key = _DIGITS.sub("#", "".join(text.split())).casefold()
                yield _Row(place, index, number, text, middle, key)


def rows_with_lines(page: Page, block: Block) -> Iterator[tuple[str, list[int]]]:
    """The rows of a block's text with the lines that stand on each; none where they do not agree."""
    left = list(block.lines)
    for text in block.text.split("\n"):
        taken: list[int] = []
        joined = ""
        while left and len(joined) < len("".join(text.split())):
            taken.append(left.pop(0))
            joined += "".join(page.lines[taken[-1]].text.split())
        if joined != "".join(text.split()):
            return
        yield text, taken


def _marked(page: Page, found: Kinds) -> Page:
    if not found:
        return page
    blocks: list[Block] = []
    for index, block in enumerate(page.blocks):
        blocks += _parts(page, block, found.get(index, {}))
    text = "\n\n".join(block.text for block in blocks if block.text)
    return page.model_copy(update={"blocks": blocks, "text": text})


def _parts(page: Page, block: Block, marked: dict[int, BlockType]) -> Iterator[Block]:
    """A block, its furniture in blocks of their own."""
    rows = list(rows_with_lines(page, block))
    kept: list[tuple[str, list[int]]] = []
    for number, (text, lines) in enumerate(rows):
        if number not in marked:
            kept.append((text, lines))
            continue
        if kept:
            yield _block(page, block, kept, block.type)
            kept = []
        yield _block(page, block, [(text, lines)], marked[number])
    if kept:
        yield _block(page, block, kept, block.type) if marked else block


def _block(page: Page, block: Block, rows: Sequence[tuple[str, list[int]]], kind: BlockType) -> Block:
    lines = [line for _, own in rows for line in own]
    degrees = text_angle(page)
    around: Bounds | None = union(found for line in lines if (found := upright_bounds(page.lines[line].box, degrees)))
    return block.model_copy(
        update={
            "type": kind,
            "level": block.level if kind == block.type else None,
            "text": "\n".join(text for text, _ in rows),
            "lines": lines,
            "box": turned_back(box_of(around), -degrees) if around else block.box,
        }
    )
