"""The share of a page's ink inside the detected lines: a measure of missed lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.geometry import Bounds
from worker.imaging.same_picture import OfSamePicture, grey_of
from worker.imaging.scale import copy_scale
from worker.page import Pixels, Quad

SIDE = 1000
"""Pixels: the long side of the copy that is analysed."""

STROKE = 15
"""Pixels of the copy: what is darker than its surroundings and narrower than this is ink."""

INK_CONTRAST = 20
"""Grey values by which ink is darker than the paper around it. Faint print counts: it is what detectors miss."""

LETTER_AREA, LETTER_HEIGHT, LETTERS_HEIGHT, LETTERS_WIDTH = 8, 4, 60, 80
"""Pixels of the copy: the smallest and the largest piece of ink taken for letters, not for grain, rules or frames."""

FEWEST_LETTERS = 50
"""From which their usual height is told."""

ROW_LETTERS, ROW_GAP, ROW_SHARED, ROW_HEIGHTS, ROW_RIM = 5, 0.9, 0.6, 2.5, 0.3
"""Of a row of missed text: its fewest letters, the widest gap between two in heights, the share of the lower one's
height that two have in common, and the most that one is higher than the other; and the share of their heights by
which lines are grown, for their own letters and accents reach out of their boxes."""

LETTER_SHARE, LETTER_SHAPE = 0.35, 1.6
"""Of such a row: its letters' usual height as a share of the lines', and the most that they are wider than high."""

JOINED = 3
"""Pixels of the copy by which pieces are grown before they count as one."""

RIM = 5
"""Pixels of the copy: the square by which lines are grown."""


@dataclass(frozen=True)
class LetterInk:
    """The letter-like ink of a page.

    Attributes:
        grey: A copy of the page without grain.
        mask: Of the copy, 1 where there is such ink.
        heights: Of its pieces, in pixels of the copy.
        scale: Of the copy to the page.
    """

    grey: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    heights: NDArray[np.int32]
    scale: float

    @classmethod
    def of(cls, pixels: Pixels) -> LetterInk:
        """Of a picture, dark on light."""
        scale = copy_scale(pixels.shape, SIDE)
        grey = _small_grey(pixels, scale)
        return cls(grey, *_letters(grey), scale)

    @property
    def letter_height(self) -> float:
        """Pixels of the page that three of four letters reach or exceed; 0 where there are too few to tell."""
        return float(np.percentile(self.heights, 25)) / self.scale if len(self.heights) >= FEWEST_LETTERS else 0.0


letter_ink_of = OfSamePicture(LetterInk.of)
"""The letter-like ink of a page, which the detector and the measures of what was read look at."""


def pieces_outside(page: LetterInk, quads: Sequence[Quad]) -> list[Bounds]:
    """Letter-like pieces of ink outside the lines, in pixels of the page; those near each other are one.

    Of a large dot the ink is its rim, in pieces: what is wider than a stroke counts as ground.

    Args:
        page: Its ink.
        quads: Of its lines, in its pixels.
    """
    ink = page.mask.copy()
    for quad in quads:
        cv2.fillPoly(ink, [np.round(quad * page.scale).astype(np.int32)], 0)
    if cv2.countNonZero(ink) < LETTER_AREA:
        return []
    joined = cv2.dilate(ink, np.ones((2 * JOINED + 1, 2 * JOINED + 1), np.uint8))
    _, _, pieces, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return [
        Bounds(
            *(float(side) / page.scale for side in (x + JOINED, y + JOINED, x + w - JOINED, y + h - JOINED)),
        )
        for x, y, w, h, _ in pieces[1:].tolist()
    ]


def share_in_lines(page: LetterInk, quads: Sequence[Quad]) -> float:
    """Share of the letter-like ink that is inside the lines, 0 to 1; 1 where there is no such ink.

    Args:
        page: Its ink.
        quads: Of its lines, in its pixels.
    """
    lines = np.zeros_like(page.mask)
    for quad in quads:
        cv2.fillPoly(lines, [np.round(quad * page.scale).astype(np.int32)], 1)
    total = cv2.countNonZero(page.mask)
    found = cv2.countNonZero(cv2.bitwise_and(page.mask, cv2.dilate(lines, np.ones((RIM, RIM), np.uint8))))
    return found / total if total else 1.0


def rows_outside(page: LetterInk, quads: Sequence[Quad], least_share: float = LETTER_SHARE) -> list[Quad]:
    """Rows of letter-like ink outside the lines: text that a detector has missed.

    Args:
        page: Its ink.
        quads: Of the lines that were found, in its pixels.
        least_share: Of the lines' usual height, which a row's letters reach; 0 for small print, too.
    """
    ink, scale = page.mask.copy(), page.scale
    for quad in quads:
        cv2.fillPoly(ink, [np.round(_grown(quad, ROW_RIM) * scale).astype(np.int32)], 0)
    if cv2.countNonZero(ink) < ROW_LETTERS * LETTER_AREA:
        return []
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    rows: list[list[tuple[int, int, int, int]]] = []
    for x, y, w, h, area in sorted(map(tuple, pieces[1:])):
        if area < LETTER_AREA:
            continue
        box = (int(x), int(y), int(x + w), int(y + h))
        own = next((row for row in reversed(rows) if _continues(row[-1], box)), None)
        if own is None:
            rows.append([box])
        else:
            own.append(box)
    least = (
        least_share * scale * float(np.median([np.linalg.norm(quad[3] - quad[0]) for quad in quads] or [np.float64(0)]))
    )
    return [_around(row) / np.float32(scale) for row in rows if len(row) >= ROW_LETTERS and _is_writing(row, least)]


def _is_writing(row: Sequence[tuple[int, int, int, int]], least: float) -> bool:
    """Whether the pieces are as high as letters of the page, and not wider than letters are: no dashes or dots."""
    heights = np.array([box[3] - box[1] for box in row])
    widths = np.array([box[2] - box[0] for box in row])
    return bool(np.median(heights) >= least and np.median(widths / heights) <= LETTER_SHAPE)


def _grown(quad: Quad, share: float) -> Quad:
    """The quad a share of its height larger, upwards and downwards."""
    rise = (quad[3] - quad[0]) * share
    return np.asarray(quad + np.stack([-rise, -rise, rise, rise]), np.float32)


def _continues(last: tuple[int, int, int, int], box: tuple[int, int, int, int]) -> bool:
    """Whether a piece stands behind another like the next letter of its row."""
    heights = last[3] - last[1], box[3] - box[1]
    shared = min(last[3], box[3]) - max(last[1], box[1])
    near = -0.5 * max(heights) <= box[0] - last[2] <= ROW_GAP * max(heights)
    return near and shared >= ROW_SHARED * min(heights) and max(heights) <= ROW_HEIGHTS * min(heights)


def _around(row: Sequence[tuple[int, int, int, int]]) -> Quad:
    left, top = (min(box[side] for box in row) for side in (0, 1))
    right, bottom = (max(box[side] for box in row) for side in (2, 3))
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def has_letters(pixels: Pixels) -> bool:
    """Whether there is ink that looks like letters, dark on light."""
    return bool(LetterInk.of(pixels).mask.any())


def _small_grey(pixels: Pixels, scale: float) -> NDArray[np.uint8]:
    """The copy, with 3 x 3 medians before and after scaling to remove grain."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    grey = cv2.medianBlur(grey_of(pixels), 3)
    return np.asarray(cv2.medianBlur(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), 3), np.uint8)


def _letters(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """1 where there is letter-like ink, and the heights of its pieces."""
    darker = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((STROKE, STROKE), np.uint8))
    dark = np.asarray(darker > INK_CONTRAST).view(np.uint8)
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    width, height, area = (pieces[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    like = (area >= LETTER_AREA) & (width <= LETTERS_WIDTH) & (height >= LETTER_HEIGHT) & (height <= LETTERS_HEIGHT)
    like[0] = False  # the background
    return np.asarray(like.astype(np.uint8)[labels]), np.asarray(height[like], np.int32)
