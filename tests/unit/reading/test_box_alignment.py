from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from worker.page import LineReading
from worker.reading.box_alignment import Place, place
from worker.reading.pairing import paired

LINE = 20.0  # pixels high
WIDTH = 400.0


def found(*texts: str) -> list[Place]:
    """Lines one below the other, each as wide as the page."""
    return [Place(_quad(row), LineReading(text, (0.9,) * len(text))) for row, text in enumerate(texts)]


def _quad(row: int) -> np.ndarray:
    top, bottom = LINE * row, LINE * (row + 1)
    return np.array([[0, top], [WIDTH, top], [WIDTH, bottom], [0, bottom]], np.float32)


def rows(text: str, places: Sequence[Place]) -> list[tuple[str, float | None]]:
    """Each line of the placed text, and the row of the page it stands on."""
    placed = place(LineReading(text, (0.8,) * len(text)), places)
    return [(line.reading.text, None if line.quad is None else float(line.quad[0][1]) / LINE) for line in placed.lines]


def test_equal_lines_stand_where_they_were_found() -> None:
    texts = ("Harbour Street Bakery", "Total 23.67")
    assert rows("\n".join(texts), found(*texts)) == [(texts[0], 0), (texts[1], 1)]


def test_a_paragraph_on_one_row_comes_out_as_the_lines_it_is_printed_in() -> None:
    places = found("The lift will be", "repaired on Monday", "Please use the stairs")
    text = "The lift will be repaired on Monday\n\nPlease use the stairs"
    assert rows(text, places) == [
        ("The lift will be", 0),
        ("repaired on Monday", 1),
        ("Please use the stairs", 2),
    ]


def test_words_the_line_reader_got_wrong_are_still_found_and_keep_the_text() -> None:
    assert rows("Invoice number 4817", found("lnvoice nunber 4B17")) == [("Invoice number 4817", 0)]


def test_blocks_in_another_order_are_found() -> None:
    left = ("Sender of this letter", "Harbour Street", "4817 Quaytown")
    right = ("Recipient at home", "Forest Road", "9921 Hilltop")
    text = "\n".join((*right, *left))
    assert [row for _, row in rows(text, found(*left, *right))] == [3, 4, 5, 0, 1, 2]


def test_a_row_that_stands_nowhere_has_no_place() -> None:
    text = "Harbour Street Bakery\nentirely invented sentence\nTotal 23.67"
    assert rows(text, found("Harbour Street Bakery", "Total 23.67"))[1] == ("entirely invented sentence", None)


def test_a_word_missed_on_the_page_goes_with_its_neighbours() -> None:
    assert rows("Total due 23.67 EUR", found("Total due EUR")) == [("Total due 23.67 EUR", 0)]


def test_without_lines_on_the_page_each_row_is_a_line_without_a_place() -> None:
    assert rows("One\n\nTwo words", []) == [("One", None), ("Two words", None)]


def test_words_stand_where_they_were_found_on_their_line() -> None:
    text = LineReading("Tea 2.00", (0.5,) * 8)
    seen = LineReading("Tea 2.00", (0.9,) * 8, tuple((x / 100, (x + 5) / 100) for x in (0, 5, 10, 15, 80, 85, 90, 95)))
    (line,) = place(text, [Place(_quad(0), seen)]).lines
    assert line.reading.text == "Tea 2.00"
    assert line.reading.spans[0][0] == pytest.approx(0.0)
    assert line.reading.spans[2][1] == pytest.approx(0.15)
    assert line.reading.spans[4][0] == pytest.approx(0.8)
    assert line.reading.spans[-1][1] == pytest.approx(1.0)


def test_a_line_the_text_keeps_apart_has_a_part_of_the_quad_each() -> None:
    placed = place(LineReading("Alpha beta\nOther words\nGamma delta"), found("Alpha beta Gamma delta", "Other words"))
    first, _, last = placed.lines
    assert first.quad is not None
    assert last.quad is not None
    assert first.quad[1][0] <= last.quad[0][0]
    assert first.quad[0][1] == last.quad[0][1] == 0


def test_probabilities_stay_with_their_characters() -> None:
    text = "One two\nthree"
    reading = LineReading(text, tuple(index / 100 for index in range(len(text))))
    first, second = place(reading, found("One two", "three")).lines
    assert first.reading.probabilities[4:] == reading.probabilities[4:7]
    assert second.reading.probabilities == reading.probabilities[8:]


@pytest.mark.parametrize(("text", "share"), [("Alpha beta gamma delta", 1.0), ("Alpha beta", 0.5), ("", 0.0)])
def test_the_share_of_the_page_that_a_text_holds_is_measured(text: str, share: float) -> None:
    assert place(LineReading(text), found("Alpha beta", "gamma delta")).share == share


def test_each_word_is_matched_at_most_once() -> None:
    pairs = paired(["the", "cat", "and", "the", "dog", "and", "the", "bird"], ["the", "dog", "and", "the", "cat"])
    assert len(set(pairs.values())) == len(pairs)
