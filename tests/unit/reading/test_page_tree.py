from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from ocrq.contracts import Line, Word
from worker.layout.tree import BlockLayout, CellLayout, TableLayout
from worker.page import LineReading, PageImage, Quad
from worker.reading.page_tree import PageTree, layout_lines, page_tree
from worker.reading.plain import sent_box
from worker.reading.text_blocks import blocks_of_text

PAGE = PageImage(1, np.full((400, 600, 3), 255, np.uint8))


def quad(left: float, top: float, width: float = 100, height: float = 20) -> Quad:
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def tree_of(*layout: BlockLayout, texts: str = "abcdef", turns: int = 0) -> PageTree:
    quads = [quad(10 + 200 * (place % 2), 10 + 30 * (place // 2)) for place in range(len(texts))]
    lines = [Line(text=text, confidence=0.5) for text in texts]
    return page_tree(layout, lines, quads, partial(sent_box, PAGE, turns))


def test_lines_and_blocks_stand_in_the_order_of_the_layout() -> None:
    tree = tree_of(BlockLayout("heading", ((4,), (5,)), level=2), BlockLayout("text", ((0, 2), (1, 3))))
    assert [line.text for line in tree.lines] == list("efacbd")
    assert [(block.type, block.level, block.lines, block.text) for block in tree.blocks] == [
        ("heading", 2, [0, 1], "e\nf"),
        ("text", None, [2, 3, 4, 5], "a c\nb d"),
    ]
    assert tree.text == "e\nf\n\na c\nb d"


def test_every_line_is_in_exactly_one_block_whatever_the_layout_says() -> None:
    table = TableLayout(1, 2, (CellLayout(0, 0, rows=((0,), (0,))), CellLayout(0, 1, rows=((1, 0),))))
    tree = tree_of(BlockLayout("table", ((0, 1), (2,)), table=table), BlockLayout("text", ((2, 3, 99),)))
    assert sorted(index for block in tree.blocks for index in block.lines) == list(range(6))
    assert [block.text for block in tree.blocks] == ["a b", "c", "d", "e", "f"]


def test_cells_of_a_row_stand_on_one_line_and_lines_of_a_cell_below_each_other_in_the_cell() -> None:
    cells = (
        CellLayout(0, 1, header=True, rows=((1,),)),
        CellLayout(0, 0, header=True, rows=((0,),)),
        CellLayout(1, 0, rows=((2,), (4,))),
        CellLayout(1, 1, rows=((3,),)),
        CellLayout(2, 0, column_span=2, quad=quad(0, 100, 300)),
    )
    (block, rest) = tree_of(BlockLayout("table", ((0, 1), (2, 3), (4,)), table=TableLayout(3, 2, cells))).blocks
    assert (block.text, rest.text) == ("a b\nc e d", "f")
    assert block.table is not None
    assert [(cell.row, cell.column, cell.text, cell.lines) for cell in block.table.cells] == [
        (0, 0, "a", [0]),
        (0, 1, "b", [1]),
        (1, 0, "c\ne", [2, 3]),
        (1, 1, "d", [4]),
        (2, 0, "", []),
    ]
    assert block.table.cells[2].box == ((10.0, 40.0), (110.0, 40.0), (110.0, 90.0), (10.0, 90.0))
    assert block.table.cells[4].box == ((0.0, 100.0), (300.0, 100.0), (300.0, 120.0), (0.0, 120.0))


@pytest.mark.parametrize(
    ("turns", "corner"), [(0, (10.0, 10.0)), (1, (590.0, 10.0)), (2, (590.0, 390.0)), (3, (10.0, 390.0))]
)
def test_boxes_are_those_of_the_page_as_sent(turns: int, corner: tuple[float, float]) -> None:
    box = tree_of(BlockLayout("text", ((0, 1), (2,))), turns=turns).blocks[0].box
    assert box is not None
    assert box[0] == corner


def test_a_checkbox_has_its_mark_before_its_label() -> None:
    boxes = BlockLayout("checkbox", ((0,),), checked=True), BlockLayout("checkbox", ((1,),), checked=False)
    assert tree_of(*boxes, texts="ab").text == "☑ a\n\n☐ b"


def test_a_figure_without_text_is_a_block_and_leaves_no_trace_in_the_text() -> None:
    figure = BlockLayout("figure", quad=quad(300, 300))
    tree = tree_of(BlockLayout("text", ((0,),)), figure, BlockLayout("text", ((1,),)), texts="ab")
    assert [block.type for block in tree.blocks] == ["text", "figure", "text"]
    assert tree.text == "a\n\nb"


def test_a_blocks_confidence_is_that_of_its_words() -> None:
    words = [Word(text="one", confidence=0.9), Word(text="two", confidence=0.5)]
    lines = [Line(text="one two", confidence=0.4, words=words), Line(text="three", confidence=0.1)]
    tree = page_tree([BlockLayout("text", ((0,), (1,)))], lines, [None, None], partial(sent_box, PAGE, 0))
    assert tree.blocks[0].confidence == pytest.approx(0.5)
    assert tree.blocks[0].box is None


def test_words_have_places_where_the_reader_gives_characters_places() -> None:
    spans = ((0.0, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.0))
    placed, bare = layout_lines([quad(0, 0), quad(0, 0)], [LineReading("ab c", (), spans), LineReading("ab c")])
    assert [word.text for word in placed.words] == [word.text for word in bare.words] == ["ab", "c"]
    assert placed.words[1].quad is not None
    assert placed.words[1].quad[:, 0].tolist() == pytest.approx([40, 100, 100, 40])
    assert bare.words[0].quad is None


def test_a_models_text_has_a_block_for_each_paragraph() -> None:
    text = "Title\n\n\nA paragraph on one row.\nAnother row.\n\nLast"
    assert blocks_of_text(text, [0, 3, 3, 4, 6]) == (
        BlockLayout("text", ((0,),)),
        BlockLayout("text", ((1, 2), (3,))),
        BlockLayout("text", ((4,),)),
    )
    assert blocks_of_text("", []) == ()
