"""What models write as Markdown, HTML, JSON or OTSL becomes blocks, whatever state it is in, and no word is lost."""

from __future__ import annotations

import json
import random
import re
from typing import Any, get_args

import pytest

from worker.engines.parsers import PARSERS, Answer, Parsed, parse
from worker.engines.presets import ParserName

NAMES: tuple[ParserName, ...] = get_args(ParserName)


def parsed(name: ParserName, text: str) -> Parsed:
    """Parsed, each character as probable as its code tells, and its tree checked."""
    read = parse(name, Answer(text, tuple((ord(character) % 97) / 100 for character in text)))
    assert_valid(read)
    return read


def assert_valid(read: Parsed) -> None:
    """Every row is in one block, every place of a table in one cell at most, all within the table."""
    rows = read.answer.text.split("\n")
    assert len(read.answer.probabilities) in (0, len(read.answer.text))
    owned = [row for block in read.blocks for row in range(block.first, block.after)]
    assert len(owned) == len(set(owned))
    if read.blocks:
        assert set(owned) == {row for row, text in enumerate(rows) if text.strip()}
    for table in (block.table for block in read.blocks if block.table):
        places = [
            (row, column)
            for cell in table.cells
            for row in range(cell.row, cell.row + cell.row_span)
            for column in range(cell.column, cell.column + cell.column_span)
        ]
        assert len(places) == len(set(places))
        assert all(row < table.rows and column < table.columns for row, column in places)


def shown(read: Parsed) -> list[Any]:
    """Each block as its type, what it adds, and its rows; a table as its cells."""
    rows = read.answer.text.split("\n")
    result: list[Any] = []
    for block in read.blocks:
        if block.table:
            cells = [
                (c.row, c.column, c.row_span, c.column_span, "h" if c.header else "", " ".join(rows[c.first : c.after]))
                for c in block.table.cells
            ]
            result.append(("table", block.table.rows, block.table.columns, cells))
            continue
        more = next((one for one in (block.level, block.latex, block.checked) if one is not None), None)
        result.append((block.type, more, "|".join(rows[block.first : block.after])))
    return result


MARKDOWN = {
    "title and headings": (
        "# Title\n\n## Two\n#### Four ##\n# Other",
        [("title", None, "Title"), ("heading", 2, "Two"), ("heading", 4, "Four"), ("heading", 1, "Other")],
    ),
    "paragraphs keep their line ends": ("one\ntwo\n\nthree", [("text", None, "one|two"), ("text", None, "three")]),
    "items keep their marks": (
        "- one\n  more\n  - in\n\n    below\n3. three",
        [
            ("list_item", None, "- one|more"),
            ("list_item", None, "- in"),
            ("text", None, "below"),
            ("list_item", None, "3. three"),
        ],
    ),
    "boxes": (
        "- [x] yes\n- [ ] no\n\n☐ may be",
        [("checkbox", True, "yes"), ("checkbox", False, "no"), ("checkbox", False, "may be")],
    ),
    "display formulas": (
        "$$\nE = mc^2\n$$\n\n\\[ a < b \\] (1)\n\\begin{align}\nx &= y\n\\end{align}",
        [
            ("formula", "E = mc^2", "E = mc^2"),
            ("formula", "a < b", "a < b"),
            ("text", None, "(1)"),
            ("formula", "\\begin{align}\nx &= y\n\\end{align}", "\\begin{align}|x &= y|\\end{align}"),
        ],
    ),
    "formulas in text, and prices": (
        "if $x^2$ or \\(a*b*c\\), $5 or $6",
        [("text", None, "if \\(x^2\\) or \\(a*b*c\\), $5 or $6")],
    ),
    "code": ("```python\nif x:\n    # y\n```", [("code", None, "if x:|# y")]),
    "figures have no words": (
        "Above\n\n![a chart](p_1_2_3_4.png)\n\nBelow",
        [("text", None, "Above"), ("figure", None, ""), ("text", None, "Below")],
    ),
    "footnotes": ("Word[^1]\n\n[^1]: Below.", [("text", None, "Word1"), ("footnote", None, "1 Below.")]),
    "quotations and rules": ("> said\n> so\n\n---\nafter", [("text", None, "said|so"), ("text", None, "after")]),
    "what looks like a reference is text": (
        "[a]: http://b\n\nx\n===",
        [("text", None, "[a]: http://b"), ("text", None, "x|===")],
    ),
    "a fence around all of it": ("```markdown\n# A\n\nb\n```", [("title", None, "A"), ("text", None, "b")]),
    "tables": (
        "| A | B |\n|---|--:|\n| 1 \\| 2 | `c` | more |\n| x |",
        [
            (
                "table",
                3,
                3,
                [
                    (0, 0, 1, 1, "h", "A"),
                    (0, 1, 1, 1, "h", "B"),
                    (1, 0, 1, 1, "", "1 | 2"),
                    (1, 1, 1, 1, "", "c"),
                    (1, 2, 1, 1, "", "more"),
                    (2, 0, 1, 1, "", "x"),
                ],
            )
        ],
    ),
    "tables in HTML with an empty line in them": (
        "<table><thead><tr><th rowspan='2'>A</th><th colspan=2>B</th></tr>\n\n<tr><td>b<td>c</tr></thead>\n"
        "<tr><td>1<br>2<td>$x$<td><table><tr><td>in</td></tr></table></tr></table>",
        [
            (
                "table",
                3,
                3,
                [
                    (0, 0, 2, 1, "h", "A"),
                    (0, 1, 1, 2, "h", "B"),
                    (1, 1, 1, 1, "h", "b"),
                    (1, 2, 1, 1, "h", "c"),
                    (2, 0, 1, 1, "", "1 2"),
                    (2, 1, 1, 1, "", "\\(x\\)"),
                    (2, 2, 1, 1, "", "in"),
                ],
            )
        ],
    ),
    "a table that was cut off": (
        "<table><tr><td>a</td><td>cut o",
        [("table", 1, 2, [(0, 0, 1, 1, "", "a"), (0, 1, 1, 1, "", "cut o")])],
    ),
    "spans that reach over all bounds": (
        '<table><tr><td colspan="999999999">a</td></tr>'
        '<tr><td rowspan="99999999999999999999">b</td><td>c</td></tr></table>',
        [("table", 2, 2, [(0, 0, 1, 2, "", "a"), (1, 0, 1, 1, "", "b"), (1, 1, 1, 1, "", "c")])],
    ),
}


