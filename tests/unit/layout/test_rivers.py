"""Quads are cut where a gutter runs through several lines, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from worker.layout.rivers import cut_at_rivers
from worker.page import Pixels, Quad

HEIGHT, PITCH, LETTER = 20, 30, 12


def word(page: Pixels, left: int, top: int, letters: int) -> int:
    """Draw a word of bars; where it ends."""
    for index in range(letters):
        x = left + index * LETTER
        page[top + 3 : top + HEIGHT - 3, x + 1 : x + LETTER - 3] = 0
    return left + letters * LETTER


def column(page: Pixels, left: int, right: int, lines: int, seed: int) -> None:
    """Lines of words of any length that begin flush left."""
    random = np.random.default_rng(seed)
    for line in range(lines):
        x = left
        while (letters := int(random.integers(2, 8))) * LETTER + x <= right:
            x = word(page, x, 20 + line * PITCH, letters) + 9


def quads(spans: Sequence[tuple[int, int]], lines: int) -> list[Quad]:
    return [
        np.array([[a, y], [b, y], [b, y + HEIGHT], [a, y + HEIGHT]], np.float32)
        for y in range(20, 20 + lines * PITCH, PITCH)
        for a, b in spans
    ]


@pytest.mark.parametrize("gutter", [16, 24])
def test_lines_across_a_gutter_are_cut_apart(gutter: int) -> None:
    page = np.full((320, 700, 3), 255, np.uint8)
    column(page, 20, 320, 8, seed=1)
    column(page, 320 + gutter, 660, 8, seed=2)
    cut = cut_at_rivers(quads([(18, 662)], 8), page)
    assert len(cut) == 16
    assert all(quad[0, 0] < 30 or abs(quad[0, 0] - 320 - gutter) < 8 for quad in cut)


def test_a_ruling_line_in_the_gutter_hides_it_from_nobody() -> None:
    page = np.full((320, 700, 3), 255, np.uint8)
    column(page, 20, 320, 8, seed=1)
    column(page, 340, 660, 8, seed=2)
    page[15:260, 330:332] = 60
    assert len(cut_at_rivers(quads([(18, 662)], 8), page)) == 16


def test_prose_is_not_cut_between_words() -> None:
    page = np.full((320, 700, 3), 255, np.uint8)
    column(page, 20, 660, 8, seed=3)
    lines = quads([(18, 662)], 8)
    assert cut_at_rivers(lines, page) == lines


def test_a_page_without_lines_has_none_to_cut() -> None:
    assert cut_at_rivers([], np.full((50, 50, 3), 255, np.uint8)) == []
