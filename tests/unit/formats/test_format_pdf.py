from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrq.contracts import Box, Line, Page, Word
from tests.unit.formats.format_samples import (
    HEIGHT,
    WIDTH,
    Pictures,
    blank,
    box,
    document,
    failed,
    line,
    page_of,
    receipt,
    unplaced,
)
from worker.formats import render
from worker.formats.invisible_text import visual

POINT = 72 / 200  # a pixel at the assumed resolution
NEAR = 1.0  # points


@contextmanager
def opened(pages: Sequence[Page], pictures: Pictures | None = None) -> Iterator[pypdfium2.PdfDocument]:
    with closing(pypdfium2.PdfDocument(write(*pages, pictures=pictures))) as document:
        yield document


def write(*pages: Page, pictures: Pictures | None = None) -> bytes:
    return base64.b64decode(render("pdf", pages, pictures or Pictures()))


def text_of(*pages: Page) -> list[str]:
    with opened(pages) as document:
        return [page.get_textpage().get_text_range() for page in document]


def place_of(word: str, page: Page) -> tuple[float, float, float, float]:
    """Where a search for a word finds it: left, bottom, right, top in points."""
    with opened([page]) as document:
        layer = document[0].get_textpage()
        found = layer.search(word, match_case=True).get_next()
        assert found is not None
        boxes = [layer.get_charbox(index, loose=True) for index in range(found[0], found[0] + found[1])]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def expected(place: Box) -> tuple[float, float, float, float]:
    xs, ys = [x * POINT for x, _ in place], [(HEIGHT - y) * POINT for _, y in place]
    return min(xs), min(ys), max(xs), max(ys)


def test_all_words_are_read_back_in_their_lines() -> None:
    (text,) = text_of(receipt())
    rows = [" ".join(row.split()) for row in text.splitlines()]
    assert rows[:4] == ["CORNER GROCERY", "12 Market Street", "MILK 2% 1L 2.49", "BREAD 3.10"]
    assert text.split() == receipt().text.split()


@pytest.mark.parametrize("degrees", [0, 3, 90, -90, 180, 270])
def test_a_word_is_found_where_it_stands_however_its_line_is_turned(degrees: float) -> None:
    words = [
        Word(text="first", confidence=0.9, box=box(400, 500, 100, 30, degrees)),
        Word(text="second", confidence=0.9, box=_after(400, 500, 150, degrees)),
    ]
    page = page_of(Line(text="first second", confidence=0.9, box=box(400, 500, 280, 30, degrees), words=words))
    for word in words:
        assert word.box is not None
        assert place_of(word.text, page) == pytest.approx(expected(word.box), abs=NEAR)
    assert text_of(page)[0].split() == ["first", "second"]


def _after(x: float, y: float, distance: float, degrees: float) -> Box:
    return box(*box(x, y, distance, 1, degrees)[1], 130, 30, degrees)


def test_words_without_boxes_are_found_in_their_part_of_the_line() -> None:
    assert place_of("cd", page_of(line("ab cd", 100, 10, 500))) == pytest.approx(expected(box(400, 10, 200)), abs=NEAR)


@pytest.mark.parametrize(
    "text",
    [
        "Grüße à Łódź",
        "Привет мир",
        "漢字かな交じり",
        "한국어 문장",
        "ไทย",
        "हिन्दी",
        "αβγ Ω",
        "𝔘𝔫𝔦 😀",
        "cafe\N{COMBINING ACUTE ACCENT}",
        "שלום עולם 12.50",
        "مرحبا بالعالم",
        "مرحبا (ب1ا) ABC",
    ],
)
def test_any_script_is_read_back_as_it_was(text: str) -> None:
    assert text_of(page_of(line(text, 50, 100, 600, 60)))[0].split() == text.split()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_page_opens_upright_however_it_was_sent(degrees: float) -> None:
    below = box(400, 500, 1, 100, degrees)[3]
    page = page_of(line("upright", 400, 500, 300, degrees=degrees), line("שלום (א1ב)", *below, 300, degrees=degrees))
    with opened([page]) as document:
        shown = document[0].render(scale=0.2).to_numpy()
        corner = {0: (0, 0), 90: (-1, 0), 180: (-1, -1), 270: (0, -1)}[int(degrees)]  # the blue one, turned back
        assert shown[corner].tolist() == pytest.approx([254, 0, 0], abs=3)
        assert document[0].get_textpage().get_text_range().split() == ["upright", "שלום", "(א1ב)"]


