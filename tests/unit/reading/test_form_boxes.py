"""Checkboxes with their state, and comb fields as one value."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tasks.runner import ReadContext
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.formats.elements import elements_of
from worker.formats.protocols import RenderOptions
from worker.geometry import Bounds
from worker.imaging.form_boxes import find_form_boxes
from worker.layout.checkboxes import with_checkboxes
from worker.layout.tree import BlockLayout
from worker.page import LineReading, PageImage, Pixels
from worker.reading.form_boxes import _with_glyph, _with_marks
from worker.reading.plain import PlainPipeline

LABELS = ("Owner of the house", "Tenant of the house", "Pays by invoice")
COMB, SIDE, TOP = "DE8937040044", 44, 330


def form(marks: str = "vx ", gap: int = 0) -> Pixels:
    """Three boxes before their labels, ticked, crossed or empty, and a comb field behind a label."""
    image = Image.new("RGB", (900, 440), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(28)
    for number, (label, mark) in enumerate(zip(LABELS, marks, strict=True)):
        y = 50 + 80 * number
        pen.rectangle((60, y, 92, y + 32), outline="black", width=2)
        if mark == "v":
            pen.line([(66, y + 16), (74, y + 26), (92, y - 4)], "black", 4)
        if mark == "x":
            pen.line([(65, y + 5), (87, y + 27)], "black", 3)
            pen.line([(65, y + 27), (87, y + 5)], "black", 3)
        pen.text((108, y - 2), label, "black", font)
    pen.text((60, TOP + 6), "IBAN", "black", font)
    for number, character in enumerate(COMB):
        x = 240 + (SIDE + gap) * number
        pen.rectangle((x, TOP, x + SIDE, TOP + SIDE), outline="black", width=2)
        pen.text((x + SIDE / 2, TOP + SIDE / 2), character, "black", font, anchor="mm")
    return np.array(image, np.uint8)


@pytest.mark.parametrize("gap", [0, 8])
def test_boxes_have_a_state_and_combs_their_cells(gap: int) -> None:
    found = find_form_boxes(form(gap=gap), 34)
    boxes = sorted((cell.top, checked) for cell, checked in found.checkboxes)
    assert [top for top, _ in boxes] == pytest.approx([52, 132, 212], abs=2)
    assert [checked for _, checked in boxes] == [True, True, False]
    assert [len(cells) for cells in found.combs] == [len(COMB)]


@pytest.mark.parametrize(("text", "sure", "read"), [("人口数", 0.99, "人口数"), ("是口否", 0.7, "是 ☐ 否")])
def test_a_chinese_letter_like_a_box_is_a_letter_where_the_reader_is_sure(text: str, sure: float, read: str) -> None:
    quad = np.array([[0, 0], [90, 0], [90, 30], [0, 30]], np.float32)
    spans = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
    line = (quad, LineReading(text, (0.99, sure, 0.99), spans))
    ((_, found),) = _with_marks([line], [(Bounds(37, 6, 53, 22), False)])
    assert found.text == read


def test_a_grid_of_cells_is_neither() -> None:
    image = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(image)
    for row in range(4):
        for column in range(7):
            pen.rectangle((40 + 44 * column, 40 + 44 * row, 84 + 44 * column, 84 + 44 * row), outline="black")
    found = find_form_boxes(np.array(image, np.uint8), 30)
    assert not found.checkboxes
    assert not found.combs


def test_the_ground_between_light_letters_is_no_checkbox() -> None:
    image = form(" " * 3)
    image[30:260, 40:] = np.where(image[30:260, 40:] < 128, 255, 90)
    assert not find_form_boxes(image, 34).checkboxes


def test_a_form_is_read_with_marks_and_values(engine: RapidOcrEngine) -> None:
    page = PlainPipeline(engine, engine).read_page(PageImage(1, form()), ReadContext())
    boxes = [(block.checked, block.text) for block in page.blocks if block.type == "checkbox"]
    assert boxes == [(True, f"☑ {LABELS[0]}"), (True, f"☑ {LABELS[1]}"), (False, f"☐ {LABELS[2]}")]
    assert page.text.split("\n")[-1] == f"IBAN {COMB}"
    elements = [element for element in elements_of([page], RenderOptions()) if element.type == "checkbox"]
    assert [(element.checked, element.lines) for element in elements] == [
        (True, (LABELS[0],)),
        (True, (LABELS[1],)),
        (False, (LABELS[2],)),
    ]


def test_rows_are_divided_at_their_marks() -> None:
    texts = ["Paid?", "☑ Yes", "☐ No", "Signed by"]
    (before, yes, no, after) = with_checkboxes([BlockLayout("form", ((0, 1, 2), (3,)))], texts)
    assert (before.type, before.rows) == ("form", ((0,),))
    assert (yes.type, yes.checked, yes.rows) == ("checkbox", True, ((1,),))
    assert (no.type, no.checked, no.rows) == ("checkbox", False, ((2,),))
    assert (after.type, after.rows) == ("form", ((3,),))


@pytest.mark.parametrize(
    ("text", "expected"), [("□ Tenant", "☐ Tenant"), ("冈Owner", "☑Owner"), ("口袋", "口袋"), ("□ 12", "□ 12")]
)
def test_a_printed_box_is_no_chinese_character(text: str, expected: str) -> None:
    assert _with_glyph(LineReading(text)).text == expected


def line(text: str) -> tuple[np.ndarray, LineReading]:
    """Characters of 20 pixels each."""
    right, count = 20.0 * len(text), len(text)
    spans = tuple((number / count, (number + 1) / count) for number in range(count))
    return np.array([[0, 0], [right, 0], [right, 30], [0, 30]], np.float32), LineReading(text, (0.9,) * count, spans)


@pytest.mark.parametrize(("text", "marked"), [("ALIVE", "ALIVE"), ("no V yes", "no ☑ yes")])
def test_a_framed_letter_of_a_word_is_no_checkbox(text: str, marked: str) -> None:
    left = 20.0 * text.index("V")
    lines = _with_marks([line(text)], [(Bounds(left + 1, 5, left + 19, 25), True)])
    assert [reading.text for _, reading in lines] == [marked]


@pytest.mark.parametrize("boxes", [1, 2])
def test_an_empty_box_without_a_label_counts_beside_others_only(boxes: int) -> None:
    cells = [(Bounds(left, 5, left + 20, 25), False) for left in (400, 600)]
    assert len(_with_marks([line("ALIVE")], cells[:boxes])) == {1: 1, 2: 3}[boxes]


@pytest.mark.parametrize("side", [14, 16])
def test_boxes_of_four_tenths_of_a_line_are_found_with_their_crosses(side: int) -> None:
    image = Image.new("RGB", (600, 300), "white")
    pen = ImageDraw.Draw(image)
    for row in range(3):
        corners = (60, 40 + 80 * row, 60 + side, 40 + side + 80 * row)
        pen.rectangle(corners, outline="black", width=2)
        if row == 1:
            pen.line(corners, "black", 2)
    found = find_form_boxes(np.array(image, np.uint8), 32)
    boxes = sorted((cell.top, checked) for cell, checked in found.checkboxes)
    assert [checked for _, checked in boxes] == [False, True, False]


@pytest.mark.parametrize(("left", "read"), [(-14, "☐ DOOR"), (4, "DOOR"), (34, "DOOR")])
def test_a_box_as_small_as_a_letters_hole_stands_beside_the_letters(left: int, read: str) -> None:
    lines = _with_marks([line("DOOR")], [(Bounds(left, 10, left + 10, 20), False)])
    assert [reading.text for _, reading in lines] == [read]
