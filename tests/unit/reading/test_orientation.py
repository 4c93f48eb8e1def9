from __future__ import annotations

import numpy as np
import pytest

from worker.imaging.crop import cut_line, quad_size, span_quad
from worker.imaging.orientation import (
    as_sent,
    half_turned,
    is_tall,
    lies_on_side,
    quarter_turned,
    skew_of,
    turned_back,
    whole,
)
from worker.page import Quad


def box(left: float, top: float, width: float, height: float) -> Quad:
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def turned(quad: Quad, degrees: float) -> Quad:
    """Clockwise about the origin."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(quad @ np.array([[cos, sin], [-sin, cos]]), np.float32)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_points_of_the_turned_page_go_back_to_where_they_were_sent(turns: int) -> None:
    sent = np.zeros((30, 50, 3), np.uint8)
    sent[5:10, 40:48] = 255
    upright = turned_back(sent, turns)
    rows, columns = np.nonzero(upright[:, :, 0])
    found = box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    back = as_sent(found, turns, width=50, height=30)
    assert sorted(map(tuple, back.tolist())) == sorted(map(tuple, box(40, 5, 8, 5).tolist()))
    assert (quad_size(back) == (8, 5)) == (turns % 2 == 0)


def test_a_page_lies_on_its_side_when_most_of_its_text_by_length_is_tall() -> None:
    label = box(0, 0, 20, 100)
    assert not lies_on_side([])
    assert not lies_on_side([label, box(30, 0, 300, 20), box(30, 30, 10, 12)])
    assert lies_on_side([label, box(30, 0, 20, 300), box(60, 0, 150, 20)])
    assert is_tall(label)
    assert not is_tall(box(0, 0, 20, 30))


def test_skew_is_the_long_lines_and_ignores_the_odd_ones() -> None:
    lines = [turned(box(0, y, 400, 20), 3.0) for y in (0, 50, 100)]
    odd = turned(box(0, 150, 60, 20), -25.0)
    assert skew_of([*lines, odd]) == pytest.approx(3.0, abs=0.01)
    assert skew_of([turned(quad, -3.0) for quad in lines]) == 0.0
    assert skew_of([box(0, 0, 20, 20)]) == 0.0
    assert skew_of([]) == 0.0


def test_a_few_short_words_show_no_small_skew() -> None:
    assert skew_of([turned(box(0, y, 90, 30), 1.5) for y in (0, 70, 140)]) == 0.0
    assert skew_of([turned(box(0, y, 400, 20), 1.5) for y in (0, 70, 140)]) == pytest.approx(1.5, abs=0.01)


def test_sideways_words_on_an_upright_page_are_no_skew() -> None:
    sideways = [quarter_turned(box(x, 0, 20, 500), -1) for x in (0, 50, 100)]
    assert skew_of([*sideways, box(0, 600, 300, 20)]) == 0.0
    assert skew_of(sideways) == 0.0


def test_turned_quads_begin_at_the_texts_own_top_left() -> None:
    quad = box(10, 20, 100, 30)
    assert half_turned(quad)[0].tolist() == [110, 50]
    assert quarter_turned(quad, 1)[0].tolist() == [110, 20], "text that runs down begins at the right"
    assert quarter_turned(quad, -1)[0].tolist() == [10, 50], "text that runs up begins at the bottom"


def test_a_crop_is_laid_straight_as_the_quad_says() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[10:14, 20:30] = 200
    assert cut_line(pixels, box(20, 10, 10, 4)).shape == (4, 10, 3)
    down = cut_line(pixels, quarter_turned(box(18, 10, 12, 4), 1))
    assert down.shape == (12, 4, 3)
    assert down[:10].mean() > 150 > 50 > down[11:].mean()


def test_what_a_crop_takes_from_outside_the_page_has_the_pages_own_ground() -> None:
    pixels = np.full((20, 100, 3), 240, np.uint8)
    pixels[18:, 40:44] = 0  # a stroke that the edge cuts off
    crop = cut_line(pixels, box(0, 0, 100, 30))
    assert crop.shape == (30, 100, 3)
    assert crop[24:].min() == 240


def test_a_crop_has_a_pixel_even_where_the_quad_has_none() -> None:
    pixels = np.zeros((1, 1, 3), np.uint8)
    assert cut_line(pixels, whole(pixels)).shape == (1, 1, 3)
    assert cut_line(pixels, np.zeros((4, 2), np.float32)).shape == (1, 1, 3)


def test_a_words_quad_is_its_share_of_the_lines() -> None:
    assert span_quad(box(10, 20, 100, 30), 0.25, 0.5).tolist() == box(35, 20, 25, 30).tolist()
