"""Ink on a page on which a detector finds no line: a page number alone, or letters as high as a hand."""

from __future__ import annotations

import cv2
import numpy as np

from worker.imaging.same_picture import grey_of
from worker.page import Pixels, Quad

SIDE = 800
"""Pixels: the long side of the copy that is looked at."""

CONTRAST = 60
"""Grey values by which ink is darker than the paper; what is fainter may be grain."""

LEAST_HEIGHT, MOST_HEIGHT = 0.004, 0.7
"""Share of the page's long side that writing is high, from a small numeral to one that fills a cover."""

LETTER_GAP = 0.6
"""Heights of white between two letters of one group."""

MOST_GROUPS = 5
"""Groups of ink that are taken for lines; more are a drawing or a picture."""

MOST_INK = 0.3
"""Share of the page that ink may cover; more is a picture."""

MARGIN = 0.15
"""Heights of white left around a group."""


def lone_ink(pixels: Pixels) -> list[Quad]:
    """Boxes around the few groups of ink on a page; none where there is none, or so much that it is a picture.

    Args:
        pixels: The page, dark on light.
    """
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    grey = cv2.resize(grey_of(pixels), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = (np.median(grey) - grey.astype(np.float32) > CONTRAST).astype(np.uint8)
    if not ink.any() or ink.mean() > MOST_INK:
        return []
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    long_side = max(ink.shape)
    boxes = [
        (int(x), int(y), int(x + w), int(y + h))
        for x, y, w, h, _ in pieces[1:]
        if LEAST_HEIGHT * long_side <= h <= MOST_HEIGHT * long_side
    ]
    groups = _rows(boxes)
    if len(groups) > MOST_GROUPS:
        return []
    return [_quad(group, scale, pixels.shape[1], pixels.shape[0]) for group in groups]


def _rows(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Join boxes that stand side by side, a letter's width apart."""
    groups: list[tuple[int, int, int, int]] = []
    for box in sorted(boxes):
        for index, group in enumerate(groups):
            height = max(group[3] - group[1], box[3] - box[1])
            shared = min(group[3], box[3]) - max(group[1], box[1])
            if shared > 0 and box[0] - group[2] <= LETTER_GAP * height:
                left, top = min(group[0], box[0]), min(group[1], box[1])
                groups[index] = (left, top, max(group[2], box[2]), max(group[3], box[3]))
                break
        else:
            groups.append(box)
    return groups


def _quad(box: tuple[int, int, int, int], scale: float, width: int, height: int) -> Quad:
    margin = MARGIN * (box[3] - box[1])
    left, top, right, bottom = (
        edge / scale for edge in (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
    )
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return np.clip(quad, 0, (width, height)).astype(np.float32)
