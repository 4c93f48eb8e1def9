"""Text comes in the order a person reads it: rows stay whole, columns of prose are read apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from worker.layout import arrange, compose_text
from worker.page import Quad

HEIGHT = 20.0
Piece = tuple[float, float, str]  # left, top, text


def quad(left: float, top: float, text: str, height: float = HEIGHT) -> Quad:
    """A box as wide as its text: a character is half as wide as high."""
    right, bottom = left + len(text) * height / 2, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def turned(boxes: Sequence[Quad], degrees: float) -> list[Quad]:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [((box - 500) @ turn + 500).astype(np.float32) for box in boxes]


def bowed(boxes: Sequence[Quad], heights: float) -> list[Quad]:
    """The left and right edges of the page hang lower than its middle by so many text heights."""
    quads = np.stack(boxes).astype(np.float64)
    low, high = quads[:, :, 0].min(), quads[:, :, 0].max()
    quads[:, :, 1] += heights * HEIGHT * ((quads[:, :, 0] - (low + high) / 2) / ((high - low) / 2)) ** 2
    return list(quads.astype(np.float32))


def read(pieces: Sequence[Piece], change: Callable[[list[Quad]], list[Quad]] = list) -> str:
    """The composed text of pieces that come in any order."""
    shuffled = [pieces[index] for index in np.random.default_rng(7).permutation(len(pieces))]
    boxes = change([quad(*piece) for piece in shuffled])
    return compose_text(arrange(boxes), [text for _, _, text in shuffled])


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


RECEIPT: list[Piece] = [
    (150, 0, "CORNER SHOP LTD"),
    *[
        piece
        for row, (item, price) in enumerate(
            [
                ("1x Whole milk 2 l", "2.40"),
                ("2x Rye bread, sliced", "5.98"),
                ("1x Oranges 1.5 kg", "3.75"),
                ("1x Washing-up liquid", "1.99"),
                ("Subtotal", "14.12"),
                ("VAT 7%", "0.99"),
                ("TOTAL", "15.11"),
            ]
        )
        for piece in ((0.0, 60.0 + row * 30, item), (520.0 - len(price) * 10, 60.0 + row * 30, price))
    ],
    (100, 320, "Thank you, come again"),
]
RECEIPT_LINES = [
    "CORNER SHOP LTD",
    "1x Whole milk 2 l 2.40",
    "2x Rye bread, sliced 5.98",
    "1x Oranges 1.5 kg 3.75",
    "1x Washing-up liquid 1.99",
    "Subtotal 14.12",
    "VAT 7% 0.99",
    "TOTAL 15.11",
    "Thank you, come again",
]


@pytest.mark.parametrize("degrees", [0, 0.5, -1, 2, -3])
def test_an_item_and_its_price_stay_on_one_row_on_paper_that_is_not_quite_straight(degrees: float) -> None:
    assert lines(read(RECEIPT, lambda boxes: turned(boxes, degrees))) == RECEIPT_LINES


@pytest.mark.parametrize("heights", [0.2, -0.2, 0.4, -0.4])
def test_rows_are_followed_on_paper_that_is_bowed(heights: float) -> None:
    assert lines(read(RECEIPT, lambda boxes: bowed(boxes, heights))) == RECEIPT_LINES


def prose(words: str, left: float, top: float, rows: int, pitch: float = 26) -> list[Piece]:
    """Full lines of 38 to 40 characters that name their column and their row."""
    return [(left, top + row * pitch, f"{words} {row:02d} ".ljust(38 + row % 3, "x")) for row in range(rows)]


def first_words(text: str) -> list[str]:
    return [" ".join(line.split()[:2]) for line in lines(text)]


def expected(words: str, rows: int) -> list[str]:
    return [f"{words} {row:02d}" for row in range(rows)]


@pytest.mark.parametrize("shift", [0, 6, 13])
@pytest.mark.parametrize("degrees", [0, 1, -1])
def test_two_columns_of_prose_are_read_one_after_the_other_between_header_and_footer(
    shift: float, degrees: float
) -> None:
    page = [
        (200, 0, "A header that goes across both of the columns"),
        *prose("left", 0, 60, 20),
        *prose("right", 430, 60 + shift, 18),
        (380, 660, "page 7"),
    ]
    read_lines = first_words(read(page, lambda boxes: turned(boxes, degrees)))
    assert read_lines == ["A header", *expected("left", 20), *expected("right", 18), "page 7"]


def test_three_columns_are_read_from_left_to_right() -> None:
    page = [*prose("one", 0, 0, 12), *prose("two", 430, 0, 12), *prose("three", 860, 0, 12)]
    assert first_words(read(page)) == [*expected("one", 12), *expected("two", 12), *expected("three", 12)]


def test_a_headline_between_columns_is_read_where_it_stands() -> None:
    page = [
        *prose("a", 0, 0, 8),
        *prose("b", 430, 0, 8),
        (0, 230, "A headline that runs over the whole width of the page, gutter and all"),
        *prose("c", 0, 280, 8),
        *prose("d", 430, 280, 8),
    ]
    assert first_words(read(page)) == [
        *expected("a", 8),
        *expected("b", 8),
        "A headline",
        *expected("c", 8),
        *expected("d", 8),
    ]


def test_columns_of_unequal_length_stay_whole() -> None:
    page = [*prose("long", 0, 0, 30), *prose("short", 430, 0, 9)]
    assert first_words(read(page)) == [*expected("long", 30), *expected("short", 9)]


def test_a_single_column_with_short_last_lines_is_read_downwards() -> None:
    page = [*prose("a", 0, 0, 6), (0, 156, "end."), *prose("b", 0, 200, 6), (0, 356, "end.")]
    assert first_words(read(page)) == [*expected("a", 6), "end.", *expected("b", 6), "end."]


def test_a_table_is_read_row_by_row_even_with_wide_cells() -> None:
    rows = [
        (f"{name}, Managing Director", f"(203) 555-01{row:02d}", f"{name.lower()}@example.org", universe)
        for row, (name, universe) in enumerate(
            zip(
                ["Chadha", "Chan", "Chiang", "Folkes", "Derchin", "Shim", "Doshi", "Epstein"],
                ["Medicine", "Generalist, Special Situations", "Pharma", "Airlines", "Media", "Bio", "REITs", "Steel"],
                strict=True,
            )
        )
    ]
    pieces = [
        (x, row * 32.0, text)
        for row, cells in enumerate(rows)
        for x, text in zip((0, 330, 500, 760), cells, strict=True)
    ]
    assert lines(read(pieces)) == [" ".join(cells) for cells in rows]


def test_a_form_of_labels_and_values_in_two_halves_is_read_row_by_row() -> None:
    rows = [("Advertiser", "League of Voters", "Invoice date", "02/23/20")] * 7
    pieces = [
        (x, row * 30.0, text)
        for row, cells in enumerate(rows)
        for x, text in zip((0, 160, 420, 600), cells, strict=True)
    ]
    assert lines(read(pieces)) == [" ".join(cells) for cells in rows]


def test_different_sizes_of_text_share_a_row() -> None:
    boxes = [quad(0, 100, "TOTAL", height=44), quad(300, 112, "15.11"), quad(0, 160, "CASH"), quad(300, 160, "20.00")]
    text = compose_text(arrange(boxes), ["TOTAL", "15.11", "CASH", "20.00"])
    assert lines(text) == ["TOTAL 15.11", "CASH 20.00"]


def test_a_logo_does_not_glue_the_rows_beside_it_together() -> None:
    boxes = [quad(0, 0, "LOGO", height=90), *[quad(300, row * 30, f"address {row}") for row in range(3)]]
    rows = lines(compose_text(arrange(boxes), ["LOGO", "address 0", "address 1", "address 2"]))
    assert sorted(rows) == ["LOGO", "address 0", "address 1", "address 2"]
    assert [row for row in rows if row != "LOGO"] == ["address 0", "address 1", "address 2"]


def test_text_up_the_margin_comes_last_and_breaks_no_row() -> None:
    stamp = np.array([[0, 400], [0, 0], [20, 0], [20, 400]], dtype=np.float32)  # clockwise from its own top left
    rows = [quad(40, row * 30, f"line {row} of a page with a stamp") for row in range(12)]
    text = compose_text(arrange([stamp, *rows]), ["arXiv", *[f"line {row}" for row in range(12)]])
    assert lines(text) == [*[f"line {row}" for row in range(12)], "arXiv"]


def test_white_between_paragraphs_parts_blocks() -> None:
    page = [*prose("a", 0, 0, 4), *prose("b", 0, 130, 4)]
    assert len(read(page).split("\n\n")) == 2


def test_pieces_that_read_nothing_leave_no_trace() -> None:
    boxes = [quad(0, 0, "one"), quad(100, 0, "xx"), quad(0, 30, "yy"), quad(0, 60, "two")]
    assert lines(compose_text(arrange(boxes), ["one", " ", "", "two"])) == ["one", "two"]


def test_no_boxes_give_no_text() -> None:
    assert arrange([]) == []
    assert compose_text([], []) == ""


@pytest.mark.parametrize("count", [1, 2, 3, 50, 400])
def test_every_piece_comes_out_once_whatever_the_boxes_are(count: int) -> None:
    dice = np.random.default_rng(count)
    boxes = list((dice.random((count, 1, 2)) * 900 + dice.normal(size=(count, 4, 2)) * 60).astype(np.float32))
    boxes[0] = np.zeros((4, 2), np.float32)
    boxes[-1] = np.full((4, 2), np.nan, np.float32)
    found = [index for block in arrange(boxes) for row in block for index in row]
    assert sorted(found) == list(range(count))


def test_thousands_of_boxes_take_a_second_or_two() -> None:
    boxes = [quad(column * 150, row * 30, "x" * (4 + (row * column) % 9)) for row in range(300) for column in range(10)]
    started = time.process_time()
    blocks = arrange(boxes)
    assert time.process_time() - started < 5  # 0.5 s where this was written
    assert [index for block in blocks for row in block for index in row] == list(range(3000))


def test_rows_of_a_banner_hold_over_a_gap_of_a_hundred_heights() -> None:
    rows = [quad(30, top, "Efficiency Official") for top in (0, 34, 68)]
    for box in rows:
        box[[1, 2], 1] += 1.0  # the corners' noise, which is three heights over the gap
    values = [quad(12_000, top, "7,705.97 of 9,996.87 in all") for top in (0, 34, 68)]
    texts = ["a", "b", "c", "1", "2", "3"]
    assert compose_text(arrange([*rows, *values]), texts) == "a 1\nb 2\nc 3"
