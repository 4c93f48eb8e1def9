from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from lxml import etree

from ocrq.contracts import Page
from tests.unit.formats.format_samples import (
    Pictures,
    any_page,
    blank,
    box,
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

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
SUBSET = etree.RelaxNG(etree.parse(Path(__file__).with_name("alto_subset.rng")))


def write(*pages: Page) -> etree._Element:
    """The document, parsed and held against the structure of ALTO 4.4."""
    root = etree.fromstring(render("alto", pages, Pictures()).encode())
    SUBSET.assertValid(root)
    return root


def places(root: etree._Element, tag: str) -> list[tuple[float, ...]]:
    names = ("HPOS", "VPOS", "WIDTH", "HEIGHT")
    return [tuple(float(node.get(name, "-1")) for name in names) for node in root.iter(ALTO + tag)]


def contents(root: etree._Element) -> list[str]:
    return [
        " ".join(string.get("CONTENT", "") for string in found.iter(ALTO + "String"))
        for found in root.iter(ALTO + "TextLine")
    ]


def test_all_lines_come_in_reading_order_with_their_words_and_places() -> None:
    root = write(receipt())
    assert contents(root) == [line.text for line in receipt().lines]
    assert places(root, "TextLine")[3] == (650, 152, 80, 30)
    assert [string.get("WC") for string in root.iter(ALTO + "String")][0] == "0.9"


def test_a_space_stands_between_words_and_in_their_gap() -> None:
    root = write(page_of(line("ab cd", 100, 10, 500)))
    assert places(root, "String") == [(100, 10, 200, 30), (400, 10, 200, 30)]
    assert places(root, "SP") == [(300, 10, 100, 30)]


def test_blocks_are_the_trees_and_have_their_roles_as_tags() -> None:
    cells = table_of(["a", "b"])
    cells.cells[0].lines, cells.cells[1].lines = [2], [3]
    page = tree_of(
        part("heading", line("Head", 0, 0, 100), level=2),
        part("figure", line("in the picture", 0, 50, 100), box=box(0, 50, 300, 200)),
        part("table", line("a", 0, 300, 50), line("b", 100, 300, 50), table=cells),
    )
    root = write(page)
    assert [(tag.get("ID"), tag.get("LABEL")) for tag in root.iter(ALTO + "StructureTag")] == [
        ("tag_figure", "figure"),
        ("tag_heading", "heading"),
        ("tag_table", "table"),
    ]
    (space,) = root.iter(ALTO + "PrintSpace")
    assert [(node.tag.removeprefix(ALTO), node.get("TAGREFS")) for node in space] == [
        ("TextBlock", "tag_heading"),
        ("ComposedBlock", "tag_figure"),
        ("ComposedBlock", "tag_table"),
    ]
    assert places(root, "Illustration") == [(0, 50, 300, 200)]
    assert len(space[2]) == 2
    assert contents(root) == ["Head", "in the picture", "a", "b"]


def test_every_page_has_its_number_size_and_confidence() -> None:
    pages = list(write(*document()).iter(ALTO + "Page"))
    assert [page.get("PHYSICAL_IMG_NR") for page in pages] == ["1", "2", "3", "4", "5"]
    assert (pages[0].get("WIDTH"), pages[0].get("HEIGHT"), pages[0].get("PC")) == ("800", "1000", "0.9")


def test_a_turned_page_writes_its_rotation_counter_clockwise_and_its_baselines() -> None:
    root = write(page_of(line("down the page", 700, 100, 300, degrees=90), angle=90))
    assert next(root.iter(ALTO + "Page")).get("ROTATION") == "270"
    assert next(root.iter(ALTO + "TextLine")).get("BASELINE") == "670,100 670,400"
    assert places(root, "TextLine") == [(670, 100, 30, 300)]


def test_a_level_page_writes_no_rotation() -> None:
    assert next(write(receipt()).iter(ALTO + "Page")).get("ROTATION") is None


def test_a_failed_page_is_empty_and_says_why_and_a_blank_one_is_empty_and_says_nothing() -> None:
    broken, empty = write(failed(), blank()).iter(ALTO + "Page")
    assert broken.get("QUALITY_DETAIL") == (
        "Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)"
    )
    assert broken.get("PC") is None
    assert empty.get("QUALITY_DETAIL") is None
    assert not list(broken.iter(ALTO + "TextLine")) and not list(empty.iter(ALTO + "TextLine"))


def test_a_line_without_a_place_keeps_its_text_and_claims_none() -> None:
    root = write(unplaced())
    assert contents(root)[0] == "no place"
    assert places(root, "TextLine")[0] == (-1, -1, -1, -1)


def test_a_line_from_the_right_says_so() -> None:
    assert next(write(page_of(line("שלום", 0, 0, 100))).iter(ALTO + "TextLine")).get("BASEDIRECTION") == "rtl"


def test_places_off_the_page_are_cut_to_it() -> None:
    assert places(write(page_of(line("edge", -20, 990, 900))), "TextLine") == [(0, 990, 800, 10)]


@settings(max_examples=150, deadline=None)
@given(any_page)
def test_any_page_gives_valid_alto(page: Page) -> None:
    write(page)
