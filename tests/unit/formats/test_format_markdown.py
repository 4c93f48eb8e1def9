from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ocrq.contracts import Line, Page, Word
from tests.unit.formats.format_samples import Pictures, blank, box, failed, line, page_of, receipt, text_only
from worker.formats import render
from worker.formats.markup import printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> list[Token]:
    return PARSER.parse(markdown)


def texts(markdown: str) -> list[str]:
    """What a reader sees: one string for each paragraph and cell, line ends as newlines."""
    return [
        "".join(child.content if child.type == "text" else "\n" for child in token.children or ())
        for token in shown(markdown)
        if token.type == "inline"
    ]


def write(*pages: Page) -> str:
    return render("markdown", pages, Pictures())


def test_the_pairs_of_a_receipt_become_a_table_and_the_rest_paragraphs() -> None:
    markdown = write(receipt())
    assert "| MILK 2% 1L | 2.49 |" in markdown
    assert "| EGGS\\|x | \\*4.00 |" in markdown
    assert "| TOTAL | 9.59 |" in markdown
    found = texts(markdown)
    assert found[0] == "CORNER GROCERY\n12 Market Street"
    assert found[-1] == "Thank you for shopping with us, please come\nagain & soon <3 # 1."


def test_amounts_are_aligned_to_the_right() -> None:
    assert "| --- | ---: |" in write(receipt())


def test_a_single_cell_between_two_rows_stays_in_the_table() -> None:
    assert "| 2 x 1.00 |  |" in write(receipt())


def test_column_names_become_the_tables_header() -> None:
    page = page_of(
        line("Item", 50, 100, 100),
        line("Price", 600, 100, 100),
        line("Pen", 50, 140, 80),
        line("€ 1.20", 600, 140, 100),
        line("Ink", 50, 180, 80),
        line("€ 7.00", 600, 180, 100),
    )
    assert write(page) == "| Item | Price |\n| --- | ---: |\n| Pen | € 1.20 |\n| Ink | € 7.00 |\n"


def test_a_lone_pair_is_no_table() -> None:
    assert write(page_of(line("Total", 50, 100, 100), line("9.59", 600, 100, 100))) == "Total 9.59\n"


def test_cells_that_do_not_line_up_are_no_table() -> None:
    page = page_of(
        line("one", 50, 100, 300), line("two", 400, 100, 300), line("three", 50, 140, 500), line("four", 600, 140, 100)
    )
    assert write(page) == "one two\\\nthree four\n"


def test_a_line_is_split_into_cells_where_its_words_stand_far_apart() -> None:
    def row(y: float, name: str, price: str) -> Line:
        words = [
            Word(text=name, confidence=0.9, box=box(50, y, 100)),
            Word(text=price, confidence=0.9, box=box(600, y, 80)),
        ]
        return Line(text=f"{name} {price}", confidence=0.9, box=box(50, y, 630), words=words)

    assert "| Pen | 1.20 |\n| Ink | 7.00 |" in write(page_of(row(100, "Pen", "1.20"), row(140, "Ink", "7.00")))


def test_a_table_on_a_page_turned_by_a_quarter_is_found_too() -> None:
    page = page_of(
        line("Pen", 700, 50, 100, degrees=90),
        line("1.20", 700, 600, 80, degrees=90),
        line("Ink", 650, 50, 100, degrees=90),
        line("7.00", 650, 600, 80, degrees=90),
        angle=90,
    )
    assert "| Pen | 1.20 |\n| Ink | 7.00 |" in write(page)


def test_two_columns_of_prose_stay_two_paragraphs() -> None:
    left = [line(f"left {index}", 50, 100 + 40 * index, 300) for index in range(3)]
    right = [line(f"right {index}", 450, 100 + 40 * index, 300) for index in range(3)]
    assert texts(write(page_of(*left, *right))) == ["left 0\nleft 1\nleft 2", "right 0\nright 1\nright 2"]


def test_long_lines_run_on_and_short_ones_keep_their_end() -> None:
    page = page_of(
        line("A line that reaches the right edge of its paragraph", 50, 100, 700),
        line("and a short one", 50, 140, 200),
        line("before the last", 50, 180, 200),
    )
    assert write(page) == ("A line that reaches the right edge of its paragraph\nand a short one\\\nbefore the last\n")


def test_a_gap_begins_a_new_paragraph() -> None:
    assert texts(write(page_of(line("one", 50, 100, 100), line("two", 50, 200, 100)))) == ["one", "two"]


def test_a_page_without_lines_has_the_paragraphs_of_its_text() -> None:
    assert texts(write(text_only())) == ["First paragraph,\nsecond line", "Second paragraph"]


def test_pages_are_divided_by_rules_and_a_blank_first_page_is_no_front_matter() -> None:
    markdown = write(blank(1), receipt(), failed())
    assert [token.type for token in shown(markdown)].count("hr") == 2
    assert markdown.startswith("<!-- page 1 is blank -->\n")


def test_a_failed_page_is_a_quoted_note() -> None:
    markdown = write(failed())
    assert shown(markdown)[0].type == "blockquote_open"
    assert texts(markdown) == ["Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)"]


TRAPS = [
    "# no heading", "## no heading", "- no item", "+ no item", "* no item", "1. no item", "12) no item", "---", "===",
    "> no quote", "```", "~~~", "~~gone~~", "*plain*", "__plain__", "[a](b)", "![a](b)", "<b>", "<a@b.c>", "&amp;",
    "#1", "a | b", "a\\|b", "\\", "a\\", "a_b_c", "| a |", ":--", "-:", "[x]: y", "2.49", "-5.00", "1.", "-", "=",
]  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_what_looks_like_markdown_is_shown_as_it_stands(trap: str) -> None:
    page = page_of(line("before", 50, 60, 100), line(trap, 50, 100, 100), line("after", 50, 140, 100))
    assert texts(write(page)) == [f"before\n{trap}\nafter"]


@pytest.mark.parametrize("trap", TRAPS)
def test_what_looks_like_markdown_is_shown_as_it_stands_in_a_cell(trap: str) -> None:
    page = page_of(
        line(trap, 50, 100, 100), line("1", 600, 100, 100), line("b", 50, 140, 100), line("2", 600, 140, 100)
    )
    assert texts(write(page))[2:] == [trap, "1", "b", "2"]


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=40).filter(str.strip))
@example("\x00 \x1f")
@example("2\\\n===")
def test_any_text_is_shown_as_it_stands(text: str) -> None:
    expected = printable(" ".join(text.split()))
    assert texts(write(page_of(Line(text=text, confidence=0.5)))) == [expected]
