from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from worker.geometry import Bounds
from worker.imaging.sign_shapes import sign_in
from worker.page import LineReading, Pixels, Quad
from worker.reading.lone_signs import with_lone_signs

SIDE, LINE = 24, 28.0
INK = (40, 40, 40)
Draw = Callable[[Pixels], object]


def stroke(*points: tuple[int, int], closed: bool = False) -> Draw:
    return lambda pixels: cv2.polylines(pixels, [np.array(points, np.int32)], closed, INK, 3, cv2.LINE_AA)


def disc(radius: int, thickness: int = cv2.FILLED) -> Draw:
    return lambda pixels: cv2.circle(pixels, (SIDE, SIDE), radius, INK, thickness, cv2.LINE_AA)


def bar(width: int) -> Draw:
    left = SIDE - width // 2
    return lambda pixels: cv2.rectangle(pixels, (left, SIDE), (left + width - 1, SIDE + 1), INK, cv2.FILLED)


def drawn(draw: Draw) -> Pixels:
    pixels = np.full((2 * SIDE, 2 * SIDE, 3), 250, np.uint8)
    draw(pixels)
    return cv2.GaussianBlur(pixels, (3, 3), 0)


ROUND_BOX = Bounds(0, 0, 2 * SIDE, 2 * SIDE)
SHAPES = {
    "tick": (stroke((14, 26), (20, 34), (34, 12)), "✓"),
    "steep tick": (stroke((16, 28), (20, 35), (30, 10)), "✓"),
    "dot": (disc(8), "●"),
    "small dot": (disc(2), "•"),
    "ring": (disc(10, 1), "○"),
    "block": (lambda pixels: cv2.rectangle(pixels, (15, 15), (32, 32), INK, cv2.FILLED), "■"),
    "hyphen": (bar(5), "-"),
    "dash": (bar(10), "–"),
    "long dash": (bar(22), "—"),
    "v": (stroke((14, 12), (23, 34), (33, 12)), None),
    "the letter o": (disc(9, 7), None),
    "cross": (lambda pixels: (stroke((14, 14), (33, 33))(pixels), stroke((33, 14), (14, 33))(pixels)), None),
    "slash": (stroke((16, 34), (32, 12)), None),
    "L": (stroke((16, 12), (16, 34), (32, 34)), None),
    "colon": (
        lambda pixels: [cv2.circle(pixels, (SIDE, y), 4, INK, cv2.FILLED, cv2.LINE_AA) for y in (15, 32)],
        None,
    ),
    "nothing": (lambda pixels: None, None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_signs_are_told_by_their_shape(shape: str) -> None:
    draw, sign = SHAPES[shape]
    assert sign_in(drawn(draw), ROUND_BOX, LINE) == sign


def page(draws: list[Draw]) -> tuple[Pixels, list[Quad]]:
    """Pictures side by side, and a quad around each."""
    edges = [2 * SIDE * index for index in range(len(draws) + 1)]
    quads = [np.array([[x + 8, 8], [x + 40, 8], [x + 40, 40], [x + 8, 40]], np.float32) for x in edges[:-1]]
    return np.concatenate([drawn(draw) for draw in draws], axis=1), quads


def texts_of(draws: list[Draw], *read: tuple[str, float]) -> list[str]:
    pixels, quads = page(draws)
    readings = [LineReading(text, (sure,) * len(text), ((0.0, 1.0),) * len(text)) for text, sure in read]
    placed, found = with_lone_signs(pixels, quads, readings)
    assert len(placed) == len(found) == len(draws)
    return [reading.text for reading in found]


def test_ticks_and_dots_that_were_read_as_letters_come_as_what_they_are() -> None:
    tick, dot = SHAPES["tick"][0], SHAPES["dot"][0]
    assert texts_of([tick, tick, dot, dot], ("v", 0.4), ("√", 0.99), ("·", 0.4), ("", 0.0)) == ["✓", "✓", "●", "●"]


def test_letters_that_read_well_stay_letters() -> None:
    tick = SHAPES["tick"][0]
    assert texts_of([tick] * 4, ("v", 0.4), ("v", 0.3), ("s", 0.5), ("J", 0.97)) == ["✓", "✓", "✓", "J"]


def test_one_or_two_signs_of_a_page_may_be_specks() -> None:
    dot, slash = SHAPES["dot"][0], SHAPES["slash"][0]
    assert texts_of([dot, dot, slash], (".", 0.4), (".", 0.4), ("/", 0.5)) == [".", ".", "/"]


def test_beside_ticks_a_cross_is_one() -> None:
    tick, cross = SHAPES["tick"][0], SHAPES["cross"][0]
    assert texts_of([tick, tick, tick, cross], ("v", 0.4), ("v", 0.3), ("√", 0.5), ("x", 0.99))[-1] == "✗"
    dot = SHAPES["dot"][0]
    assert texts_of([dot, dot, dot, cross], (".", 0.4), (".", 0.3), ("·", 0.5), ("x", 0.99))[-1] == "x"


def table_of_dots(*places: tuple[int, int]) -> tuple[Pixels, list[Quad]]:
    """A page with the quads of eight labels, 40 pixels apart, and dots at these places."""
    pixels = np.full((400, 600, 3), 255, np.uint8)
    quads = []
    for row in range(8):
        top = 30 + 40 * row
        cv2.putText(pixels, "Label", (30, top + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.7, INK, 2, cv2.LINE_AA)
        quads.append(np.array([[26, top], [110, top], [110, top + 28], [26, top + 28]], np.float32))
    for place in places:
        cv2.circle(pixels, place, 8, INK, cv2.FILLED, cv2.LINE_AA)
    return pixels, quads


def found_in(*places: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    pixels, quads = table_of_dots(*places)
    labels = [LineReading("Label", (0.99,) * 5, ((0.0, 1.0),) * 5)] * len(quads)
    placed, read = with_lone_signs(pixels, quads, labels)
    assert read[: len(labels)] == labels
    middles = [tuple(np.rint(quad.mean(0)).astype(int).tolist()) for quad in placed[len(labels) :]]
    return [(reading.text, (x, y)) for reading, (x, y) in zip(read[len(labels) :], middles, strict=True)]


def test_dots_that_no_line_was_found_for_are_read_in_rows_and_columns() -> None:
    places = [(300, 44), (300, 124), (400, 124), (400, 244)]
    found = found_in(*places)
    assert [text for text, _ in found] == ["●"] * 4
    assert sorted(place for _, place in found) == pytest.approx(np.array(sorted(places)), abs=2)


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([(300, 44), (300, 124)], id="two"),
        pytest.param([(300, 64), (300, 144), (300, 224)], id="between the rows"),
        pytest.param([(300, 44), (380, 84), (460, 124)], id="in no column"),
        pytest.param([(12, 44), (12, 124), (12, 244)], id="before the lines"),
    ],
)
def test_dots_elsewhere_are_none_of_a_table(places: list[tuple[int, int]]) -> None:
    assert not found_in(*places)
