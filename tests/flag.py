"""What the imaging tests share: a flag that shows every turn and swap of colours."""

from __future__ import annotations

import numpy as np
from PIL import Image

from worker.imaging.decode import Limits, open_document
from worker.page import PageImage

LIMITS = Limits()


def first_page(data: bytes, limits: Limits = LIMITS) -> PageImage:
    with open_document(data, limits) as document:
        return document.read_page(1)


def flag() -> Image.Image:
    """Red, green, blue and white quarters, 96 x 64: every turn and swap of colours shows."""
    image = Image.new("RGB", (96, 64), "white")
    image.paste((200, 0, 0), (0, 0, 48, 32))
    image.paste((0, 160, 0), (48, 0, 96, 32))
    image.paste((0, 0, 220), (0, 32, 48, 64))
    return image


def assert_shows_flag(page: PageImage, off: int = 0) -> None:
    assert (page.width, page.height) == (96, 64)
    assert page.pixels.dtype == np.uint8
    assert page.pixels.flags.c_contiguous
    corners = page.pixels[[8, 8, 56, 56], [8, 88, 8, 88]].astype(int)
    assert np.abs(corners - [[0, 0, 200], [0, 160, 0], [220, 0, 0], [255, 255, 255]]).max() <= off
