"""Boxes drawn around parts of a page, by a line or a shade: what stands in one is read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.scale import copy_scale
from worker.layout.geometry import Floats
from worker.layout.pictures import Bounds
from worker.page import Pixels

LONG_SIDE = 900
"""Pixels to which a page is shrunk."""

STROKE = 25
"""Pixels of the shrunk page: shorter strokes are parts of letters."""

CONTRAST_SIDE, CONTRAST = 15, 8
"""A pixel darker by this than the mean around it, over this side, may be part of a line."""

SHADE = 5
"""Difference of a colour from the paper's, in levels, from which it is a shade."""

SQUARE = 0.88
"""Share of its bounds that a box fills."""

SMALLEST, LARGEST = 0.01, 0.85
"""Share of the page's area that a box has."""

WITHIN, CUT = 0.95, 0.1
"""Share of a block's area in a box from which it stands in it, and below which outside; between, the box is none."""

FEWEST = 2
"""Blocks that stand in a box and outside it."""

Mask = NDArray[np.uint8]


def find_frames(pixels: Pixels | None, usual: float) -> list[Bounds]:
    """Boxes of a page, the smallest first: left, top, right, bottom in its pixels.

    Args:
        pixels: The upright page; None where there is no picture of it.
        usual: Thickness of most lines, pixels.
    """
    if pixels is None:
        return []
    scale = copy_scale(pixels.shape, LONG_SIDE)
    small = pixels
    if scale < 1:
        small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    found = [*_drawn(small), *_shaded(small, max(3, round(usual * scale)))]
    area = small.shape[0] * small.shape[1]
    kept = {box for box in found if SMALLEST <= (box[2] - box[0]) * (box[3] - box[1]) / area <= LARGEST}
    ordered = sorted(kept, key=lambda box: ((box[2] - box[0]) * (box[3] - box[1]), box))
    return [(left / scale, top / scale, right / scale, bottom / scale) for left, top, right, bottom in ordered]


def _drawn(small: Pixels) -> Iterator[Bounds]:
    """Paper with lines on all sides."""
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    dark = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, CONTRAST_SIDE, CONTRAST)
    level = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, STROKE), np.uint8))
    upright = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((STROKE, 1), np.uint8))
    lines = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((3, 3), np.uint8))
    yield from _boxes(cv2.findContours(lines, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0])


def _shaded(small: Pixels, height: int) -> Iterator[Bounds]:
    """What stands on a ground other than the paper."""
    ground = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((height, height), np.uint8))
    channels = cv2.split(ground)
    papers = [int(cv2.calcHist([channel], [0], None, [256], [0, 256]).argmax()) for channel in channels]
    blue, green, red = (
        cv2.absdiff(channel, np.full_like(channel, paper)) for channel, paper in zip(channels, papers, strict=True)
    )
    differs = np.asarray(cv2.max(cv2.max(blue, green), red) >= SHADE).view(np.uint8)
    contours, _ = cv2.findContours(differs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    yield from _boxes(contours)


def _boxes(contours: Sequence[cv2.typing.MatLike]) -> Iterator[Bounds]:
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if cv2.contourArea(contour) >= SQUARE * w * h:
            yield float(x), float(y), float(x + w), float(y + h)


def blocks_in(frames: Sequence[Bounds], boxes: Floats) -> list[list[int]]:
    """The blocks in each box that holds some of a page's blocks whole, and cuts none; the smallest box first.

    Args:
        frames: The smallest first.
        boxes: n x 4, of the blocks, pixels.
    """
    area = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1.0)
    found: list[list[int]] = []
    for left, top, right, bottom in frames:
        wide = np.minimum(boxes[:, 2], right) - np.maximum(boxes[:, 0], left)
        tall = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], top)
        share = np.clip(wide, 0, None) * np.clip(tall, 0, None) / area
        inside = np.flatnonzero(share >= WITHIN).tolist()
        cut = ((share > CUT) & (share < WITHIN)).any()
        if not cut and FEWEST <= len(inside) <= len(boxes) - 1 and inside not in found:
            found.append(inside)
    return found
