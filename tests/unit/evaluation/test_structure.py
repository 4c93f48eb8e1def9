from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.structure.matching import order_distance, pairs_of, text_distance
from evaluation.structure.parts import Part, parts_of
from evaluation.structure.scores import score
from evaluation.structure.teds import teds
from evaluation.structure.truths import truths_at
from evaluation.structure.unit_tests import UnitTest, passes

TABLE = "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>1.20</td></tr></table>"
MARKDOWN = f"""# Title

A paragraph with *marks*.

- one
- two

| Item | Price |
|---|---:|
| Pen | 1.20 |

![words in a figure]()

{TABLE}

$$
x = y
$$
"""


def test_a_markdown_documents_parts_are_its_paragraphs_items_tables_and_formulas() -> None:
    assert [(part.kind, part.text) for part in parts_of(MARKDOWN)] == [
        ("text", "Title"),
        ("text", "A paragraph with marks."),
        ("text", "one"),
        ("text", "two"),
        ("table", TABLE.replace("th>", "td>")),
        ("table", TABLE),
        ("formula", "x = y"),
    ]


def test_equal_tables_are_alike_and_a_missing_cell_or_a_wrong_letter_costs_its_share() -> None:
    assert teds(TABLE, TABLE) == teds(TABLE, TABLE.replace("th", "td")) == 1.0
    assert teds(TABLE, TABLE.replace("Pen", "Pan")) == pytest.approx(1 - (1 / 3) / 6)
    assert teds(TABLE, TABLE.replace("Pen", "Pan"), structure_only=True) == 1.0
    assert teds(TABLE, TABLE.replace("<td>1.20</td>", "")) == pytest.approx(1 - 1 / 6)
    assert teds(TABLE, "") == 0.0


def test_a_paragraph_that_was_found_in_two_pieces_is_paired_with_both() -> None:
    truth, found = ["abcdefghij", "klmnopqrst"], ["klmnopqrst", "abcdef", "ghij"]
    pairs = pairs_of(truth, found)
    assert sorted((pair.truth, pair.found) for pair in pairs) == [((0,), (1, 2)), ((1,), (0,))]
    assert text_distance(pairs, truth, found) == 0.0
    assert order_distance(pairs) == 1.0


def test_text_that_is_missing_or_too_much_counts_in_full() -> None:
    assert text_distance(pairs_of(["abcd"], []), ["abcd"], []) == 1.0
    assert text_distance(pairs_of(["abcd"], ["abcd", "0123"]), ["abcd"], ["abcd", "0123"]) == 0.5


@pytest.mark.parametrize(
    ("test", "passed"),
    [
        (UnitTest("present", "A paragraph with marks."), True),
        (UnitTest("present", "A paragraph of other words."), False),
        (UnitTest("absent", "Monthly news"), True),
        (UnitTest("absent", "paragraph with"), False),
        (UnitTest("order", "Title", "A paragraph"), True),
        (UnitTest("order", "A paragraph", "Title"), False),
        (UnitTest("table", "1.20", "Price", "up"), True),
        (UnitTest("table", "1.20", "Pen", "left"), True),
        (UnitTest("table", "1.20", "Item", "up"), False),
    ],
)
def test_unit_tests_pass_where_the_markdown_has_what_they_say(test: UnitTest, passed: bool) -> None:
    assert passes(test, MARKDOWN) is passed


def test_running_headers_may_be_left_out_and_a_perfect_output_has_perfect_scores() -> None:
    truth = [Part("ignored", "Monthly news, page 3"), *parts_of("# A\n\nSome words here.\n\n" + TABLE)]
    for markdown in (
        f"# A\n\nSome words here.\n\n{TABLE}",
        f"Monthly news, page 3\n\n# A\n\nSome words here.\n\n{TABLE}",
    ):
        found = score(truth, markdown)
        assert (found.text, found.order, found.teds, found.structure, found.extra_tables) == (0.0, 0.0, 1.0, 1.0, 0)
    assert found.passed["absent"] == 0


def test_drawn_pages_of_both_kinds_are_read_with_their_truth(tmp_path: Path) -> None:
    cells = [{"row": 0, "column": 0, "row_span": 1, "column_span": 2, "text": "a & b"}]
    words = [{"text": "One"}, {"text": "漢"}, {"text": "字"}]
    blocks = [{"type": "text", "words": words}, {"type": "table", "words": [], "cells": cells}]
    (tmp_path / "1.json").write_text(json.dumps({"blocks": blocks}), encoding="utf-8")
    tokens = [["Head", 0, 0, 9, 9, 0, 9, 0], ["body", 0, 20, 9, 29, 1, 9, 0], ["3", 0, 90, 9, 99, 2, 9, 0]]
    drawn = {"template": "letter", "roles": [["heading", 1], ["text", 0], ["page_number", 0]], "tokens": tokens}
    (tmp_path / "2.json").write_text(json.dumps(drawn), encoding="utf-8")
    for name in ("1.png", "2.jpg"):
        (tmp_path / name).touch()
    first, second = truths_at(tmp_path)
    assert first.parts[0] == Part("text", "One 漢字")
    assert teds(first.parts[1].text, '<table><tr><td colspan="2">a &amp; b</td></tr></table>') == 1.0
    assert (second.kind, [part.kind for part in second.parts]) == ("letter", ["text", "text", "ignored"])
