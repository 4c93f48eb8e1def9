from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ocrq.contracts import Line, Page
from tests.unit.formats.format_samples import (
    Pictures,
    blank,
    failed,
    line,
    page_of,
    part,
    table_of,
    text_only,
    tree_of,
)
from worker.formats import RenderOptions, render
from worker.formats.markup import printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> list[Token]:
    return PARSER.parse(markdown)


def texts(markdown: str) -> list[str]:
    """What a reader sees: a string for each paragraph and cell, numbers of lists included, line ends as newlines."""
    found, number = [], ""
    for token in shown(markdown):
        if token.type == "ordered_list_open":
            number = f"{token.attrs.get('start', 1)}"
        elif token.type == "list_item_open" and token.info:
            number = f"{token.info}{token.markup}"
        elif token.type == "inline":
            plain = "".join(map(_plain_text, token.children or ()))
            found.append(f"{number} {plain}".strip())
            number = ""
        elif token.type == "list_item_close" and number:
            found.append(number)
            number = ""
    return found


def _plain_text(token: Token) -> str:
    if token.type == "image":
        return "".join(map(_plain_text, token.children or ()))
    return token.content if token.type == "text" else "\n"


def write(*pages: Page, furniture: bool = False) -> str:
    return render("markdown", pages, Pictures(), RenderOptions(furniture=furniture))


def test_headings_have_their_levels_and_paragraphs_stand_apart() -> None:
    page = tree_of(
        part("title", "The whole", "story"),
        part("heading", "1. Background", level=2),
        part("text", "First."),
        part("heading", "C #", level=3),
        part("text", "Second."),
    )
    assert write(page) == "# The whole story\n\n## 1. Background\n\nFirst.\n\n### C \\#\n\nSecond.\n"


def test_a_paragraph_runs_on_and_hyphens_of_divided_words_are_taken_out() -> None:
    page = tree_of(
        part(
            "text",
            line("The inhabitants of the long-", 50, 100, 700),
            line("term settlement kept informa-", 50, 140, 700),
            line("tion in clay jars.", 50, 180, 300),
        )
    )
    assert write(page) == "The inhabitants of the long-term settlement kept information in clay jars.\n"


def test_rows_with_space_for_the_next_word_keep_their_end() -> None:
    page = tree_of(
        part(
            "text",
            line("Harbour Bakery and Company", 50, 100, 420),
            line("12 Market Street", 50, 140, 250),
            line("Rome", 50, 180, 80),
        )
    )
    assert write(page) == "Harbour Bakery and Company  \n12 Market Street  \nRome\n"


def test_a_paragraph_goes_on_in_the_next_column_behind_a_figure_and_on_the_next_page() -> None:
    first = tree_of(
        part("text", "It was a dark and"),
        part("figure", "N W S E", box=((0, 0), (1, 0), (1, 1), (0, 1))),
        part("caption", "Figure 1. The harbour"),
        part("text", "stormy night when the"),
        part("footer", "Monthly"),
        part("page_number", "3"),
    )
    second = tree_of(part("header", "Chapter"), part("text", "ship came in."), part("text", "Nobody saw it."), number=2)
    assert write(first, second) == (
        "It was a dark and stormy night when the ship came in.\n\n![N W S E]()\n\nFigure 1. The harbour\n\n"
        "Nobody saw it.\n"
    )


def test_a_paragraph_that_ends_or_begins_as_a_sentence_does_stays_apart() -> None:
    page = tree_of(part("text", "The end."), part("text", "and more"), part("text", "Then"), part("text", "More"))
    assert write(page) == "The end.\n\nand more\n\nThen\n\nMore\n"


def test_a_chinese_paragraph_goes_on_in_the_next_column_where_its_last_row_is_full() -> None:
    rows = [line("很久以前有一个人他住在海边的", 50, top, 300) for top in (800, 840)]
    column = line("小房子里。", 450, 100, 120)
    assert write(tree_of(part("text", *rows), part("text", column))) == f"{rows[0].text * 2}小房子里。\n"
    below = line("小房子里。", 50, 900, 120)
    assert write(tree_of(part("text", *rows), part("text", below))) == f"{rows[0].text * 2}\n\n小房子里。\n"


def test_furniture_is_left_out_unless_it_is_wanted() -> None:
    page = tree_of(part("header", "Monthly"), part("text", "Text."), part("page_number", "3"))
    assert write(page) == "Text.\n"
    assert write(page, furniture=True) == "Monthly\n\nText.\n\n3\n"


def test_lists_are_nested_by_their_indentation_and_keep_their_numbers() -> None:
    def item(text: str, left: float, top: float) -> tuple[object, list[Line]]:
        return part("list_item", line(text, left, top, 300))

    page = tree_of(
        item("• apples", 50, 100),
        item("– red ones", 90, 140),
        item("• pears", 50, 180),
        part("text", "Then:"),
        item("3. wash", 50, 300),
        item("4. peel", 50, 340),
        item("(a) thinly", 90, 380),
        item("7. eat", 50, 420),
    )
    assert write(page) == (
        "- apples\n  - red ones\n- pears\n\nThen:\n\n3. wash\n4. peel\n   - (a) thinly\n\n7\\. eat\n"
    )


