"""A numeral alone on a page has a box; pictures and blank pages have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.imaging.lone_ink import lone_ink
from worker.page import Pixels


def sheet(height: int = 1_200, width: int = 900) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


@pytest.mark.parametrize(("text", "size"), [("7", 1), ("12", 1), ("SALE", 9)])
def test_lone_letters_are_one_box(text: str, size: int) -> None:
    page = sheet()
    cv2.putText(page, text, (60, 700), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3 * size)
    ys, xs = np.nonzero(page[:, :, 0] < 128)
    (quad,) = lone_ink(page)
    (left, top), (right, bottom) = quad.min(0), quad.max(0)
    assert left <= xs.min() and right >= xs.max() and top <= ys.min() and bottom >= ys.max()
    assert right - left < 1.5 * (np.ptp(xs) + 20)


def test_a_blank_page_and_grain_have_none() -> None:
    grain = np.clip(235 + np.random.default_rng(5).normal(0, 9, sheet().shape), 0, 255).astype(np.uint8)
    assert not lone_ink(sheet()) and not lone_ink(grain)


def test_a_picture_has_none() -> None:
    blocks = np.random.default_rng(6).integers(0, 255, (30, 22), np.uint8)
    picture = cv2.cvtColor(cv2.resize(blocks, (900, 1_200), interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2BGR)
    assert not lone_ink(np.asarray(picture, np.uint8))
