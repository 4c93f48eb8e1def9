"""Text that a mark hides: a stamp in outline, a scribble, a blot, whatever its colour, across lines of text.

A mark is ink that is larger than letters and no rule. Where lines run into it, text is expected to be as dense there as
around it, and what was not found of it is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import quad_size
from worker.imaging.hidden import SURROUNDINGS, Hidden, missing_length, surroundings
from worker.page import Pixels, Quad

COPY_LINE = 11.0
"""Pixels: the least height of a line in the copy that is analysed."""

INK, COLOURED = 28, 36
"""Of 255: by how much ink differs from the paper in some channel, and the channels of coloured ink among each other."""

SPARSE = 3
"""Every so many pixels are looked at first for colour, for most pages are grey."""

RULE_LENGTH, RULE_WIDTH = 6.0, 0.35
"""In heights of a line: from how long and up to how wide ink is a rule."""

HIGH, WIDE, LARGE = 2.0, 1.2, 2.6
"""In heights of a line: least height and width of a part of a mark, and least longer side."""

OWN_LINE = 0.75
"""Height of a line, by a part's, from which the part is a letter of that line."""

JOINED = 1.5
"""Heights of a line: parts of a mark that are closer belong together."""

LEAST_AREA = 4.0
"""In squares as high as a line."""

LEAST_FILL = 0.1
"""Share of its hull that is a mark's ink: less is a drawing or a table's frame."""

BESIDE = 0.3
"""Heights of a line from such a mark within which a line ends that it cuts."""

FEWEST, LEAST_INK, DEEP = 2, 3, 0.4
"""Lines on a page, and pixels of a mark's ink in a line that runs into it, by so many heights: a logo may touch the
first letters of the lines beside it."""

ALIKE = (0.5, 1.9)
"""Heights of lines of text, by the usual one."""

MEASURES = (
    "crossed", "end", "inside", "length", "coloured", "area", "longer", "shorter", "square", "fill", "solid",
    *SURROUNDINGS,
)  # fmt: skip
"""Lines that run into a mark, end at it, and lie in it; length of what is missing; whether it is coloured; area
of its hull and sides in heights of a line; share of its rectangle; share of ink, and of the ink what is not its rim."""

Mask = NDArray[np.uint8]


def marked_text(pixels: Pixels, quads: Sequence[Quad]) -> list[Hidden]:
    """What marks hide.

    Args:
        pixels: The upright page.
        quads: Of the lines that were found.
    """
    if len(quads) <= FEWEST:
        return []
    sizes = np.array([quad_size(quad) for quad in quads])
    squares = np.maximum(1, sizes[:, 0] / np.maximum(1, sizes[:, 1])).astype(int)
    height = float(np.median(np.repeat(sizes[:, 1], squares)))
    scale = 1 / max(1, int(height / COPY_LINE))  # shrinking by a whole number is several times as fast
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    boxes = np.array([(*quad.min(0), *quad.max(0)) for quad in quads]) * scale
    high = boxes[:, 3] - boxes[:, 1]
    text = boxes[(high > ALIKE[0] * height * scale) & (high < ALIKE[1] * height * scale)]
    hidden = []
    for hull, part, is_coloured in _marks(small, boxes, sizes[:, 1] * scale, height * scale):
        counts = _crossed(hull, part, text, height * scale)
        length = missing_length(hull, text, height * scale) / (height * scale)
        if any(counts[:2]) or length > 1:
            shape = _shape(hull, part, height * scale)
            measures = (
                *counts,
                length,
                float(is_coloured),
                *shape,
                *surroundings(hull, text, height * scale, part.shape),
            )
            hidden.append(Hidden(np.asarray(hull / scale, np.float32), max(1.0, length) * height, measures))
    return hidden


def _shape(hull: NDArray[np.int32], part: Mask, height: float) -> tuple[float, ...]:
    """Area and sides in heights of a line, shares of the rectangle and of the hull, and whether ink is dense."""
    _, sides, _ = cv2.minAreaRect(hull)
    (left, top), (right, bottom) = hull.reshape(-1, 2).min(0), hull.reshape(-1, 2).max(0)
    area = max(1.0, cv2.contourArea(hull))
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [hull - np.array([left, top], np.int32)], (1,))
    own = cv2.bitwise_and(inside, part[top : bottom + 1, left : right + 1])
    solid = cv2.erode(own, np.ones((3, 3), np.uint8))
    ink = max(1, cv2.countNonZero(own))
    return (
        area / height**2,
        max(sides) / height,
        min(sides) / height,
        area / max(1.0, sides[0] * sides[1]),
        ink / area,
        cv2.countNonZero(solid) / ink,
    )