def test_lines_without_a_place_are_found_on_their_page_below_one_another() -> None:
    (text,) = text_of(unplaced())
    assert "no place" in text
    both = page_of(Line(text="upper", confidence=0.5), Line(text="lower", confidence=0.5))
    assert place_of("upper", both)[1] > place_of("lower", both)[3]


def test_a_page_is_as_large_as_its_resolution_says_and_200_dpi_where_it_says_none() -> None:
    with opened([page_of(dpi=100.0), page_of(number=2)]) as document:
        assert document.get_page_size(0) == pytest.approx((WIDTH * 0.72, HEIGHT * 0.72))
        assert document.get_page_size(1) == pytest.approx((WIDTH * 0.36, HEIGHT * 0.36))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 60_000), (60_000, 2), (0, 0), (0, 5)])
def test_no_size_is_too_odd_for_a_page(width: int, height: int) -> None:
    page = Page(page=1, width=width, height=height, lines=[line("word", 0, 0, 5, 5)])
    with opened([page], Pictures(damaged=(1,))) as document:
        assert 3 <= min(document.get_page_size(0)) <= max(document.get_page_size(0)) <= 14_400


def test_the_picture_fills_the_page_the_right_way_up_and_in_its_colours_and_the_text_is_not_seen() -> None:
    with opened([page_of(line("X" * 20, 100, 400, 600, 200))]) as document:
        shown = document[0].render(scale=1 / POINT).to_numpy()
    assert shown.shape[:2] == pytest.approx((HEIGHT, WIDTH), abs=1)
    assert np.abs(shown[10:40, 10:40].mean(axis=(0, 1)) - (255, 0, 0)).max() < 5  # the blue corner, BGR
    assert shown[100:, 100:].min() > 245


def test_a_picture_too_long_for_jpeg_is_shown_too() -> None:
    class Long(Pictures):
        def pixels(self, number: int) -> np.ndarray:
            return np.full((66_000, 4, 3), (0, 0, 200), np.uint8)

    with opened([Page(page=1, width=4, height=66_000)], Long()) as document:
        shown = document[0].render(scale=0.1).to_numpy()
    assert shown[700, 0].tolist() == [0, 0, 200]


def test_a_failed_page_keeps_its_place_and_carries_a_note_that_says_why() -> None:
    with pikepdf.open(_file(write(*document(), pictures=Pictures(damaged=(3,))))) as pdf:
        notes = [[str(note.Contents) for note in page.get("/Annots", [])] for page in pdf.pages]
    described = "Page 3 could not be read: the frame is <damaged>; send it again (unreadable_document)"
    assert notes == [[], [], [described], [], []]


def test_a_page_that_cannot_be_shown_is_white_and_keeps_its_text() -> None:
    with opened([receipt()], Pictures(damaged=(1,))) as document:
        assert document[0].render().to_numpy().min() == 255
        assert "TOTAL" in document[0].get_textpage().get_text_range()


class Broken(Pictures):
    def pixels(self, number: int) -> np.ndarray:
        raise RuntimeError("the decoder fell over")


def test_whatever_breaks_the_picture_of_a_failed_page_leaves_the_document_whole() -> None:
    with opened([failed(1)], Broken()) as document:
        assert len(document) == 1


def test_an_unforeseen_fault_on_a_page_that_was_read_is_not_hidden() -> None:
    with pytest.raises(RuntimeError):
        write(receipt(), pictures=Broken())


def test_blank_and_failed_pages_hold_no_text() -> None:
    assert text_of(blank(1), failed(2)) == ["", ""]


def test_qpdf_finds_nothing_wrong() -> None:
    with pikepdf.open(_file(write(*document()))) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert str(pdf.docinfo["/Producer"]).startswith("ocrq ")


def test_a_page_of_many_characters_needs_more_than_one_block_of_the_map() -> None:
    text = " ".join(chr(code) for code in range(0x4E00, 0x4E00 + 350))
    assert text_of(page_of(line(text, 0, 100, 800)))[0].split() == text.split()


@pytest.mark.parametrize(
    ("word", "shown"),
    [("abc", "abc"), ("12.50", "12.50"), ("שלום", "םולש"), ("12.50₪", "12.50₪"), ("ב12.5", "12.5ב"), ("(אב)", "(בא)")],
)
def test_a_word_is_put_down_from_left_to_right(word: str, shown: str) -> None:
    assert visual(word) == shown


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12), min_size=1, max_size=6))
def test_any_words_come_back(words: list[str]) -> None:
    assert text_of(page_of(line(" ".join(words), 50, 100, 700)))[0].split() == words


def _file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)
