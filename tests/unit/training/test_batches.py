from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import numpy as np
import pytest

from training.batches import COLUMNS, MARGIN, WIDEST, Batches, Line
from worker.engines.ppocr.glyphs import STEP_PIXELS, STRIP_HEIGHT


def lines(seed: int) -> Iterator[Line]:
    """Crops without end, grey, as wide as their numbers say and half as high as strips."""
    widths = random.Random(seed)
    while True:
        width = widths.randrange(12, WIDEST // 2)
        yield np.full((STRIP_HEIGHT // 2, width, 3), width % 256, np.uint8), "a" if width < 24 else str(width)


def test_a_batch_holds_strips_as_the_network_takes_them() -> None:
    for batch in itertools.islice(Batches(lines, 1), 10):
        count, channels, height, width = batch.strips.shape
        assert (channels, height, width % MARGIN) == (3, STRIP_HEIGHT, 0)
        assert count == len(batch.texts) == len(batch.steps)
        assert count * width <= COLUMNS
        for strip, text, steps in zip(batch.strips, batch.texts, batch.steps, strict=True):
            assert strip.abs().max() <= 1
            assert steps <= width // STEP_PIXELS
            if text != "a":
                assert steps == -(-2 * int(text) // STEP_PIXELS)
                assert (strip[:, :, 2 * int(text) :] == 0).all()
                assert strip[0, 0, 0] == pytest.approx(int(text) % 256 / 127.5 - 1)


def test_the_strips_of_a_batch_are_of_about_the_same_width() -> None:
    for batch in itertools.islice(Batches(lines, 1), 10):
        assert min(batch.steps) >= 0.5 * max(batch.steps) or max(batch.steps) * STEP_PIXELS < 4 * MARGIN


def test_equal_seeds_give_equal_batches_and_others_give_others() -> None:
    first, again, other = ([batch.texts for batch in itertools.islice(Batches(lines, seed), 5)] for seed in (1, 1, 2))
    assert first == again != other


def test_lines_too_wide_or_with_too_few_steps_for_their_text_are_passed_over() -> None:
    def mixed(_seed: int) -> Iterator[Line]:
        strip = np.zeros((STRIP_HEIGHT, 4 * STEP_PIXELS, 3), np.uint8)
        yield strip, "abcd"
        yield strip, "abcde"
        yield strip, "aabb"  # CTC needs a step between equal characters
        yield strip, "aab"
        yield np.zeros((STRIP_HEIGHT, WIDEST + 1, 3), np.uint8), "wide"

    assert [sorted(batch.texts) for batch in Batches(mixed, 1)] == [["aab", "abcd"]]