def _marks(
    small: Pixels, boxes: NDArray[np.float64], heights: NDArray[np.float64], height: float
) -> Iterator[tuple[NDArray[np.int32], Mask, bool]]:
    """Hulls of marks, in the copy's pixels, with the ink of all of that kind, and whether it is coloured."""
    paper = np.median(small.reshape(-1, 3)[:: 1 + small.size // 30_000], axis=0)
    ink = np.asarray(cv2.inRange(small, np.array(paper - INK), np.array(paper + INK)) == 0).view(np.uint8)
    has_colour = _coloured(small[::SPARSE, ::SPARSE]).any()
    coloured = _coloured(small) & ink if has_colour else None
    grey = ink if coloured is None else np.asarray(cv2.subtract(ink, coloured), np.uint8)
    for kind, is_coloured in ((coloured, True), (grey, False)):
        part = None if kind is None else _large(kind, boxes, heights, height, with_rules=is_coloured)
        if part is None:
            continue
        rim = int(JOINED * height) | 1
        joined = cv2.copyMakeBorder(part, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=0)
        joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((rim, rim), np.uint8))[rim:-rim, rim:-rim]
        _, groups, bounds, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        for group, (x, y, wide, tall, _) in enumerate(bounds.tolist()[1:], 1):
            window = slice(y, y + tall), slice(x, x + wide)
            points = cv2.findNonZero(((groups[window] == group) & (part[window] > 0)).astype(np.uint8))
            hull = np.asarray(cv2.convexHull(points + np.array([x, y], np.int32)), np.int32)
            area = cv2.contourArea(hull)
            if area >= LEAST_AREA * height**2 and len(points) >= LEAST_FILL * area:
                yield hull, part, is_coloured


def _coloured(small: Pixels) -> Mask:
    """1 where the channels differ among each other."""
    blue, green, red = cv2.split(small)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return np.asarray(spread > COLOURED).view(np.uint8)


def _large(
    ink: Mask, boxes: NDArray[np.float64], heights: NDArray[np.float64], height: float, with_rules: bool
) -> Mask | None:
    """The ink of what is larger than letters of the lines that it stands in; None where there is none."""
    result = np.zeros_like(ink)
    for x, y, piece in _pieces(ink, height):
        kept = piece if with_rules else np.asarray(cv2.subtract(piece, _rules(piece, height)), np.uint8)
        _, labels, pieces, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
        large = _is_large(np.asarray(pieces, np.int32), height)
        wide, high = pieces[:, cv2.CC_STAT_WIDTH], pieces[:, cv2.CC_STAT_HEIGHT]
        across, down = x + pieces[:, cv2.CC_STAT_LEFT] + wide / 2, y + pieces[:, cv2.CC_STAT_TOP] + high / 2
        left, top, right, bottom = boxes.T
        for index in np.flatnonzero(large):
            own = heights > OWN_LINE * high[index]
            own &= (left <= across[index]) & (across[index] <= right) & (top <= down[index]) & (down[index] <= bottom)
            large[index] = not own.any()
        if large.any():
            result[y : y + kept.shape[0], x : x + kept.shape[1]] |= large.astype(np.uint8)[labels]
    return result if result.any() else None


def _pieces(ink: Mask, height: float) -> Iterator[tuple[int, int, Mask]]:
    """Left, top and ink of what may be large: found at half the size, where most pages have nothing."""
    half = np.ascontiguousarray(cv2.dilate(ink, np.ones((2, 2), np.uint8), anchor=(0, 0))[::2, ::2])
    if not half.any():
        return
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(half, connectivity=8)
    for label in np.flatnonzero(_is_large(np.asarray(pieces, np.int32), height / 2)):
        x, y, wide, high, _ = pieces[label].tolist()
        own = (labels[y : y + high, x : x + wide] == label).astype(np.uint8)
        window = ink[2 * y : 2 * (y + high), 2 * x : 2 * (x + wide)]
        yield 2 * x, 2 * y, window & own.repeat(2, axis=0).repeat(2, axis=1)[: window.shape[0], : window.shape[1]]


def _is_large(pieces: NDArray[np.int32], height: float) -> NDArray[np.bool_]:
    wide, high = pieces[:, cv2.CC_STAT_WIDTH], pieces[:, cv2.CC_STAT_HEIGHT]
    large = (high > HIGH * height) & (wide > WIDE * height) & (np.maximum(wide, high) > LARGE * height)
    large[0] = False  # the paper
    return np.asarray(large)


def _rules(ink: Mask, height: float) -> Mask:
    """1 where ink is a long thin line, level or upright."""
    length, width = int(RULE_LENGTH * height), int(max(2.0, RULE_WIDTH * height)) + 1
    rules = np.zeros_like(ink)
    for along, across in (((1, length), (width, 1)), ((length, 1), (1, width))):
        long = _opened(ink, along)
        rules |= np.asarray(cv2.subtract(long, _opened(long, across)))
    return rules


def _opened(ink: Mask, kernel: tuple[int, int]) -> Mask:
    ones = np.ones(kernel, np.uint8)
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, ones, borderType=cv2.BORDER_CONSTANT, borderValue=0))


def _crossed(
    hull: NDArray[np.int32], part: Mask, text: NDArray[np.float64], height: float
) -> tuple[float, float, float]:
    """Lines that run into a mark's ink from outside, that end at it, and that lie in it."""
    (left, top), (right, bottom) = hull.reshape(-1, 2).min(0), hull.reshape(-1, 2).max(0)
    crossed, ending, inside = 0, 0, 0
    for first, upper, last, lower in text:
        if lower < top or upper > bottom or last < left - height or first > right + height:
            continue
        rim, row = 0.15 * (lower - upper), (upper + lower) / 2
        start, stop = max(0, first + DEEP * height, left), min(last - DEEP * height, right)
        window = part[int(max(0, upper + rim)) : int(lower - rim) + 1, int(start) : max(0, int(stop) + 1)]
        if (first < left - height or last > right + height) and cv2.countNonZero(window) >= LEAST_INK:
            crossed += 1
        elif first > left and last < right:
            inside += top < row < bottom
        else:
            ends = ((float(last), row), (float(first), row))
            ending += any(-cv2.pointPolygonTest(hull, end, measureDist=True) <= BESIDE * height for end in ends)
    return float(crossed), float(ending), float(inside)
