from __future__ import annotations

import gc

import numpy as np
import pytest

from worker.imaging.same_picture import OfSamePicture, grey_of
from worker.page import Pixels


def picture(value: int = 200) -> Pixels:
    return np.full((4, 6, 3), value, np.uint8)


def test_the_value_is_computed_once_for_a_picture_and_anew_for_another_that_is_equal() -> None:
    seen: list[int] = []

    def brightness(pixels: Pixels) -> int:
        seen.append(id(pixels))
        return int(pixels.max())

    brightness_of = OfSamePicture(brightness)
    first, second = picture(), picture()
    assert [brightness_of(first), brightness_of(first), brightness_of(second), brightness_of(first)] == [200] * 4
    assert seen == [id(first), id(second), id(first)]


def test_nothing_is_kept_of_a_picture_that_is_gone() -> None:
    kept = OfSamePicture(lambda pixels: [int(pixels[0, 0, 0])])
    for value in range(50):  # a new picture often has the place of the last in memory
        assert kept(picture(value)) == [value]
    gc.collect()
    assert kept._last is None


def test_the_grey_copy_that_steps_share_cannot_be_changed() -> None:
    pixels = picture()
    assert grey_of(pixels).tolist() == [[200] * 6] * 4
    with pytest.raises(ValueError, match="read-only"):
        grey_of(pixels)[0, 0] = 0
