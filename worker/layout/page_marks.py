"""What the picture shows beside the lines: how heavy letters are, the ground they stand on, ruling lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.same_picture import grey_of
from worker.imaging.scale import copy_scale
from worker.layout.geometry import Floats
from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import Rulings
from worker.page import Pixels, Quad

LONG_SIDE = 1000
"""Pixels to which a page is shrunk before ruling lines are looked for."""

RULE_LENGTH = 31
"""Pixels of the shrunk page: shorter strokes are parts of letters."""

LOCAL_SIDE = 15
LOCAL_CONTRAST = 8
"""A pixel darker by this than the mean around it, over this side, may be part of a ruling line."""

LINE_HEIGHT = 24
"""Pixels to which a line's crop is shrunk before its strokes are measured."""

FLAT_CONTRAST = 12.0
"""Grey levels: a crop with less between its lightest and darkest has no ink."""

Integral = NDArray[np.int32]


@dataclass(frozen=True)
class PageMarks:
    """Measures of a page's picture.

    Attributes:
        stroke: Width of each line's strokes as a share of its height; 0 where there is no picture.
        ground: Grey of what each line stands on, 0 black to 1 white.
        width: Of the page in pixels; 0 where there is no picture.
        height: Likewise.
    """

    stroke: Floats
    ground: Floats
    width: int
    height: int
    _scale: float
    _level: Integral
    _upright: Integral

    def level_rules(self, left: Floats, top: Floats, right: Floats, bottom: Floats) -> Floats:
        """How much of each rectangle's width a level ruling line in it spans, about 0 to 1."""
        return self._sums(self._level, left, top, right, bottom) / np.maximum((right - left) * self._scale, 1.0)

    def upright_rules(self, left: Floats, top: Floats, right: Floats, bottom: Floats) -> Floats:
        """How much of each rectangle's height an upright ruling line in it spans, about 0 to 1."""
        return self._sums(self._upright, left, top, right, bottom) / np.maximum((bottom - top) * self._scale, 1.0)

    def _sums(self, table: Integral, left: Floats, top: Floats, right: Floats, bottom: Floats) -> Floats:
        rows, columns = table.shape[0] - 1, table.shape[1] - 1
        x0, x1 = (np.clip(np.rint(x * self._scale), 0, columns).astype(np.intp) for x in (left, right))
        y0, y1 = (np.clip(np.rint(y * self._scale), 0, rows).astype(np.intp) for y in (top, bottom))
        sums = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        return np.where((x1 > x0) & (y1 > y0), sums, 0).astype(np.float64)


def look(quads: Sequence[Quad], pixels: Pixels | None, drawn: Rulings | None = None) -> PageMarks:
    """Measure a page's picture around its lines.

    Args:
        quads: Of the lines, in pixels.
        pixels: None where there is no picture: nothing is seen then.
        drawn: The page's ruling lines, where they are known.
    """
    count = len(quads)
    if pixels is None:
        empty = np.zeros((1, 1), np.int32)
        return PageMarks(np.zeros(count), np.ones(count), 0, 0, 1.0, empty, empty)
    grey = grey_of(pixels)
    height, width = grey.shape
    strokes = np.array([_stroke_and_ground(grey, quad) for quad in quads]).reshape(-1, 2)
    scale = copy_scale(pixels.shape, LONG_SIDE)
    if drawn is not None:
        size = (round(height * scale), round(width * scale))
        level = _drawn_mask(drawn.horizontal + drawn.edges, size, scale)
        upright = np.ascontiguousarray(_drawn_mask(drawn.vertical, size[::-1], scale).T)
        return PageMarks(strokes[:, 0], strokes[:, 1], width, height, scale, _integral(level), _integral(upright))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    dark = cv2.adaptiveThreshold(
        small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, LOCAL_SIDE, LOCAL_CONTRAST
    )
    found = [
        cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(side, np.uint8)) for side in ((1, RULE_LENGTH), (RULE_LENGTH, 1))
    ]
    return PageMarks(strokes[:, 0], strokes[:, 1], width, height, scale, *map(_integral, found))


def _drawn_mask(lines: Sequence[Ruling], size: tuple[int, int], scale: float) -> NDArray[np.uint8]:
    """Level lines, one pixel thick, on a page of a height and width."""
    mask = np.zeros(size, np.uint8)
    for line in lines:
        row = min(max(int(line.position * scale), 0), size[0] - 1)
        mask[row, max(round(line.start * scale), 0) : max(round(line.end * scale), 0)] = 1
    return mask


def _integral(mask: cv2.typing.MatLike) -> Integral:
    return np.asarray(cv2.integral(mask), np.int32)


def _stroke_and_ground(grey: NDArray[np.uint8], quad: Quad) -> tuple[float, float]:
    xs, ys = quad.T.tolist()
    crop = grey[max(floor(min(ys)), 0) : ceil(max(ys)), max(floor(min(xs)), 0) : ceil(max(xs))]
    if not crop.size:
        return 0.0, 1.0
    if crop.shape[0] > crop.shape[1]:
        crop = crop.T
    if crop.shape[0] > LINE_HEIGHT:
        factor = LINE_HEIGHT / crop.shape[0]
        size = (max(1, round(crop.shape[1] * factor)), LINE_HEIGHT)
        crop = np.asarray(cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_AREA), np.uint8)
    darkest, lightest = int(crop.min()), int(crop.max())
    if lightest - darkest < FLAT_CONTRAST:
        return 0.0, float(crop.mean()) / 255
    ink = crop < (darkest + lightest) / 2
    inked = int(np.count_nonzero(ink))
    if 2 * inked > ink.size:
        ink, inked = ~ink, ink.size - inked
    runs = np.count_nonzero(ink[:, 1:] & ~ink[:, :-1]) + np.count_nonzero(ink[:, 0])
    ground = float(crop[~ink].mean()) / 255 if inked < ink.size else 1.0
    return inked / max(int(runs), 1) / crop.shape[0], ground
