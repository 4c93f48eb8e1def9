"""Coloured stamps across text: found by their ink, and taken off the page, so that both can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import cut_line
from worker.imaging.scale import copy_scale
from worker.page import Pixels, Quad

SIDE = 1000
"""Pixels: the long side of the copy in which stamps are looked for."""

COLOURED, BRIGHT = 60, 60
"""Of 255: saturation and brightness from which ink has a colour."""

GREYEST = np.ceil(np.arange(256) * (255 - COLOURED) / 255).astype(np.uint8) * (np.arange(256) > BRIGHT).astype(np.uint8)
"""By a pixel's highest channel: it has a colour if its lowest is below that."""

MOST_COLOURED = 0.12
"""Share of a page in colour, from which it is a picture or has a coloured ground."""

JOINED = 17
"""Pixels of the copy: parts of a stamp that are closer belong together."""

LEAST_HEIGHT, MOST_AREA = 0.03, 0.3
"""A stamp's lower side as a share of the page's long side, and its area as a share of the page."""

LEAST_FILL, MOST_FILL = 0.03, 0.6
"""Share of a stamp's rectangle that is ink; more is a coloured ground."""

ONE_COLOUR, HUE_SPREAD = 0.8, 14
"""Share of a stamp's ink that is of one hue, and how far off, of OpenCV's 180, that still is."""

SPARSE = 4
"""Every so many pixels of the copy are looked at first, for most pages are grey."""

MOST_PARTS = 12
"""Coloured parts of a page that are looked at."""

LEAST_CROSSED = 0.08
"""Ink of the text beneath, as a share of the stamp's: a coloured heading has none in its rectangle."""

AROUND, LEAST_AROUND = 8, 0.02
"""Pixels of the copy around a stamp, and their share that is ink of the lines it crosses: a logo has none."""

TOUCHED = 3.0
"""Share of words that opaque ink makes unreadable, by the share of their area that it covers."""

DARKER = 38
"""Grey values by which text under a stamp is darker than its ink."""

RIM = 3
"""Pixels: the square by which a stamp's ink is grown, for its edges are pale."""


@dataclass(frozen=True)
class Stamp:
    """A stamp's ink.

    Attributes:
        quad: The rectangle around it, from the stamp's own top left.
        hue: Of its ink, 0 to 180.
        grey: Of its ink.
    """

    quad: Quad
    hue: int
    grey: float


def find_stamps(pixels: Pixels) -> list[Stamp]:
    """Stamps that stand on text.

    Args:
        pixels: The page, dark on light.
    """
    scale = copy_scale(pixels.shape, SIDE)
    if not _is_coloured(pixels[:: max(1, round(SPARSE / scale)), :: max(1, round(SPARSE / scale))]).any():
        return []
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    coloured = _is_coloured(small).astype(np.uint8)
    if not coloured.any() or coloured.mean() > MOST_COLOURED:
        return []
    joined = cv2.morphologyEx(coloured, cv2.MORPH_CLOSE, np.ones((JOINED, JOINED), np.uint8))
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(joined)
    sides = pieces[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1)
    large = np.flatnonzero((sides >= LEAST_HEIGHT * max(small.shape[:2])) & (pieces[:, cv2.CC_STAT_AREA] >= SIDE))
    if len(large) <= 1:  # the ground is the first
        return []
    hsv = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2HSV), np.uint8)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    parts = (np.asarray((labels == index) & (coloured > 0)) for index in large[1:MOST_PARTS])
    found = [stamp for part in parts if (stamp := _stamp(part, hsv, grey)) is not None]
    outer = [stamp for stamp in found if not any(_is_inside(stamp.quad, other.quad) for other in found)]
    return [Stamp(np.asarray(stamp.quad / scale, np.float32), stamp.hue, stamp.grey) for stamp in outer]


def _is_coloured(pixels: Pixels) -> NDArray[np.bool_]:
    """Where ink or paper has a colour: as saturation and brightness of OpenCV's HSV would say, and cheaper."""
    blue, green, red = cv2.split(pixels)
    highest, lowest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    return np.asarray(lowest < cv2.LUT(highest, GREYEST))


def _is_inside(quad: Quad, other: Quad) -> bool:
    """Whether a stamp's middle lies within another, larger one: letters in a frame."""
    middle = (float(quad[:, 0].mean()), float(quad[:, 1].mean()))
    larger = cv2.contourArea(other) > cv2.contourArea(quad)
    return larger and cv2.pointPolygonTest(other, middle, measureDist=False) >= 0


