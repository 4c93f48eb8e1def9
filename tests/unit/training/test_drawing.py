"""Setting and wearing, with the font that comes with Pillow."""

from __future__ import annotations

import string

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from training import values
from training.degradation import DEGRADATIONS, degraded
from training.random_source import RandomSource
from training.typesetting import INK, printed, set_line, turned

SIZE = 32
TEXT, NEIGHBOURS = "Total 12.50", ("above all", "below it")
SEEDS = range(30)


def font() -> ImageFont.FreeTypeFont:
    loaded = ImageFont.load_default(size=SIZE)
    assert isinstance(loaded, ImageFont.FreeTypeFont)
    return loaded


@pytest.mark.parametrize("seed", SEEDS)
def test_the_quad_of_a_set_line_stands_around_its_ink(seed: int) -> None:
    line = set_line(TEXT, ("", ""), font(), RandomSource(seed))
    (left, top), (right, bottom) = line.quad.min(0), line.quad.max(0)
    height = bottom - top
    assert 0.6 * SIZE < height < 1.6 * SIZE
    assert 0 <= left < right <= line.ink.shape[1]
    inside = line.ink[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
    assert inside.max() == INK
    assert (inside > 0).sum() > 0.5 * (line.ink[int(top - 5) : int(bottom + 6)] > 0).sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_turned_line_keeps_its_quad_on_its_ink(seed: int) -> None:
    rng = RandomSource(seed)
    line = set_line(TEXT, ("", ""), font(), rng)
    result = turned(printed(line, SIZE, rng), rng)
    mask = cv2.fillConvexPoly(np.zeros(result.ink.shape, np.uint8), result.quad.astype(np.int32), 1)
    assert 0 <= result.ink.min() <= result.ink.max() <= INK
    assert result.ink[mask == 1].mean() > 2 * result.ink[mask == 0].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_degraded_line_is_a_picture_of_the_same_size(seed: int) -> None:
    rng = RandomSource(seed)
    line = set_line(TEXT, NEIGHBOURS, font(), rng)
    pixels = degraded(line.ink, SIZE, rng)
    assert pixels.shape == (*line.ink.shape, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize(
    "degradation",
    [degradation for _, degradation in DEGRADATIONS],
    ids=lambda degradation: degradation.__name__.strip("_"),
)
def test_each_degradation_changes_a_page_and_keeps_its_size(degradation: object) -> None:
    assert callable(degradation)
    page = 255 - set_line(TEXT, NEIGHBOURS, font(), RandomSource(3)).ink
    result = degradation(page, SIZE, RandomSource(4))
    assert result.shape == page.shape
    assert result.dtype == np.float32
    assert not np.array_equal(result, page)


def test_equal_seeds_draw_equal_lines() -> None:
    def draw(seed: int) -> np.ndarray:
        rng = RandomSource(seed)
        line = turned(printed(set_line(TEXT, NEIGHBOURS, font(), rng), SIZE, rng), rng)
        return degraded(line.ink, SIZE, rng)

    assert np.array_equal(draw(5), draw(5))
    assert not np.array_equal(draw(5), draw(6))


@pytest.mark.parametrize(
    "value", [values.amount, values.date, values.code, values.count, values.label, values.labelled, values.nonsense]
)
def test_a_value_is_never_empty_and_equal_for_equal_seeds(value: object) -> None:
    assert callable(value)
    drawn = [value(RandomSource(seed)) for seed in range(200)]
    assert all(text.strip() for text in drawn)
    assert drawn == [value(RandomSource(seed)) for seed in range(200)]
    assert len(set(drawn)) > 20


def test_every_amount_has_digits_and_every_label_is_a_clean_line() -> None:
    assert all(set(values.amount(RandomSource(seed))) & set(string.digits) for seed in range(200))
    assert all(label == label.strip() != "" for label in values.LABELS)


def test_keys_are_drawn_by_their_shares() -> None:
    rng = RandomSource(1)
    drawn = [rng.by_share({"often": 9, "seldom": 1, "never": 0}) for _ in range(2000)]
    assert drawn.count("seldom") == pytest.approx(200, abs=60)
    assert "never" not in drawn
