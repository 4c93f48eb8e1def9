"""Boxes drawn on forms: checkboxes, and rows of cells that take one character each (comb fields)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.geometry import Bounds
from worker.imaging.same_picture import grey_of
from worker.imaging.scale import copy_scale
from worker.page import Pixels
from worker.percentiles import grey_percentiles

Mask = NDArray[np.uint8]

SIDE = 1600
"""Pixels: the long side of the copy in which boxes are looked for."""

LOCAL_SIDE, LOCAL_CONTRAST = 35, 12
"""A pixel darker by this than the mean around it, over this side, is ink."""

LOWEST, HIGHEST = 0.3, 2.6
"""Side of a box, in heights of the page's lines."""

STROKE = 0.3
"""Shortest stroke that is a side's, in heights of the page's lines, so that letters leave little."""

FILLED, SIDES = 0.72, 0.85
"""Share of its bounds that a box's inside fills, and of each of its sides that is drawn."""

NARROWEST, WIDEST = 0.4, 1.7
"""Width of a comb field's cell in its heights."""

SQUARE = 1.35
"""Most that a checkbox's longer side is of the other."""

FEWEST_CELLS = 3
GAP = 0.35
"""Between two cells of a comb field, in their heights."""

ALIKE = 0.18
"""Most that cells of one comb field differ in size and place, as a share of their height."""

MARGIN, CHECKED = 0.16, 0.05
"""Share of a checkbox's side that is left out around, and of the rest that is ink in one that is checked."""


LIGHT, AROUND = 0.6, 0.4
"""Grey level around a checkbox, as a share of that of its paper, above which it is paper, and how far off that is
looked at, in sides of the box: light letters on a dark ground are framed, too."""


@dataclass(frozen=True)
class FormBoxes:
    """What was found.

    Attributes:
        checkboxes: The inside of each, in pixels of the page, with whether there is something in it.
        combs: Insides of the cells of each comb field, from left to right.
    """

    checkboxes: tuple[tuple[Bounds, bool], ...] = ()
    combs: tuple[tuple[Bounds, ...], ...] = ()


def find_form_boxes(pixels: Pixels, line_height: float) -> FormBoxes:
    """Checkboxes and comb fields of a page.

    Args:
        pixels: The upright page, dark on light.
        line_height: Usual height of its lines, in pixels.
    """
    scale = copy_scale(pixels.shape, SIDE)
    grey: cv2.typing.MatLike = grey_of(pixels)
    if scale < 1:
        way = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA  # which takes ten times as long
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way)
    ink = np.asarray(
        cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, LOCAL_SIDE, LOCAL_CONTRAST),
        np.uint8,
    )
    line = line_height * scale
    frame = _frame(ink, max(5, round(STROKE * line)))
    cells = [cell for cell in _insides(frame, line) if _is_framed(frame, cell)]
    rows = _rows(cells)
    combs = [row for row in rows if len(row) >= FEWEST_CELLS and not _is_in_grid(row, cells)]
    alone = [row[0] for row in rows if len(row) == 1 and not _is_in_grid(row, cells)]
    lightest = LIGHT * grey_percentiles(np.asarray(grey, np.uint8), (80,))[0]
    boxes = [
        cell
        for cell in alone
        if max(cell[2] / cell[3], cell[3] / cell[2]) <= SQUARE
        and _level_around(np.asarray(grey, np.uint8), cell) >= lightest
    ]
    return FormBoxes(
        tuple((_cell(cell, scale), _is_filled(ink, cell)) for cell in boxes),
        tuple(tuple(_cell(cell, scale) for cell in row) for row in combs),
    )


_Rect = tuple[int, int, int, int]
"""Left, top, width, height."""


def _frame(ink: Mask, stroke: int) -> Mask:
    """Level and upright strokes."""
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, stroke), np.uint8))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((stroke, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(level, upright), np.uint8)


def _insides(frame: Mask, line: float) -> list[_Rect]:
    """Pieces of paper with strokes around that have a box's size."""
    contours, tree = cv2.findContours(frame, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    cells = []
    for contour, (_, _, _, parent) in zip(contours, [] if tree is None else tree[0], strict=True):
        if parent < 0:
            continue
        x, y, w, h = (int(value) for value in cv2.boundingRect(contour))
        x, y, w, h = x + 1, y + 1, w - 2, h - 2  # a hole's contour runs on the strokes around
        fits = LOWEST * line <= h <= HIGHEST * line and NARROWEST * h <= w <= WIDEST * h
        if fits and cv2.contourArea(contour) >= FILLED * w * h:
            cells.append((x, y, w, h))
    return cells


def _is_framed(frame: Mask, cell: _Rect) -> bool:
    """Whether strokes run along all four sides."""
    x, y, w, h = cell
    if x < 1 or y < 1 or x + w >= frame.shape[1] or y + h >= frame.shape[0]:
        return False
    sides = frame[y - 1, x : x + w], frame[y + h, x : x + w], frame[y : y + h, x - 1], frame[y : y + h, x + w]
    return all(float(side.mean()) >= SIDES for side in sides)


def _rows(cells: Sequence[_Rect]) -> list[list[_Rect]]:
    """Cells that stand side by side and are alike."""
    rows: list[list[_Rect]] = []
    for cell in sorted(cells):
        own = next((row for row in rows if _continues(row[-1], cell)), None)
        if own is None:
            rows.append([cell])
        else:
            own.append(cell)
    return rows


def _continues(last: _Rect, cell: _Rect) -> bool:
    high = max(last[3], cell[3])
    gap = cell[0] - (last[0] + last[2])
    differ = max(abs(last[1] - cell[1]), abs(last[3] - cell[3]), abs(last[2] - cell[2]))
    return 0 < gap <= GAP * high and differ <= ALIKE * high


def _is_in_grid(row: Sequence[_Rect], cells: Sequence[_Rect]) -> bool:
    """Whether other cells stand right above or below: a table's, or a calendar's."""
    left, top, _, high = row[0]
    return any(
        abs(cell[0] - left) <= ALIKE * high
        and cell not in row
        and min(abs(cell[1] - (top + high)), abs(top - (cell[1] + cell[3]))) <= GAP * high
        for cell in cells
    )


def _level_around(grey: Mask, cell: _Rect) -> float:
    """The usual grey level on a square around a box."""
    x, y, w, h = cell
    gap = round(AROUND * max(w, h))
    left, top = max(0, x - gap), max(0, y - gap)
    part = grey[top : y + h + gap + 1, left : x + w + gap + 1]
    return float(np.median(np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])))


def _is_filled(ink: Mask, cell: _Rect) -> bool:
    x, y, w, h = cell
    rim = max(1, round(MARGIN * min(w, h)))
    return float(ink[y + rim : y + h - rim, x + rim : x + w - rim].mean()) >= CHECKED


def _cell(cell: _Rect, scale: float) -> Bounds:
    x, y, w, h = cell
    return Bounds(x / scale, y / scale, (x + w) / scale, (y + h) / scale)