def test_a_simple_table_is_githubs_with_amounts_to_the_right() -> None:
    table = table_of(["Item", "Price"], ["Pen | ink", "€ 1.20"], ["Ink\nblue", "€ 7.00"], headers=1)
    page = tree_of(part("table", "x", table=table))
    assert write(page) == ("| Item | Price |\n| --- | ---: |\n| Pen \\| ink | € 1.20 |\n| Ink blue | € 7.00 |\n")


def test_a_table_with_spans_is_html() -> None:
    table = table_of(["Year", "~"], ["1 < 2", "b"], headers=1, spans={(0, 0): (1, 2)})
    assert write(tree_of(part("table", "x", table=table))) == (
        '<table>\n<thead>\n<tr><th colspan="2">Year</th></tr>\n</thead>\n<tbody>\n'
        "<tr><td>1 &lt; 2</td><td>b</td></tr>\n</tbody>\n</table>\n"
    )


def test_formulas_are_latex_where_a_model_wrote_it_and_their_text_where_none_did() -> None:
    page = tree_of(part("formula", "E = mc2", latex="E = mc^2"), part("formula", "a * b * c"))
    assert write(page) == "$$\nE = mc^2\n$$\n\na * b * c\n"


def test_code_keeps_its_indentation() -> None:
    page = tree_of(
        part("code", line("def f(x):", 50, 100, 90), line("return `x`", 90, 140, 100), line("```", 50, 180, 30))
    )
    assert write(page) == "````\ndef f(x):\n    return `x`\n```\n````\n"


def test_checkboxes_have_their_marks_and_forms_keep_their_rows() -> None:
    page = tree_of(
        part("checkbox", "Yes", checked=True),
        part("checkbox", "No", checked=False),
        part("form", "Name: Ada", "Born: 1815"),
    )
    assert write(page) == "☑ Yes\n\n☐ No\n\nName: Ada  \nBorn: 1815\n"


def test_a_page_without_lines_has_the_paragraphs_of_its_text() -> None:
    assert texts(write(text_only())) == ["First paragraph, second line", "Second paragraph"]


def test_a_blank_page_leaves_no_trace_and_a_failed_one_is_a_quoted_note() -> None:
    assert write(blank(1)) == "\n"
    markdown = write(blank(1), failed())
    assert shown(markdown)[0].type == "blockquote_open"
    assert texts(markdown) == ["Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)"]


@pytest.mark.parametrize(
    "text",
    ["R&D at 5 < 6", "see [12] and (3)", "2 * 3 = 6", "snake_case", "12. March 2026", "$5.00 and $6.00", "a | b", "#1",
     "-5.00", "Smith & Sons, 7th ed.", "x_1 + y_2", "~30 people", "*Prices include tax"],
)  # fmt: skip
def test_running_text_has_no_needless_escapes(text: str) -> None:
    assert write(tree_of(part("text", text))) == f"{text}\n"


TRAPS = [
    "# no heading", "## no heading", "- no item", "+ no item", "* no item", "1. no item", "12) no item", "---", "===",
    "> no quote", "```", "~~~", "~~gone~~", "*plain*", "__plain__", "[a](b)", "![a](b)", "<b>", "<a@b.c>", "&amp;",
    "#1", "a | b", "a\\|b", "\\", "a\\", "a_b_c", "| a |", ":--", "-:", "[x]: y", "2.49", "-5.00", "1.", "-", "=",
    "[ ] task", "$x$", "_a_ b", "a*b*c", "***", "- - -",
]  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_what_looks_like_markdown_is_shown_as_it_stands(trap: str) -> None:
    page = tree_of(part("form", "before", trap, "after"), part("form", trap), part("list_item", f"- {trap}"))
    assert texts(write(page)) == [f"before\n{trap}\nafter", trap, trap]


@pytest.mark.parametrize("trap", TRAPS)
def test_what_looks_like_markdown_is_shown_as_it_stands_in_a_cell(trap: str) -> None:
    page = tree_of(part("table", "x", table=table_of(["a", "b"], [trap, "1"])))
    assert texts(write(page)) == ["a", "b", trap, "1"]


@pytest.mark.parametrize("kind", ["title", "text", "form", "caption", "figure", "checkbox"])
@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1, max_size=40).filter(str.strip))
@example(text="\x00 \x1f")
@example(text="2\\\n===")
@example(text="# #")
def test_any_text_is_shown_as_it_stands(kind: str, text: str) -> None:
    expected = printable(" ".join(text.split()))
    lines = [row for row in text.splitlines() if row.strip()]
    block, own = part(kind, *lines)  # type: ignore[arg-type]
    found = " ".join(" ".join(texts(write(tree_of((block, own))))).split())
    assert found.removeprefix("☐ ").replace(" ", "") == expected.replace(" ", "")


@settings(max_examples=100, deadline=None)
@given(
    plain=st.lists(st.text("ab1-*_`~.)# |[]<>&\\", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=4)
)
def test_any_list_is_shown_as_it_stands(plain: list[str]) -> None:
    page = tree_of(*(part("list_item", f"• {text}") for text in plain))
    assert [" ".join(text.split()) for text in texts(write(page))] == [" ".join(text.split()) for text in plain]


def test_old_results_without_blocks_are_one_paragraph() -> None:
    assert write(page_of(Line(text="one", confidence=0.5), Line(text="two.", confidence=0.5))) == "one two.\n"
