from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from lxml import etree

from ocrq.contracts import Page
from tests.unit.formats.format_samples import (
    Pictures,
    any_page,
    blank,
    document,
    failed,
    line,
    page_of,
    part,
    receipt,
    table_of,
    tree_of,
    unplaced,
)
from worker.formats import render

HTML = "{http://www.w3.org/1999/xhtml}"
AREAS = ("carea", "header", "footer", "pageno", "table", "caption", "image", "math")
PARAGRAPHS = ("par", "title", "section")
PARENTS = {
    "ocr_page": {"body"},
    **{f"ocr_{name}": {"ocr_page"} for name in AREAS},
    **{f"ocr_{name}": {f"ocr_{area}" for area in AREAS} for name in PARAGRAPHS},
    "ocr_line": {f"ocr_{name}" for name in PARAGRAPHS},
    "ocrx_word": {"ocr_line"},
    "ocrx_error": {"ocr_page"},
}


def write(*pages: Page) -> etree._Element:
    """The document, parsed, its elements nested as hOCR 1.2 has them and its ids unique."""
    root = etree.fromstring(render("hocr", pages, Pictures()).encode())
    for node in root.iterfind(".//*[@class]"):
        parent = node.getparent()
        assert parent is not None
        assert PARENTS[node.get("class", "")] & {parent.get("class"), parent.tag.removeprefix(HTML)}
    ids = [node.get("id") for node in root.iterfind(".//*[@id]")]
    assert len(ids) == len(set(ids))
    return root


def of_class(root: etree._Element, name: str) -> list[etree._Element]:
    return root.findall(f".//*[@class='{name}']")


def properties(node: etree._Element) -> dict[str, list[float]]:
    """The element's title, taken apart."""
    found = (part.split() for part in node.get("title", "").split(";") if part.strip())
    return {name: [float(value) for value in values] for name, *values in found}


def test_it_is_xhtml_that_says_who_made_it_and_what_it_holds() -> None:
    markup = render("hocr", document(), Pictures())
    assert markup.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC')
    described = {meta.get("name"): meta.get("content", "") for meta in write(*document()).iter(HTML + "meta")}
    assert re.fullmatch(r"ocrq \d+\.\d+\.\S+", described["ocr-system"])
    assert "ocrx_word" in described["ocr-capabilities"].split()
    assert described["ocr-number-of-pages"] == "5"


def test_all_lines_come_in_reading_order_with_their_words() -> None:
    found = [" ".join(node.itertext()).split() for node in of_class(write(receipt()), "ocr_line")]
    assert found == [line.text.split() for line in receipt().lines]


def test_blocks_have_the_classes_of_what_they_are() -> None:
    cells = table_of(["a", "b"])
    cells.cells[0].lines, cells.cells[1].lines = [2], [3]
    page = tree_of(
        part("header", line("Monthly", 0, 0, 100)),
        part("title", line("Head", 0, 50, 100)),
        part("table", line("a", 0, 300, 50), line("b", 100, 300, 50), table=cells),
        part("text", line("End", 0, 500, 100)),
    )
    (found,) = of_class(write(page), "ocr_page")
    assert [node.get("class") for node in found] == ["ocr_header", "ocr_carea", "ocr_table", "ocr_carea"]
    assert [[node.get("class") for node in area] for area in found] == [
        ["ocr_par"], ["ocr_title"], ["ocr_par", "ocr_par"], ["ocr_par"],
    ]  # fmt: skip


def test_words_have_boxes_and_confidences_in_percent() -> None:
    first, second = map(properties, of_class(write(page_of(line("ab cd", 100, 10, 500))), "ocrx_word"))
    assert first == {"bbox": [100, 10, 300, 40], "x_wconf": [90]}
    assert second == {"bbox": [400, 10, 600, 40], "x_wconf": [90]}


def test_a_page_has_its_size_number_and_resolution() -> None:
    (page,) = of_class(write(page_of(line("a", 0, 0, 10), number=7, dpi=200.0)), "ocr_page")
    assert properties(page) == {"bbox": [0, 0, 800, 1000], "ppageno": [6], "scan_res": [200, 200]}


def test_a_level_line_rests_on_its_lower_edge() -> None:
    (found,) = of_class(write(page_of(line("level", 50, 100, 300))), "ocr_line")
    assert properties(found)["baseline"] == [0, 0]


@pytest.mark.parametrize("degrees", [7, -7])
def test_a_sloping_lines_baseline_starts_at_the_lower_left_of_its_bounds(degrees: float) -> None:
    sample = line("sloping", 100, 300, 400, 40, degrees)
    assert sample.box is not None
    (found,) = of_class(write(page_of(sample)), "ocr_line")
    described = properties(found)
    slope, offset = described["baseline"]
    left, _, _, bottom = described["bbox"]
    for x, y in (sample.box[3], sample.box[2]):  # both ends of the lower edge lie on it
        assert bottom + slope * (x - left) + offset == pytest.approx(y, abs=0.1)


@pytest.mark.parametrize(("degrees", "described"), [(90, 270), (180, 180), (-90, 90)])
def test_a_turned_lines_angle_is_written_counter_clockwise(degrees: float, described: float) -> None:
    (found,) = of_class(write(page_of(line("turned", 400, 500, 300, degrees=degrees))), "ocr_line")
    assert properties(found)["textangle"] == [described]
    assert "baseline" not in properties(found)


def test_a_failed_page_says_why_and_has_no_lines_and_a_blank_one_is_empty() -> None:
    broken, empty = of_class(write(failed(), blank()), "ocr_page")
    (note,) = broken
    assert note.text == "Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)"
    assert len(empty) == 0


def test_a_line_without_a_place_keeps_its_text_and_claims_none() -> None:
    found, placed = of_class(write(unplaced()), "ocr_line")
    assert " ".join(found.itertext()).split() == ["no", "place"]
    assert "bbox" not in properties(found)
    assert "bbox" in properties(placed)


def test_a_paragraph_from_the_right_says_so() -> None:
    (paragraph,) = of_class(write(page_of(line("שלום", 0, 0, 100))), "ocr_par")
    assert paragraph.get("dir") == "rtl"


@settings(max_examples=150, deadline=None)
@given(any_page)
def test_any_page_gives_hocr_whose_boxes_lie_on_the_page(page: Page) -> None:
    for node in write(page).iterfind(".//*[@title]"):
        if box := properties(node).get("bbox"):
            left, top, right, bottom = box
            assert 0 <= left <= right <= (page.width or right)
            assert 0 <= top <= bottom <= (page.height or bottom)
