from __future__ import annotations

import json
from typing import Any

from ocrq.contracts import Line, Page, Word
from tests.unit.formats.format_samples import (
    Pictures,
    blank,
    box,
    document,
    failed,
    line,
    page_of,
    receipt,
    text_only,
    unplaced,
)
from worker.formats import render


def entries(name: str, *pages: Page) -> list[dict[str, Any]]:
    found = json.loads(render(name, pages, Pictures()))
    assert isinstance(found, list)
    return found


def test_text_has_a_form_feed_between_pages_and_none_after_the_last() -> None:
    assert render("text", [receipt(), blank(), unplaced()], Pictures()).split("\f") == [
        receipt().text,
        "",
        unplaced().text,
    ]


def test_text_has_as_many_form_feeds_as_page_breaks_even_if_a_page_says_one() -> None:
    page = Page(page=1, width=1, height=1, text="one\ftwo")
    assert render("text", [page, page], Pictures()) == "one\ntwo\fone\ntwo"


def test_text_says_in_brackets_which_page_could_not_be_read_and_why() -> None:
    assert render("text", [failed()], Pictures()) == (
        "[Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)]"
    )


def test_lines_are_one_list_over_all_pages_with_their_boxes() -> None:
    found = entries("lines", receipt(), unplaced())
    assert found[3] == {
        "page": 1,
        "text": "2.49",
        "confidence": 0.9,
        "box": [[650, 152], [730, 152], [730, 182], [650, 182]],
    }
    assert [entry for entry in found if entry["page"] == 4][0] == {
        "page": 4,
        "text": "no place",
        "confidence": 0.3,
        "box": None,
    }


def test_lines_of_a_page_that_has_text_only_are_cut_from_it() -> None:
    assert [entry["text"] for entry in entries("lines", text_only())] == [
        "First paragraph,",
        "second line",
        "Second paragraph",
    ]


def test_lines_and_words_report_a_failed_page_and_not_a_blank_one() -> None:
    for name in ("lines", "words"):
        (entry,) = entries(name, blank(), failed())
        assert (entry["page"], entry["text"], entry["box"]) == (3, "", None)
        assert entry["error"] == {"code": "unreadable_document", "detail": "the frame is <damaged>;\nsend it again"}


def test_words_keep_the_boxes_and_confidences_the_engine_gave() -> None:
    word = Word(text="own", confidence=0.42, box=box(1, 2, 3, 4))
    found = entries("words", page_of(Line(text="own", confidence=0.9, box=box(0, 0, 50), words=[word])))
    assert found == [{"page": 1, "line": 1, "text": "own", "confidence": 0.42, "box": [[1, 2], [4, 2], [4, 6], [1, 6]]}]


def test_words_without_boxes_are_cut_from_their_line_by_the_width_of_the_characters() -> None:
    found = entries("words", page_of(line("ab cd", 100, 10, 500)))
    assert [(entry["text"], entry["box"][0], entry["box"][2]) for entry in found] == [
        ("ab", [100, 10], [300, 40]),
        ("cd", [400, 10], [600, 40]),
    ]


def test_wide_characters_take_twice_the_width_and_marks_none() -> None:
    found = entries("words", page_of(line("漢 e\N{COMBINING ACUTE ACCENT}a", 0, 0, 500)))
    assert [entry["box"][1][0] for entry in found] == [200, 500]


def test_words_of_a_script_from_the_right_are_cut_from_the_right() -> None:
    found = entries("words", page_of(line("שלום בית", 0, 0, 800)))
    assert [entry["text"] for entry in found] == ["שלום", "בית"]
    assert found[0]["box"][0][0] == 400
    assert found[1]["box"][1][0] == 300


def test_words_are_numbered_by_the_line_they_stand_in() -> None:
    found = entries("words", receipt())
    assert [entry["text"] for entry in found if entry["line"] == 3] == ["MILK", "2%", "1L"]


def test_a_line_of_white_space_is_no_line() -> None:
    assert entries("lines", page_of(line("  ", 0, 0, 10))) == []


def test_any_script_stays_readable_in_the_json() -> None:
    assert "漢字 ü שלום" in render("lines", [page_of(line("漢字 ü שלום", 0, 0, 10))], Pictures())


def test_the_whole_sample_document_has_an_entry_for_every_page_but_the_blank_one() -> None:
    assert {entry["page"] for entry in entries("words", *document())} == {1, 3, 4, 5}
