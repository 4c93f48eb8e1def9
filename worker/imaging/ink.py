"""The share of a page's ink inside the detected lines: a measure of missed lines."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Pixels, Quad

SIDE = 1000
"""Pixels: the long side of the copy that is analysed."""

STROKE = 15
"""Pixels of the copy: what is darker than its surroundings and narrower than this is ink."""

INK_CONTRAST = 20
"""Grey values by which ink is darker than the paper around it. Faint print counts: it is what detectors miss."""

LETTER_AREA, LETTER_HEIGHT, LETTERS_HEIGHT, LETTERS_WIDTH = 8, 4, 60, 80
"""Pixels of the copy: the smallest and the largest piece of ink taken for letters, not for grain, rules or frames."""

RIM = 5
"""Pixels of the copy: the square by which lines are grown."""


def share_in_lines(pixels: Pixels, quads: Sequence[Quad]) -> float:
    """Share of the letter-like ink that is inside the lines, 0 to 1; 1 where there is no such ink.

    Args:
        pixels: The page, dark on light.
        quads: Of its lines, in its pixels.
    """
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    ink = _letters(_small_grey(pixels, scale))
    lines = np.zeros_like(ink)
    for quad in quads:
        cv2.fillPoly(lines, [np.round(quad * scale).astype(np.int32)], 1)
    found = np.count_nonzero(ink[cv2.dilate(lines, np.ones((RIM, RIM), np.uint8)) > 0])
    total = np.count_nonzero(ink)
    return found / total if total else 1.0


def has_letters(pixels: Pixels) -> bool:
    """Whether there is ink that looks like letters, dark on light."""
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    return bool(_letters(_small_grey(pixels, scale)).any())


def _small_grey(pixels: Pixels, scale: float) -> NDArray[np.uint8]:
    """The copy, with 3 x 3 medians before and after scaling to remove grain."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    grey = cv2.medianBlur(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), 3)
    return np.asarray(cv2.medianBlur(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), 3), np.uint8)


def _letters(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 where there is letter-like ink."""
    darker = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((STROKE, STROKE), np.uint8))
    _, labels, pieces, _ = cv2.connectedComponentsWithStats((darker > INK_CONTRAST).astype(np.uint8), connectivity=8)
    width, height, area = (pieces[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    like = (area >= LETTER_AREA) & (width <= LETTERS_WIDTH) & (height >= LETTER_HEIGHT) & (height <= LETTERS_HEIGHT)
    like[0] = False  # the background
    return np.asarray(like[labels], np.uint8)
