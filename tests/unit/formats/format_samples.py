"""Pages to write in every format: a receipt, a blank page, one that failed, one without places, turned ones."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st

from ocrq.contracts import Block, BlockType, Box, Line, Page, PageError, Table, TableCell, Word
from ocrq.errors import UnreadableDocument
from worker.imaging.text_layer import TextLayer
from worker.page import Pixels

WIDTH, HEIGHT = 800, 1000


class Pictures:
    """White pages with a black corner, of the sample pages' size; the numbers given are damaged."""

    def __init__(self, damaged: tuple[int, ...] = ()) -> None:
        self.damaged = damaged

    def original(self) -> bytes | None:
        return None

    def layer(self, number: int) -> TextLayer | None:
        return None

    def pixels(self, number: int) -> Pixels:
        if number in self.damaged:
            raise UnreadableDocument("the frame is damaged; send it again", field="image")
        picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
        picture[:50, :50] = (255, 0, 0)  # blue, in BGR
        return picture


def box(x: float, y: float, width: float, height: float = 30, degrees: float = 0) -> Box:
    """A box whose text starts at x, y and runs ``degrees`` clockwise from level."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = ((0, 0), (width, 0), (width, height), (0, height))
    first, second, third, fourth = ((x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners)
    return first, second, third, fourth


def line(text: str, x: float, y: float, width: float, height: float = 30, degrees: float = 0) -> Line:
    return Line(text=text, confidence=0.9, box=box(x, y, width, height, degrees))


def page_of(*lines: Line, number: int = 1, **more: object) -> Page:
    text = "\n".join(line.text for line in lines)
    return Page(page=number, width=WIDTH, height=HEIGHT, text=text, confidence=0.9, lines=list(lines), **more)


def tree_of(*parts: tuple[Block, list[Line]], number: int = 1, **more: object) -> Page:
    """A page of blocks, each with its lines; those of a table are its cells' texts and places."""
    lines: list[Line] = []
    blocks = []
    for block, own in parts:
        first = len(lines)
        lines += own
        text = block.text or "\n".join(line.text for line in own)
        indices = [first + index for index in range(len(own))]
        blocks.append(block.model_copy(update={"text": text, "lines": indices, "confidence": 0.9}))
    text = "\n\n".join(block.text for block in blocks)
    return Page(page=number, width=WIDTH, height=HEIGHT, text=text, confidence=0.9, lines=lines, blocks=blocks, **more)


def part(kind: BlockType, *content: str | Line, **more: Any) -> tuple[Block, list[Line]]:
    """A block of a type; texts are lines without a place."""
    lines = [one if isinstance(one, Line) else Line(text=one, confidence=0.9) for one in content]
    return Block(type=kind, **more), lines


def table_of(*rows: list[str], headers: int = 0, spans: dict[tuple[int, int], tuple[int, int]] | None = None) -> Table:
    """A table of these texts; None-like cells ("~") are left out, for others to reach over."""
    cells = []
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            if text != "~":
                down, across = (spans or {}).get((row, column), (1, 1))
                cells.append(
                    TableCell(
                        row=row, column=column, row_span=down, column_span=across, header=row < headers, text=text
                    )
                )
    return Table(rows=len(rows), columns=max(map(len, rows)), cells=cells)


def receipt() -> Page:
    return page_of(
        line("CORNER GROCERY", 250, 20, 300),
        line("12 Market Street", 260, 60, 280),
        line("MILK 2% 1L", 50, 150, 250),
        line("2.49", 650, 152, 80),
        line("BREAD", 50, 190, 150),
        line("3.10", 650, 192, 80),
        line("2 x 1.00", 90, 230, 150),
        line("EGGS|x", 50, 270, 150),
        line("*4.00", 640, 272, 90),
        line("TOTAL", 50, 310, 150),
        line("9.59", 650, 312, 80),
        line("Thank you for shopping with us, please come", 50, 500, 700),
        line("again & soon <3 # 1.", 50, 540, 300),
    )


def blank(number: int = 2) -> Page:
    return Page(page=number, width=WIDTH, height=HEIGHT)


def failed(number: int = 3) -> Page:
    error = PageError(code="unreadable_document", detail="the frame is <damaged>;\nsend it again")
    return Page(page=number, width=0, height=0, error=error)


def unplaced(number: int = 4) -> Page:
    """As a model gives it that knows no boxes: one line without a place, beside one with."""
    return page_of(Line(text="no place", confidence=0.3), line("a place", 50, 100, 200), number=number)


def text_only(number: int = 5) -> Page:
    text = "First paragraph,\nsecond line\n\nSecond paragraph"
    return Page(page=number, width=WIDTH, height=HEIGHT, text=text, confidence=0.5)


def document() -> list[Page]:
    return [receipt(), blank(), failed(), unplaced(), text_only()]


any_text = st.text(max_size=30)
coordinate = st.floats(-50, 1100, allow_nan=False)
boxes = st.none() | st.tuples(*[st.tuples(coordinate, coordinate)] * 4)
shares = st.floats(0, 1)
words = st.builds(Word, text=any_text, confidence=shares, box=boxes)
lines = st.builds(Line, text=any_text, confidence=shares, box=boxes, words=st.none() | st.lists(words, max_size=3))
errors = st.none() | st.builds(PageError, code=any_text, detail=any_text)
cells = st.builds(
    TableCell,
    row=st.integers(0, 3),
    column=st.integers(0, 3),
    row_span=st.integers(1, 3),
    column_span=st.integers(1, 3),
    header=st.booleans(),
    text=any_text,
    box=boxes,
    lines=st.lists(st.integers(0, 5), max_size=2),
)
tables = st.builds(Table, rows=st.integers(0, 4), columns=st.integers(0, 4), cells=st.lists(cells, max_size=5))
blocks = st.builds(
    Block,
    type=st.sampled_from(get_args(BlockType)),
    box=boxes,
    text=any_text,
    lines=st.lists(st.integers(0, 5), max_size=3),
    level=st.none() | st.integers(1, 6),
    table=st.none() | tables,
    latex=st.none() | any_text,
    checked=st.none() | st.booleans(),
)
any_page = st.builds(
    Page,
    page=st.just(1),
    width=st.sampled_from([0, 1, WIDTH]),
    height=st.sampled_from([0, 1, HEIGHT]),
    angle=st.floats(-180, 180),
    dpi=st.none() | st.floats(50, 600),
    text=any_text,
    confidence=shares,
    lines=st.lists(lines, max_size=4),
    blocks=st.lists(blocks, max_size=4),
    error=errors,
)
