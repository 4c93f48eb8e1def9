from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch

from training.page_pairs import SIDE, PagePairs, Printed, pair_of
from training.random_source import RandomSource

FONT_SIZE = 24


def printed(side: int = 800) -> Printed:
    """Bars where lines of text might stand."""
    ink = np.zeros((side, side), np.float32)
    for top in range(60, side - 60, 50):
        ink[top : top + FONT_SIZE, 80 : side - 200] = 255
    return ink, FONT_SIZE


def dark(page: torch.Tensor) -> np.ndarray:
    grey = page[0, 0].numpy()
    return np.asarray(grey < (grey.min() + grey.max()) / 2)


@pytest.mark.parametrize("seed", range(12))
def test_a_degraded_copy_has_its_ink_where_the_page_as_printed_has_it(seed: int) -> None:
    pair = pair_of(*printed(), RandomSource(seed))
    assert pair.clean.shape == pair.degraded.shape == (1, 3, SIDE, SIDE)
    for page in (pair.clean, pair.degraded):
        assert -1 <= page.min() < page.max() <= 1
    apart = cv2.matchTemplate(
        pair.degraded[0, 0].numpy(), pair.clean[0, 0, 40:-40, 40:-40].numpy(), cv2.TM_CCOEFF_NORMED
    )
    _, likeness, _, (x, y) = cv2.minMaxLoc(np.abs(apart))
    assert likeness > 0.5
    assert abs(x - 40) <= 1 and abs(y - 40) <= 1


def test_the_page_as_printed_is_black_on_white() -> None:
    share = dark(pair_of(*printed(), RandomSource(3)).clean).mean()
    assert share == pytest.approx((printed()[0] > 0).mean(), abs=0.02)


def test_equal_seeds_give_equal_pairs_and_others_give_others() -> None:
    def same_sheets(_seed: int) -> Iterator[Printed]:
        return itertools.repeat(printed())

    first, again, other = (list(itertools.islice(PagePairs(same_sheets, seed), 3)) for seed in (1, 1, 2))
    assert all(torch.equal(a.degraded, b.degraded) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a.degraded, b.degraded) for a, b in zip(first, other, strict=True))
