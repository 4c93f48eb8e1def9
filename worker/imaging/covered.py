"""Text that a patch of one colour covers: a redaction, a tile that was not decoded, a sticker, an opaque stamp.

A patch is a flat region that is not the paper. It is a loss where letters end at its outline: pictures, swatches and
the cells of tables keep a margin from the words beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import quad_size
from worker.imaging.hidden import SURROUNDINGS, Hidden, missing_length, surroundings
from worker.imaging.ink import LetterInk
from worker.page import Quad
from worker.percentiles import grey_percentiles

FLAT, GRAIN = 4, 2
"""Grey values by which neighbours in a patch may differ: on clean pages at least, and for each that they usually do."""

DIFFERENT = 4
"""Grey values by which a patch differs from the paper; cells between rules do not."""

ROWS = 3
"""One of so many rows tells what is usual."""

LEAST_AREA, MOST_AREA = 0.0015, 0.5
"""Share of the page."""

FILLED, CONVEX, TEXT_ON_IT = 0.72, 0.93, 0.3
"""Share of the smallest rectangle around it that a patch fills (an ellipse .78), share of its hull, and the share of it
that is not in its colour: a stamp has letters, more is a frame around something."""

REACH = 4
"""Pixels of the copy from a patch's outline within which letters end that it cuts."""

CUT_INK = 4
"""Pixels of letters there, for a line to be cut."""

INSIDE = 0.75
"""Share of a line on a patch for it to be written on it."""

SMALLEST, LARGEST = 0.6, 1.7
"""Heights of a line that a patch may cut, by the page's usual one: letters of a logo are not text."""

MEASURES = (
    "cut", "on_it", "length", "tone", "lighter", "area", "wide", "high", "square", "plain", *SURROUNDINGS,
)  # fmt: skip
"""Lines whose letters end at a patch, and those that are written on it; length of what is missing; tone by the paper's,
and whether it is lighter; area and sides in heights of a line; share of its rectangle; share that has its colour."""


@dataclass(frozen=True)
class _Patch:
    """A patch in the copy's pixels: its left top, its pixels from twice REACH before it on, and its outline."""

    left: int
    top: int
    mask: NDArray[np.uint8]
    outline: NDArray[np.int32]
    measures: tuple[float, ...]


def covered_text(page: LetterInk, quads: Sequence[Quad]) -> list[Hidden]:
    """What patches cover: as many lines as there is room for.

    Args:
        page: Its ink, with the copy that is analysed.
        quads: Of the lines that were found.
    """
    if not quads:
        return []
    boxes = np.array([(*quad.min(0), *quad.max(0)) for quad in quads]) * page.scale
    height = float(np.median([quad_size(quad)[1] for quad in quads])) * page.scale
    text = boxes[[SMALLEST * height < (bottom - top) < LARGEST * height for _, top, _, bottom in boxes]]
    covered = []
    for patch in _patches(page.grey, height):
        cut, inside = _lines_at(patch, page.mask, text)
        length = missing_length(patch.outline, text, height)
        if cut or length > height:
            measures = (
                float(len(cut)),
                float(inside),
                length / height,
                *patch.measures,
                *surroundings(patch.outline, text, height, page.grey.shape),
            )
            outline = np.asarray(patch.outline / page.scale, np.float32)
            covered.append(Hidden(outline, max(height, length) / page.scale, measures))
    return covered


def _patches(grey: NDArray[np.uint8], height: float) -> Iterator[_Patch]:
    """The flat regions that are neither the paper nor smaller than a line."""
    kernel = np.ones((3, 3), np.uint8)
    steps = cv2.subtract(cv2.dilate(grey, kernel), cv2.erode(grey, kernel))
    usual, paper = (int(grey_percentiles(np.asarray(one, np.uint8)[::ROWS], [50])[0]) for one in (steps, grey))
    flat = np.asarray(steps <= FLAT + GRAIN * usual).view(np.uint8)
    away = cv2.bitwise_and(flat, np.asarray(cv2.absdiff(grey, np.array([paper])) >= DIFFERENT).view(np.uint8))
    if 2 * cv2.countNonZero(away) < LEAST_AREA * grey.size:  # most pages; half of a patch is so different
        return
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    for label, (left, top, wide, high, area) in enumerate(pieces.tolist()):
        if label == 0 or not LEAST_AREA <= area / grey.size <= MOST_AREA or wide < height or high < height / 2:
            continue
        rows, columns = slice(top, top + high), slice(left, left + wide)
        own = np.asarray(labels[rows, columns] == label)
        if abs(float(np.median(grey[rows, columns][own])) - paper) < DIFFERENT:
            continue
        outline = max(
            cv2.findContours(own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0], key=cv2.contourArea
        )
        filled, hull = cv2.contourArea(outline), cv2.contourArea(cv2.convexHull(outline))
        (_, sides, _) = cv2.minAreaRect(outline)
        if filled < max(FILLED * sides[0] * sides[1], CONVEX * hull) or area < (1 - TEXT_ON_IT) * filled:
            continue
        mask = np.zeros((high + 4 * REACH, wide + 4 * REACH), np.uint8)
        cv2.drawContours(mask, [outline], -1, 1, -1, offset=(2 * REACH, 2 * REACH))
        tone = float(np.median(grey[rows, columns][own])) - paper
        square = filled / max(1.0, sides[0] * sides[1])
        measures = (abs(tone), float(tone > 0), area / height**2, wide / height, high / height, square, area / filled)
        yield _Patch(left, top, mask, np.asarray(outline + np.array([left, top]), np.int32), measures)


def _lines_at(patch: _Patch, ink: NDArray[np.uint8], boxes: NDArray[np.float64]) -> tuple[list[int], int]:
    """The lines whose letters end at a patch, and the number of those that are written on it."""
    x, y = patch.left - 2 * REACH, patch.top - 2 * REACH
    padded = np.zeros_like(patch.mask)
    page = ink[max(0, y) : y + padded.shape[0], max(0, x) : x + padded.shape[1]]
    padded[max(0, -y) :, max(0, -x) :][: page.shape[0], : page.shape[1]] = page
    reach = cv2.dilate(patch.mask, np.ones((2 * REACH + 1,) * 2, np.uint8))
    ends = cv2.bitwise_and(padded, cv2.subtract(reach, patch.mask))
    cut, inside = list[int](), 0
    for index, (left, top, right, bottom) in enumerate(boxes):
        slack = (bottom - top) / 3
        part = (
            slice(max(0, int(top) - y), max(0, int(bottom) + 1 - y)),
            slice(max(0, int(left - slack) - x), max(0, int(right + slack) + 1 - x)),
        )
        if np.count_nonzero(patch.mask[part]) > INSIDE * (right - left) * (bottom - top):
            inside += 1
        elif np.count_nonzero(ends[part]) >= CUT_INK:
            cut.append(index)
    return cut, inside