@pytest.mark.parametrize(("text", "blocks"), MARKDOWN.values(), ids=MARKDOWN.keys())
def test_markdown_becomes_blocks(text: str, blocks: list[Any]) -> None:
    assert shown(parsed("markdown", text)) == blocks


def test_letters_keep_their_probability_in_cells_and_headings() -> None:
    for text in (
        "# Head\n\n| Aa | Bb |\n|---|---|\n| Cc | Dd |",
        "<table><tr><td>Aa</td><td>Bb &amp; Cc</td></tr></table>",
    ):
        answer = parsed("markdown", text).answer
        letters = [(c, p) for c, p in zip(answer.text, answer.probabilities, strict=True) if c.isalpha()]
        assert all(probability == (ord(character) % 97) / 100 for character, probability in letters)


CHANDRA = (
    '<div data-label="Page-Header" data-bbox="0 0 9 9">Weekly</div>'
    '<div data-label="Section-Header"><h1>Iron &amp; zinc</h1></div>'
    '<div data-label="Text"><p>One <b>two</b></p><p>if <math>a &lt; b</math> then</p></div>'
    '<div data-label="Equation-Block"><math display="block">x = y &lt; 3</math></div>'
    '<div data-label="List-Group"><ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start="4"><li>d</li></ol></div>'
    '<div data-label="Figure"><img alt="described"/><p>40 %</p><p>60 %</p></div>'
    '<div data-label="Form"><p><input type="checkbox" checked/> Yes</p><p>Name: Bo</p></div>'
    '<div data-label="Table"><table><caption>Table 1</caption><tr><th>A</th></tr><tr><td>1</td></tr></table></div>'
    '<div data-label="Code-Block"><pre>a\nb</pre></div>'
    '<div data-label="Footnote"><p>1 Below</p></div><div data-label="Page-Footer">12</div>'
)


def test_layout_blocks_in_html_keep_their_labels() -> None:
    assert shown(parsed("html", CHANDRA)) == [
        ("header", None, "Weekly"),
        ("title", None, "Iron & zinc"),
        ("text", None, "One two"),
        ("text", None, "if \\(a < b\\) then"),
        ("formula", "x = y < 3", "x = y < 3"),
        ("list_item", None, "a"),
        ("list_item", None, "b"),
        ("list_item", None, "c"),
        ("list_item", None, "4. d"),
        ("figure", None, "40 %|60 %"),
        ("checkbox", True, "Yes"),
        ("form", None, "Name: Bo"),
        ("caption", None, "Table 1"),
        ("table", 2, 1, [(0, 0, 1, 1, "h", "A"), (1, 0, 1, 1, "", "1")]),
        ("code", None, "a|b"),
        ("footnote", None, "1 Below"),
        ("page_number", None, "12"),
    ]


