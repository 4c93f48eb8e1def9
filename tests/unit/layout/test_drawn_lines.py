"""Ruling lines that a page says it draws count where they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from worker.imaging.text_layer import Drawing, Rectangle
from worker.layout.tables.drawn_lines import drawn_on
from worker.page import Pixels

HEIGHT = 20.0


def page_with(*boxes: Rectangle, grey: int = 0) -> Pixels:
    pixels = np.full((400, 600, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[round(top) : round(bottom), round(left) : round(right)] = grey
    return pixels


def test_lines_that_continue_each_other_are_one_and_hidden_ones_are_none() -> None:
    first, second, hidden = (50, 100, 200, 102), (205, 100, 400, 102), (50, 200, 400, 202)
    upright = (300, 50, 301, 350)
    drawn = drawn_on(Drawing((first, second, hidden), (upright,)), page_with(first, second, upright), HEIGHT)
    assert drawn is not None and not drawn.is_bare
    ((position, start, end),) = [(line.position, line.start, line.end) for line in drawn.rulings.horizontal]
    assert (position, start, end) == (101, 50, 400)
    assert [(line.position, line.length) for line in drawn.rulings.vertical] == [(300.5, 300)]


def test_areas_have_edges_and_white_ones_are_nothing() -> None:
    area = (50, 100, 400, 160)
    grey = drawn_on(Drawing(fills=(area,)), page_with(area, grey=200), HEIGHT)
    assert grey is not None and not grey.is_bare
    assert [line.position for line in grey.rulings.edges] == [100, 160]
    white = drawn_on(Drawing(fills=(area,)), page_with(), HEIGHT)
    assert white is not None and white.is_bare and not white.rulings.edges


@pytest.mark.parametrize("drawing", [Drawing(), Drawing(has_more=True), None])
def test_a_page_is_bare_only_where_all_that_it_draws_is_known(drawing: Drawing | None) -> None:
    drawn = drawn_on(drawing, page_with(), HEIGHT)
    assert (drawn.is_bare if drawn else None) == (None if drawing is None else not drawing.has_more)
