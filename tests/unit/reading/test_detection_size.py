from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.unit.reading.drawing import TEXTS, drawn
from worker.engines.ppocr.detection import DetectionSettings, find_quads
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.engines.ppocr.upsampling import PLACES
from worker.page import Pixels

SETTINGS = DetectionSettings(letters=12.0)
LARGE, SMALL = drawn(TEXTS, 900, 1600, size=44), drawn(TEXTS, 900, 1600, size=14)


class Looking:
    """Keeps the sizes of the pictures that it is given, and takes everything for one line, or the upper part.

    Args:
        share: Of the picture's height that is a line.
    """

    def __init__(self, share: float) -> None:
        self.share, self.sizes = share, list[tuple[int, int]]()

    def __call__(self, data: np.ndarray) -> tuple[np.ndarray]:
        height, width = data.shape[1:3]
        self.sizes.append((height, width))
        heat = np.zeros((1, PLACES, height // 4, width // 4), np.float32)
        heat[:, :, : int(self.share * height / 4)] = 1.0
        return (heat,)


def looked_at(pixels: Pixels, share: float = 1.0, settings: DetectionSettings = SETTINGS) -> list[tuple[int, int]]:
    network = Looking(share)
    assert find_quads(cast(Any, network), pixels, settings)
    return network.sizes


def test_a_page_of_large_letters_is_looked_at_smaller() -> None:
    ((height, width),) = looked_at(LARGE)
    assert 750 < height < 1200
    assert height / width == pytest.approx(1600 / 900, rel=0.05)


def test_a_page_of_small_letters_and_one_with_hardly_any_keep_their_size() -> None:
    for page in (SMALL, drawn(TEXTS[:1], 900, 1600, size=44)):
        assert looked_at(page) == [(1600, 896)]


def test_where_letters_stand_outside_the_lines_the_page_is_looked_at_again_at_its_size() -> None:
    first, second = looked_at(LARGE, share=0.02)
    assert first < second == (1600, 896)


def test_no_page_is_shrunk_without_a_height() -> None:
    assert looked_at(LARGE, settings=DetectionSettings(letters=0.0)) == [(1600, 896)]


def test_a_note_in_small_print_under_large_letters_is_found(engine: RapidOcrEngine) -> None:
    page = Image.fromarray(LARGE)
    note = "Prices include tax. Please keep this slip."
    ImageDraw.Draw(page).text((70, 1200), note, font=ImageFont.load_default(size=13), fill="black")
    quads = engine.find_lines(np.array(page))
    assert any(quad[:, 1].min() > 1190 and np.ptp(quad[:, 0]) > 200 for quad in quads)
    assert len(quads) >= len(TEXTS) + 1