DOTS = [
    {"bbox": [1, 2, 3, 4], "category": "Title", "text": "# Große Straße"},
    {"bbox": [1, 2, 3, 4], "category": "Text", "text": 'He said "hi"\nand **left**'},
    {"bbox": [1, 2, 3, 4], "category": "Picture"},
    {"bbox": [1, 2, 3, 4], "category": "Formula", "text": "$$\\frac{a}{b}$$"},
    {"bbox": [1, 2, 3, 4], "category": "Table", "text": "<table><tr><td>1</td><td>2</td></tr></table>"},
    {"bbox": [1, 2, 3, 4], "category": "List-item", "text": "- a\n- b"},
    {"bbox": [1, 2, 3, 4], "category": "Page-footer", "text": "3"},
]
DOTS_SHOWN = [
    ("title", None, "Große Straße"),
    ("text", None, 'He said "hi"|and left'),
    ("figure", None, ""),
    ("formula", "\\frac{a}{b}", "\\frac{a}{b}"),
    ("table", 1, 2, [(0, 0, 1, 1, "", "1"), (0, 1, 1, 1, "", "2")]),
    ("list_item", None, "- a"),
    ("list_item", None, "- b"),
    ("page_number", None, "3"),
]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_layout_elements_in_json_become_blocks_whole_fenced_or_cut_off(ascii_only: bool) -> None:
    text = json.dumps(DOTS, ensure_ascii=ascii_only)
    assert shown(parsed("layout_json", text)) == DOTS_SHOWN
    assert shown(parsed("layout_json", f"```json\n{text}\n```")) == DOTS_SHOWN
    assert shown(parsed("layout_json", text[: text.index("left") + 2]))[1] == ("text", None, 'He said "hi"|and **le')
    assert "no layout elements" in parsed("layout_json", "just text").warnings[0]


def test_a_table_in_otsl_has_its_spans() -> None:
    assert shown(parsed("plain", "Sold<ched>A<ched>B<lcel><nl><ucel><fcel>c<ecel><nl>")) == [
        ("text", None, "Sold"),
        ("table", 2, 3, [(0, 0, 2, 1, "h", "A"), (0, 1, 1, 2, "h", "B"), (1, 1, 1, 1, "", "c"), (1, 2, 1, 1, "", "")]),
    ]


@pytest.mark.parametrize("text", ['{"a": "# b"}', '[{"a": 1}]', '```json\n{"a": "*b*"}\n```'])
def test_an_answer_in_json_to_a_prompt_for_it_is_left_as_it_is(text: str) -> None:
    assert parsed("markdown", text) == Parsed(Answer(text, parsed("markdown", text).answer.probabilities))


DEEP = 10_000
HOSTILE = {
    "nested divs": "<div>" * DEEP + "word" + "</div>" * DEEP,
    "nested tables": "<table><tr><td>" * DEEP + "word" + "</td></tr></table>" * DEEP,
    "nested quotations": "> " * DEEP + "word",
    "nested items": "- " * DEEP + "word",
    "nested steps": "\n".join(" " * depth + "- word" for depth in range(300)),
    "spans that cover each other": "<table>" + "<tr><td rowspan=99999 colspan=99>word</td><td>word</td></tr>" * 1000,
    "a row without end": "<table><tr>" + "<td colspan=999>word</td>" * 3000,
    "rows without cells": "<table>" + "<tr>" * 9000 + "<td>word",
    "a table of tables' size": "|" + " word |" * 40 + "\n|" + "---|" * 40 + "\n" + ("|" + " word |" * 40 + "\n") * 60,
    "a million places": "<table>" + "<tr><td>word</td></tr>" * 2000 + "<tr>" + "<td>word</td>" * 290 + "</tr></table>",
    "openings without ends": '<td a="' * 3000 + "![" * 3000 + "\\[" * 3000 + "\\(" * 3000 + "**" * 3000 + "word",
    "elements without ends": '{"category":"Text","text":"word' * 2000,
    "deep JSON": "[" * 100_000,
}


@pytest.mark.parametrize("name", ["markdown", "html", "layout_json", "json"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_markup_gives_a_valid_tree(text: str, name: ParserName) -> None:
    read = parsed(name, text)
    assert len(read.answer.text) <= len(text)


PIECES = (
    *("<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=3>", "<td rowspan='2'>", "<caption>"),
    *(
        "\n",
        "\n\n",
        "# ",
        "- ",
        "1. ",
        "| a | b |",
        "\n|---|---|\n",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "```",
        "*",
        "**",
    ),
    *('<div data-label="Figure">', "</div>", '<math display="block">', "</math>", "<p>", "</p>", "<pre>", "</pre>"),
    *("> ", "&lt;", "☑ ", "[ ] ", "![a](b)", "<fcel>", "<nl>", "<lcel>", "<ucel>", "<li>", "<ul>", "</ul>", "<h2>"),
    *("</h2>", "<br>", "$x$", "---", '{"category": "Text", "text": "', '"}', "word", "word ", "word\n"),
)


@pytest.mark.parametrize("name", NAMES)
def test_no_word_is_lost_in_any_mixture_of_markup(name: ParserName) -> None:
    for seed in range(100):
        rng = random.Random(seed)
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 50)))
        assert len(re.findall("word", parsed(name, text).answer.text)) == text.count("word"), text


def test_every_parser_is_in_the_table() -> None:
    assert set(PARSERS) == set(NAMES)
