"""Crops prepared for TrOCR: duplicates are read once, similar lengths together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from worker.page import Pixels

TALLEST, WIDEST = 1 / 12, 100.0  # width over height: beyond these, a side would be scaled to nothing
FEWEST_TOKENS = 16  # that any line may have
TOKENS_PER_HEIGHT = 4  # that fit into a piece of line as wide as it is high: condensed digits, one token each


@dataclass(frozen=True)
class Crop:
    """An image to read, and which of the crops are equal to it.

    Attributes:
        pixels: Of the line.
        places: Indices of the equal crops.
        seed: Derived from the pixels alone, for sampling.
    """

    pixels: Pixels
    places: tuple[int, ...]
    seed: int

    @property
    def ratio(self) -> float:
        """Width over height: roughly proportional to the length of its text."""
        return float(self.pixels.shape[1] / self.pixels.shape[0])

    @property
    def tokens(self) -> int:
        """The most tokens that its text can have by its shape; a longer text is a loop."""
        return FEWEST_TOKENS + round(TOKENS_PER_HEIGHT * self.ratio)


def distinct(crops: Sequence[Pixels]) -> list[Crop]:
    """The distinct crops, shortest text first."""
    places: dict[bytes, list[int]] = {}
    for place, pixels in enumerate(crops):
        key = hashlib.blake2b(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes(), digest_size=16)
        places.setdefault(key.digest(), []).append(place)
    found = [Crop(crops[same[0]], tuple(same), int.from_bytes(key[:4], "big")) for key, same in places.items()]
    return sorted(found, key=lambda crop: crop.ratio)


def picture(pixels: Pixels) -> Image.Image:
    """A crop as image processors take it: RGB, and no thinner than they can scale."""
    height, width = pixels.shape[:2]
    add_width = max(0, int(np.ceil(height * TALLEST)) - width)
    add_height = max(0, int(np.ceil(width / WIDEST)) - height)
    if add_width or add_height:
        pixels = np.asarray(cv2.copyMakeBorder(pixels, 0, add_height, 0, add_width, cv2.BORDER_REPLICATE), np.uint8)
    return Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
