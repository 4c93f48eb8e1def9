"""Pages and lines drawn with Pillow's own font."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.page import Pixels

TEXTS = (
    "Invoice number 2024-0815",
    "The quick brown fox jumps over the dog",
    "Reading order matters to everyone",
    "Total amount due 1,234.50 EUR",
)
LEFT, TOP, STEP, SIZE = 70, 60, 90, 32  # pixels


def drawn(texts: Sequence[str] = TEXTS, width: int = 900, height: int = 460, size: int = SIZE) -> Pixels:
    """Black lines of text on white, from (LEFT, TOP) down."""
    picture = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=size)
    for number, text in enumerate(texts):
        pen.text((LEFT, TOP + number * STEP), text, font=font, fill="black")
    return np.array(picture)[:, :, ::-1].copy()


def drawn_line(text: str, size: int = SIZE, margin: int = 6) -> Pixels:
    """One line of text on white, cut close."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("RGB", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), "white")
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, font=font, fill="black")
    return np.array(picture)[:, :, ::-1].copy()


def skewed(pixels: Pixels, degrees: float) -> Pixels:
    """The picture turned clockwise about its middle, on white, with room for all of it."""
    height, width = pixels.shape[:2]
    side = int(np.hypot(width, height))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    return np.asarray(cv2.warpAffine(pixels, turn, (side, side), borderValue=(255, 255, 255)), np.uint8)
