"""Depth, transparency and colour models all become BGR of 8 bits on white."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.documents import (
    as_tiff,
    saved,
    sixteen_bit_png,
    text_page,
    transparent_png,
)
from tests.flag import first_page
from worker.imaging.colour import to_bgr, to_eight_bits


def test_sixteen_bits_are_scaled_not_cut() -> None:
    grey = Image.fromarray(np.linspace(0, 255, 96 * 64).reshape(64, 96).astype(np.uint8))
    page = first_page(sixteen_bit_png(grey))
    assert np.array_equal(page.pixels, np.repeat(np.asarray(grey)[:, :, None], 3, axis=2))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 65535]], np.uint16), [0, 255]),
        (np.array([[0, 4095]], np.uint16), [0, 255]),
        (np.array([[0, 1023]], np.uint16), [0, 255]),
        (np.array([[10, 200]], np.uint16), [10, 200]),
        (np.array([[0, 65535]], np.int32), [0, 255]),
        (np.array([[-100, 100]], np.int32), [0, 255]),
        (np.array([[0, 2**31 - 1]], np.int32), [0, 255]),
        (np.array([[0.0, 1.0]], np.float32), [0, 255]),
        (np.array([[0.0, 200.0]], np.float32), [0, 200]),
        (np.array([[np.nan, 255.0]], np.float32), [0, 255]),
        (np.array([[7, 7]], np.int32), [7, 7]),
        (np.array([[-5, -5]], np.int32), [0, 0]),
    ],
)
def test_deep_grey_is_scaled_by_its_depth(values: np.ndarray, expected: list[int]) -> None:
    assert to_eight_bits(values).tolist() == [expected]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_thirty_two_bit_tiffs_keep_their_grey(mode: str) -> None:
    page = first_page(saved(Image.linear_gradient("L").convert(mode), "TIFF"))
    assert np.array_equal(page.pixels[:, 0, 0], np.arange(256))


def test_a_sixteen_bit_tiff_whose_zero_is_white_is_turned_round() -> None:
    inverted = 65535 - np.asarray(Image.linear_gradient("L"), dtype=np.uint16) * 257
    data = saved(Image.fromarray(inverted), "TIFF", tiffinfo={262: 0})
    assert np.array_equal(first_page(data).pixels[:, 0, 0], np.arange(256))


@pytest.mark.parametrize("compression", [None, "group3", "group4", "packbits"])
def test_one_bit_scans_are_black_on_white(compression: str | None) -> None:
    scan = text_page(["fax 417"], size=(400, 120)).convert("1")
    page = first_page(as_tiff([scan], compression))
    assert np.array_equal(page.pixels[:, :, 0], np.asarray(scan.convert("L")))


def test_transparency_becomes_white_not_the_hidden_black() -> None:
    drawn = text_page(["ink"], size=(200, 100))
    page = first_page(transparent_png(drawn))
    assert np.array_equal(page.pixels[:, :, 0], np.asarray(drawn.convert("L")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_modes_with_alpha_are_flattened_on_white(mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    pixels = to_bgr(image.convert(mode))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[1, 3].tolist() == [255, 255, 255]


def test_a_palette_with_a_transparent_colour_is_flattened_on_white() -> None:
    image = Image.new("P", (4, 2), 0)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.putpixel((0, 0), 1)
    page = first_page(saved(image, "GIF", transparency=0))
    assert page.pixels[0, 0].tolist() == [0, 0, 200]
    assert page.pixels[1, 3].tolist() == [255, 255, 255]


def test_lab_reads_as_its_colours() -> None:
    assert first_page(saved(Image.new("LAB", (5, 5), (255, 128, 128)), "TIFF")).pixels.min() > 250