def without_stamps(pixels: Pixels, stamps: Sequence[Stamp]) -> Pixels:
    """The page with the stamps' ink replaced by paper, and the text beneath left."""
    result = pixels.copy()
    paper = np.median(pixels.reshape(-1, 3)[::97], axis=0).astype(np.uint8)
    for stamp in stamps:
        left, top, right, bottom = _bounds(stamp.quad, pixels)
        part = result[top:bottom, left:right]
        ink, beneath = _layers(part, stamp)
        grown = cv2.dilate(ink.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
        part[grown & ~beneath] = paper
        part[beneath] = part[beneath].min(axis=1, keepdims=True)
    return result


def hidden_share(pixels: Pixels, stamp: Stamp) -> float:
    """Share of the words in the stamp's rectangle that its ink hides, 0 to 1.

    Text is as dense under the ink as between it where the ink is transparent, and is gone where it is not.
    """
    left, top, right, bottom = _bounds(stamp.quad, pixels)
    ink, beneath = _layers(pixels[top:bottom, left:right], stamp)
    inside = np.zeros(ink.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(stamp.quad - (left, top)).astype(np.int32)], 1)
    solid = cv2.morphologyEx((ink | beneath).astype(np.uint8), cv2.MORPH_OPEN, np.ones((RIM, RIM), np.uint8))
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * RIM + 1,) * 2, np.uint8))
    covered = (closed > 0) & (solid > 0)
    under, between = covered & (inside > 0), ~covered & (inside > 0)
    usual = int(np.count_nonzero(beneath & between)) / max(1, int(np.count_nonzero(between)))
    seen = int(np.count_nonzero(beneath & under)) / max(1, int(np.count_nonzero(under)))
    fill = int(np.count_nonzero(under)) / max(1, int(np.count_nonzero(inside)))
    return max(0.0, 1 - seen / max(usual, 1e-6)) * min(1.0, TOUCHED * fill)


def stamp_picture(pixels: Pixels, stamp: Stamp) -> Pixels:
    """The stamp alone, level, dark on white."""
    left, top, right, bottom = _bounds(stamp.quad, pixels)
    ink, _ = _layers(pixels[top:bottom, left:right], stamp)
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((RIM, RIM), np.uint8))
    alone = np.full((*closed.shape, 3), 255, np.uint8)
    alone[closed > 0] = 40
    return cut_line(alone, np.asarray(stamp.quad - (left, top), np.float32))


def on_page(quad: Quad, stamp: Stamp, picture: Pixels) -> Quad:
    """Where a quad of a stamp's picture stands on the page."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(corners, np.asarray(stamp.quad, np.float32))
    return np.asarray(cv2.perspectiveTransform(np.asarray(quad, np.float32)[np.newaxis], warp)[0], np.float32)


def _stamp(ink: NDArray[np.bool_], hsv: NDArray[np.uint8], grey: Pixels) -> Stamp | None:
    """The stamp whose ink this is, in the copy's pixels; None where it is something else in colour."""
    points = cv2.findNonZero(ink.astype(np.uint8))
    if points is None or len(points) < SIDE:
        return None
    centre, (width, height), angle = cv2.minAreaRect(points)
    page = float(ink.size)
    if min(width, height) < LEAST_HEIGHT * max(ink.shape) or width * height > MOST_AREA * page:
        return None
    if not LEAST_FILL <= len(points) / (width * height) <= MOST_FILL:
        return None
    hues = hsv[..., 0][ink].astype(np.int32)
    hue = int(np.bincount(hues, minlength=180).argmax())
    if (_apart(hues, hue) <= HUE_SPREAD).mean() < ONE_COLOUR:
        return None
    own = float(np.median(grey[ink]))
    inside = np.zeros(ink.shape, np.uint8)
    quad = _level(centre, (width, height), angle)
    cv2.fillPoly(inside, [np.round(quad).astype(np.int32)], 1)
    dark = grey < own - DARKER
    around = (cv2.dilate(inside, np.ones((2 * AROUND + 1,) * 2, np.uint8)) > 0) & (inside == 0)
    crossed = np.count_nonzero((inside > 0) & dark) >= LEAST_CROSSED * len(points)
    return Stamp(quad, hue, own) if crossed and dark[around].mean() >= LEAST_AROUND else None


def _apart(hues: NDArray[np.int32], hue: int) -> NDArray[np.int32]:
    """How far hues are from one, around the circle of 180."""
    distance = np.abs(hues - hue)
    return np.asarray(np.minimum(distance, 180 - distance), np.int32)


def _level(centre: Sequence[float], size: tuple[float, float], angle: float) -> Quad:
    """The rectangle from its top left, its text less than half a right angle from level."""
    width, height = size
    while angle > 45:
        angle, width, height = angle - 90, height, width
    while angle < -45:
        angle, width, height = angle + 90, height, width
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = np.array([cos, sin]) * width / 2, np.array([-sin, cos]) * height / 2
    middle = np.array(centre)
    corners = [middle - along - across, middle + along - across, middle + along + across, middle - along + across]
    return np.array(corners, np.float32)


def _bounds(quad: Quad, pixels: Pixels) -> tuple[int, int, int, int]:
    height, width = pixels.shape[:2]
    left, top = np.floor(quad.min(axis=0) - RIM).astype(int).clip(0, (width, height))
    right, bottom = np.ceil(quad.max(axis=0) + RIM).astype(int).clip(0, (width, height))
    return int(left), int(top), int(right), int(bottom)


def _layers(part: Pixels, stamp: Stamp) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pixels are the stamp's ink, and which are text beneath it."""
    hsv = cv2.cvtColor(part, cv2.COLOR_BGR2HSV)
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    own = (_apart(hsv[..., 0].astype(np.int32), stamp.hue) <= 2 * HUE_SPREAD) & (hsv[..., 1] > COLOURED // 3)
    beneath = np.asarray(grey < stamp.grey - DARKER)
    return np.asarray(own & ~beneath), beneath
