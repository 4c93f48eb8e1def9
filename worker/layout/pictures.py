"""Pictures on a page: regions full of shades or colour that hold hardly any text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.scale import copy_scale
from worker.layout.neighbours import Boxes
from worker.page import Pixels, Quad

LONG_SIDE = 400
"""Pixels to which a page is shrunk."""

WINDOW, ROUGH = 3, 6.0
"""Pixels of the shrunk page around each, whose standard deviation in grey levels shows a picture from here on."""

COLOURFUL = 45
"""Difference of a pixel's strongest and weakest colour from which it is neither paper nor print."""

FULL = 0.4
"""Share of a region's pixels that are rough or colourful: frames of tables and forms have less."""

SMALLEST, LARGEST = 0.008, 0.7
"""Share of the page's area that a picture has; what is larger is a ground."""

SMALLEST_SIDE = 3.0
"""In text heights."""

MOST_TEXT = 0.2
"""Share of a picture's area that lines may cover."""

MARGIN = 0.3
"""Text heights around every line that are not a picture."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A region: left, top, right, bottom in pixels, and the lines that stand in it."""

    bounds: Bounds
    lines: tuple[int, ...]

    @property
    def quad(self) -> Quad:
        """The region as a quad."""
        left, top, right, bottom = self.bounds
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def find_pictures(pixels: Pixels | None, boxes: Boxes, usual: float) -> list[Picture]:
    """Pictures of a page, from top to bottom.

    Args:
        pixels: The page; None where there is no picture of it.
        boxes: Of its lines, in its pixels.
        usual: Thickness of most lines, pixels.
    """
    if pixels is None:
        return []
    height, width = pixels.shape[:2]
    scale = copy_scale(pixels.shape, LONG_SIDE)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean, square = (cv2.blur(part, (WINDOW, WINDOW)) for part in (grey, grey * grey))
    blue, green, red = cv2.split(small)
    colour = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    mask = ((square - mean * mean > ROUGH**2) | (colour > COLOURFUL)).astype(np.uint8)
    pad = MARGIN * usual
    edges = np.stack([boxes.left - pad, boxes.top - pad, boxes.right + pad, boxes.bottom + pad], axis=1) * scale
    for left, top, right, bottom in np.clip(np.rint(edges), 0, None).astype(int).tolist():
        mask[top:bottom, left:right] = 0
    side = max(3, round(usual * scale) | 1)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    found = []
    for left, top, wide, tall, _ in stats[1:].tolist():
        share = wide * tall / mask.size
        touches = left <= 1 or top <= 1 or left + wide >= mask.shape[1] - 1 or top + tall >= mask.shape[0] - 1
        if touches or not SMALLEST <= share <= LARGEST or min(wide, tall) < SMALLEST_SIDE * usual * scale:
            continue
        inside = _inside((left / scale, top / scale, (left + wide) / scale, (top + tall) / scale), boxes)
        text = float((boxes.width * boxes.height)[list(inside)].sum()) * scale**2 / (wide * tall)
        if text <= MOST_TEXT and mask[top : top + tall, left : left + wide].mean() / (1 - text) >= FULL:
            found.append(Picture((left / scale, top / scale, (left + wide) / scale, (top + tall) / scale), inside))
    return sorted(found, key=lambda picture: picture.bounds[1::-1])


def _inside(bounds: Bounds, boxes: Boxes) -> tuple[int, ...]:
    middle = (boxes.left + boxes.right) / 2, (boxes.top + boxes.bottom) / 2
    within = (middle[0] > bounds[0]) & (middle[0] < bounds[2]) & (middle[1] > bounds[1]) & (middle[1] < bounds[3])
    return tuple(np.flatnonzero(within).tolist())


MOST_LABEL_LINES = 2
"""Lines of a block that is a label within a picture; what has more is a text upon it."""

CAPTION_REACH = 3.0
"""Text heights between a picture and its caption."""


def labels_in(picture: Picture, groups: Sequence[Sequence[int]], roles: Sequence[str]) -> list[int] | None:
    """Which groups are a picture's labels; None where it holds more than labels, and is not a picture then."""
    lines = set(picture.lines)
    touched = [number for number, group in enumerate(groups) if lines & set(group)]
    for number in touched:
        if roles[number] != "figure" and (
            len(groups[number]) > MOST_LABEL_LINES or not lines.issuperset(groups[number])
        ):
            return None
    return touched


def place_of(picture: Picture, bounds: Sequence[Bounds], roles: Sequence[str], usual: float) -> int:
    """Before which of the blocks in reading order a picture without lines comes.

    Args:
        picture: The picture.
        bounds: Of the blocks in reading order; left, top, right, bottom in pixels.
        roles: Of the blocks.
        usual: Thickness of most lines, pixels.
    """
    left, top, right, bottom = picture.bounds
    beside = [number for number, box in enumerate(bounds) if min(box[2], right) > max(box[0], left)]
    for number in beside:
        if roles[number] == "caption" and abs(bounds[number][1] - bottom) < CAPTION_REACH * usual:
            return number
        if roles[number] == "caption" and abs(top - bounds[number][3]) < CAPTION_REACH * usual:
            return number + 1
    below = [number for number in beside if bounds[number][1] >= (top + bottom) / 2]
    return min(below, default=len(bounds))
