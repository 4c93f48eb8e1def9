"""A page of any size loses no line: not between tiles, and none is found twice."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.engines.ppocr.tiles import find_lines, tiles_of
from worker.page import Pixels, Quad

SIDE = 400
LEAST_SEEN = 5  # pixels: lower lines are not seen by this detector, once it has shrunk the page


def blobs(pixels: Pixels) -> list[Quad]:
    """A detector that shrinks its page to ``SIDE`` and finds black bars that are high enough then."""
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    contours, _ = cv2.findContours((small[:, :, 0] < 128).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [box for box in map(cv2.boundingRect, contours) if box[3] >= LEAST_SEEN]
    return [np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32) / scale for x, y, w, h in boxes]


def page(width: int, height: int, bars: list[tuple[int, int, int, int]]) -> Pixels:
    pixels = np.full((height, width, 3), 255, np.uint8)
    for left, top, right, bottom in bars:
        pixels[top:bottom, left:right] = 0
    return pixels


def bounds(quads: list[Quad]) -> list[tuple[int, ...]]:
    return sorted(tuple(int(round(float(v))) for v in (*quad.min(0), *quad.max(0))) for quad in quads)


@pytest.mark.parametrize("turned", [False, True], ids=["tall", "wide"])
def test_a_long_page_keeps_each_line_once(turned: bool) -> None:
    bars = [(20, top, 180, top + 12) for top in range(10, 4_980, 30)]
    if turned:
        bars = [(left, 20, left + 12, 180) for left in range(10, 4_980, 30)]
    pixels = page(5_000, 200, bars) if turned else page(200, 5_000, bars)
    assert bounds(find_lines(pixels, SIDE, blobs)) == sorted(bars)


def test_a_line_across_many_tiles_is_one() -> None:
    bars = [(30, 40, 2_900, 60), (30, 120, 2_900, 140)]
    assert bounds(find_lines(page(3_000, 200, bars), SIDE, blobs)) == bars


def test_small_print_on_a_large_sheet_is_found_beside_its_title() -> None:
    title, print_ = (100, 100, 1_500, 220), [(100, top, 900, top + 9) for top in range(400, 1_900, 40)]
    assert bounds(find_lines(page(1_600, 2_000, [title, *print_]), SIDE, blobs)) == sorted([title, *print_])


def test_an_ordinary_sheet_is_looked_at_once() -> None:
    looks: list[tuple[int, ...]] = []

    def counted(pixels: Pixels) -> list[Quad]:
        looks.append(pixels.shape)
        return blobs(pixels)

    find_lines(page(800, 1_100, [(10, 10, 500, 40)]), SIDE, counted)
    assert len(looks) == 1


@pytest.mark.parametrize(("width", "height"), [(100, 100), (401, 400), (399, 9_999), (1_234, 4_321)])
def test_tiles_cover_the_page_and_overlap(width: int, height: int) -> None:
    seen = np.zeros((height, width), np.uint8)
    tiles = tiles_of(width, height, SIDE)
    for tile in tiles:
        assert tile.right - tile.left <= SIDE and tile.bottom - tile.top <= SIDE
        seen[tile.top : tile.bottom, tile.left : tile.right] = 1
    assert seen.all()
    tops = sorted({(tile.top, tile.bottom) for tile in tiles})
    assert all(below[0] < above[1] for above, below in zip(tops, tops[1:], strict=False))
