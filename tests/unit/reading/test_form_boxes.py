"""Checkboxes with their state, and comb fields as one value."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tasks.runner import ReadContext
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.formats.flow import flow
from worker.formats.protocols import RenderOptions
from worker.imaging.form_boxes import find_form_boxes
from worker.layout.checkboxes import with_checkboxes
from worker.layout.tree import BlockLayout
from worker.page import LineReading, PageImage, Pixels
from worker.reading.form_boxes import _with_glyph
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


def test_a_grid_of_cells_is_neither() -> None:
    image = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(image)
    for row in range(4):
        for column in range(7):
            pen.rectangle((40 + 44 * column, 40 + 44 * row, 84 + 44 * column, 84 + 44 * row), outline="black")
    found = find_form_boxes(np.array(image, np.uint8), 30)
    assert not found.checkboxes
    assert not found.combs


def test_a_form_is_read_with_marks_and_values(engine: RapidOcrEngine) -> None:
    page = PlainPipeline(engine, engine).read_page(PageImage(1, form()), ReadContext())
    boxes = [(block.checked, block.text) for block in page.blocks if block.type == "checkbox"]
    assert boxes == [(True, f"☑ {LABELS[0]}"), (True, f"☑ {LABELS[1]}"), (False, f"☐ {LABELS[2]}")]
    assert page.text.split("\n")[-1] == f"IBAN {COMB}"
    elements = [element for element in flow([page], RenderOptions()) if element.type == "checkbox"]
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
