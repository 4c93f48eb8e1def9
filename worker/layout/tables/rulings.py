"""Ruling lines and edges of fills on a page: thin structures that run far, with the text taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.layout.tables.ruling_lines import Grey, Ruling, find_edges, find_lines, text_contrast
from worker.page import Pixels
from worker.percentiles import median

Boxes = NDArray[np.float64]

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom."""

WORKING_HEIGHT = 20.0
"""Pixels of a text line at which lines are looked for; larger pictures are shrunk to it."""

NEAR_TEXT, ALONG_TEXT = 0.2, 0.8
"""Text heights around words, and the share of a line that lies within these, from which it is a part of their ink."""

SMALLEST = 4
"""Pixels of a picture's side."""

TEXT_SHRINK = 0.14
"""Of a word's height, by which its box is shrunk: detectors draw boxes larger than the ink, up to the lines."""

TEXT_WIDEN = 0.12
"""Of a word's height, by which its box is widened: readers place words a little too narrow."""

MARGIN = 4.0
"""Text heights around the text that are looked at: a box is seldom drawn further from its cells' text."""


@dataclass(frozen=True)
class Rulings:
    """What was found: ``edges`` are level boundaries between differently filled areas."""

    horizontal: tuple[Ruling, ...] = ()
    vertical: tuple[Ruling, ...] = ()
    edges: tuple[Ruling, ...] = ()

    def near(self, bounds: Bounds, height: float) -> Rulings:
        """Those within and just around a part of the page."""
        left, top, right, bottom = bounds
        reach = MARGIN * height

        def kept(lines: Sequence[Ruling], low: float, high: float, start: float, end: float) -> tuple[Ruling, ...]:
            return tuple(
                Ruling(line.position, max(line.start, start - reach), min(line.end, end + reach))
                for line in lines
                if low - reach <= line.position <= high + reach and line.start < end and line.end > start
            )

        return Rulings(
            kept(self.horizontal, top, bottom, left, right),
            kept(self.vertical, left, right, top, bottom),
            kept(self.edges, top, bottom, left, right),
        )


def find_rulings(
    pixels: Pixels | None,
    skew: float,
    bounds: Bounds,
    boxes: Sequence[Bounds],
    height: float,
    drawn: Rulings | None = None,
) -> Rulings:
    """Lines within and just around some text.

    Args:
        pixels: The upright page; None where there is no picture.
        skew: Degrees clockwise by which it is turned.
        bounds: Of the text, in straightened pixels: left, top, right, bottom.
        boxes: Of the words likewise.
        height: Of a line of text, in pixels.
        drawn: All of the page, where they are known.
    """
    if drawn is not None and not skew:
        return _beside_text(drawn, bounds, np.asarray(boxes, np.float64).reshape(-1, 4), height)
    if pixels is None:
        return Rulings()
    scale = min(1.0, WORKING_HEIGHT / height)
    grey, (left, top) = _straight_crop(pixels, skew, bounds, MARGIN * height, scale)
    text = (np.asarray(boxes, np.float64).reshape(-1, 4) - (left, top, left, top)) * scale
    text_height = height * scale
    contrast = text_contrast(grey, text_height)
    mask = _take_out(grey, text)
    level = _apart(find_lines(grey, mask, text_height, contrast), text, text_height)
    edges = _apart(find_edges(grey, mask, text_height, contrast), text, text_height)
    turned = np.ascontiguousarray(grey.T), np.ascontiguousarray(mask.T)
    upright = _apart(find_lines(*turned, text_height, contrast), text[:, [1, 0, 3, 2]], text_height)

    def placed(found: Iterable[Ruling], across: float, along: float) -> tuple[Ruling, ...]:
        return tuple(
            Ruling(one.position / scale + across, one.start / scale + along, one.end / scale + along) for one in found
        )

    return Rulings(placed(level, top, left), placed(upright, left, top), placed(edges, top, left))


def _beside_text(drawn: Rulings, bounds: Bounds, text: Boxes, height: float) -> Rulings:
    """Those of known lines around some text that are no part of it, as an underline is."""
    near = drawn.near(bounds, height)
    return Rulings(
        tuple(_apart(near.horizontal, text, height)),
        tuple(_apart(near.vertical, text[:, [1, 0, 3, 2]], height)),
        tuple(_apart(near.edges, text, height)),
    )


def _straight_crop(
    pixels: Pixels, skew: float, bounds: Bounds, margin: float, scale: float
) -> tuple[Grey, tuple[float, float]]:
    """The part of the page turned straight, its darkest channel, so that coloured lines show; and its left and top."""
    left, top = int(bounds[0] - margin), int(bounds[1] - margin)
    right, bottom = int(bounds[2] + margin) + 1, int(bounds[3] + margin) + 1
    if skew:
        cos, sin = np.cos(np.radians(skew)), np.sin(np.radians(skew))
        turn = np.array([[cos, sin, -left], [-sin, cos, -top]], np.float64)
        size = (right - left, bottom - top)
        crop = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        left, top = min(max(left, 0), pixels.shape[1] - 2), min(max(top, 0), pixels.shape[0] - 2)
        crop = pixels[top : max(bottom, top + 2), left : max(right, left + 2)]
    blue, green, red = cv2.split(crop)
    grey = cv2.min(cv2.min(blue, green), red)
    if scale < 1:
        size = max(SMALLEST, round(grey.shape[1] * scale)), max(SMALLEST, round(grey.shape[0] * scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8), (left, top)


def _take_out(grey: Grey, text: Boxes) -> Grey:
    """Fill words with the colour around them; gives a mask that is 0 there and 1 elsewhere."""
    mask = np.ones(grey.shape, np.uint8)
    height, width = grey.shape
    for x0, y0, x1, y1 in text.tolist():
        shrink = TEXT_SHRINK * (y1 - y0)
        first, last = max(0, round(y0 + shrink)), min(height, round(y1 - shrink))
        widen = TEXT_WIDEN * (y1 - y0)
        start, end = max(0, round(x0 - widen)), min(width, round(x1 + widen))
        if first >= last or start >= end:
            continue
        above, below = grey[max(first - 1, 0), start:end], grey[min(last, height - 1), start:end]
        before, after = grey[first:last, max(start - 1, 0)], grey[first:last, min(end, width - 1)]
        grey[first:last, start:end] = median(above.tobytes() + below.tobytes() + before.tobytes() + after.tobytes())
        mask[first:last, start:end] = 0
    return mask


def _apart(lines: Sequence[Ruling], text: Boxes, height: float) -> list[Ruling]:
    """The lines that do not run along the edge of some words only."""
    x0, y0, x1, y1 = text.T
    near = NEAR_TEXT * height
    kept = []
    for line in lines:
        beside = (y0 - near < line.position) & (line.position < y1 + near)
        shared = np.maximum(np.minimum(x1[beside] + near, line.end) - np.maximum(x0[beside] - near, line.start), 0)
        over = (y0 + y1)[beside] < 2 * line.position
        if max(shared[over].sum(), shared[~over].sum()) < ALONG_TEXT * line.length:
            kept.append(line)
    return kept
