"""Boxes of the result: upright bounds, the angle and size of a turned box, parts of one.

Coordinates are pixels of the page as sent, x to the right and y down; angles are degrees clockwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ocrq.contracts import Box, Page, Point

LEVEL = 45.0  # degrees either way within which a line runs across the page rather than up, down or backwards


@dataclass(frozen=True)
class Bounds:
    """An upright rectangle, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """The y half way down."""
        return (self.top + self.bottom) / 2

    def clipped(self, width: float, height: float) -> Bounds:
        """The part on a page of this size; a page of unknown size (0) clips nothing on its right and bottom."""
        right, bottom = width or math.inf, height or math.inf
        return Bounds(
            min(max(self.left, 0), right),
            min(max(self.top, 0), bottom),
            min(max(self.right, 0), right),
            min(max(self.bottom, 0), bottom),
        )

    def whole(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in whole pixels, nothing of the rectangle cut off."""
        return math.floor(self.left), math.floor(self.top), math.ceil(self.right), math.ceil(self.bottom)


def bounds_of(box: Box) -> Bounds:
    """The smallest upright rectangle around a box."""
    xs, ys = [x for x, _ in box], [y for _, y in box]
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def union(parts: Iterable[Bounds]) -> Bounds | None:
    """The smallest rectangle around all; None for none."""
    known = list(parts)
    if not known:
        return None
    return Bounds(
        min(part.left for part in known),
        min(part.top for part in known),
        max(part.right for part in known),
        max(part.bottom for part in known),
    )


def angle_of(box: Box) -> float:
    """Degrees clockwise from level of the text in a box, over -180 up to 180; its top and bottom edge both count."""
    x, y = _along(box)
    return math.degrees(math.atan2(y, x)) if x or y else 0.0


def size_of(box: Box) -> tuple[float, float]:
    """Length along the text and height across it, in pixels."""
    top_left, top_right, bottom_right, bottom_left = box
    length = (math.dist(top_left, top_right) + math.dist(bottom_left, bottom_right)) / 2
    height = (math.dist(top_left, bottom_left) + math.dist(top_right, bottom_right)) / 2
    return length, height


def common_angle(boxes: Iterable[Box]) -> float | None:
    """The angle that most of the text has: the mean direction, long boxes counting for more; None for no boxes."""
    x = y = 0.0
    for box in boxes:
        along = _along(box)
        x, y = x + along[0], y + along[1]
    return math.degrees(math.atan2(y, x)) if x or y else None


def turned_back(box: Box, degrees: float) -> Box:
    """The box as it would stand if the page were turned back by ``degrees``, about the page's origin."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    first, second, third, fourth = ((x * cos + y * sin, y * cos - x * sin) for x, y in box)
    return first, second, third, fourth


def text_angle(page: Page) -> float:
    """Degrees clockwise by which the page's text is turned, from its lines' boxes; without any, as the page says."""
    angle = common_angle(line.box for line in page.lines if line.box)
    return page.angle if angle is None else angle


def upright_bounds(box: Box | None, degrees: float) -> Bounds | None:
    """Bounds of a box after its page was turned back by ``degrees``; None for no box."""
    return bounds_of(turned_back(box, degrees)) if box else None


def box_of(bounds: Bounds) -> Box:
    """The box of a level text that fills the bounds."""
    left, top, right, bottom = bounds.left, bounds.top, bounds.right, bounds.bottom
    return (left, top), (right, top), (right, bottom), (left, bottom)


def part_of(box: Box, start: float, end: float) -> Box:
    """A piece of a box, cut across the text.

    Args:
        box: The whole.
        start: Where the piece begins, a share of the box's length, 0 to 1.
        end: Where it ends.
    """
    top_left, top_right, bottom_right, bottom_left = box
    return (
        _between(top_left, top_right, start),
        _between(top_left, top_right, end),
        _between(bottom_left, bottom_right, end),
        _between(bottom_left, bottom_right, start),
    )


def rounded(box: Box) -> Box:
    """The box to a tenth of a pixel, as results give it."""
    first, second, third, fourth = ((round(x, 1), round(y, 1)) for x, y in box)
    return first, second, third, fourth


def _along(box: Box) -> Point:
    top_left, top_right, bottom_right, bottom_left = box
    return (
        top_right[0] - top_left[0] + bottom_right[0] - bottom_left[0],
        top_right[1] - top_left[1] + bottom_right[1] - bottom_left[1],
    )


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
