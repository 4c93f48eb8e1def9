"""How much text is missing within an outline on a page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Quad

AROUND, BESIDE = 2.5, 2.0
"""Heights of a line above and below an outline, and beside it, within which lines tell where text is expected."""

RIM = 4
"""Pixels from a side of the page, within which an outline touches it."""

ENDING = 0.5
"""Heights within which a line ends at an outline."""

PITCH = (1.1, 1.4, 2.2)
"""From line to line in heights of a line: least, where nothing tells it, and most."""

READ = 0.8
"""Share of the expected text that is there without a loss, for lines are of unequal length."""


@dataclass(frozen=True)
class Hidden:
    """Text that is not to be seen.

    Attributes:
        outline: Of what hides it, in pixels of the page; points x 2.
        length: Of its lines together, in pixels of the page.
        measures: What tells whether it hides text at all.
    """

    outline: NDArray[np.float32]
    length: float
    measures: tuple[float, ...]

    def holds(self, quad: Quad) -> bool:
        """Whether the middle of a line is in the outline."""
        x, y = quad.reshape(-1, 2).mean(axis=0).tolist()
        return cv2.pointPolygonTest(self.outline, (x, y), measureDist=False) >= 0


def missing_length(outline: NDArray[np.int32], text: NDArray[np.float64], height: float) -> float:
    """Length of the text that should be within an outline by the lines around it, and was not found.

    Args:
        outline: A polygon; points x 1 x 2.
        text: Boxes of the lines: left, top, right, bottom.
        height: Of a line.
    """
    (left, top), (right, bottom) = outline.reshape(-1, 2).min(0), outline.reshape(-1, 2).max(0)
    near = text[
        (text[:, 3] > top - AROUND * height)
        & (text[:, 1] < bottom + AROUND * height)
        & (text[:, 0] < right + BESIDE * height)
        & (text[:, 2] > left - BESIDE * height)
    ]
    if not len(near):
        return 0.0
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [outline - np.array([left, top], np.int32)], (1,))
    found = 0
    for first, upper, last, lower in near:
        row = int((upper + lower) / 2) - top
        if 0 <= row < len(inside):
            found += cv2.countNonZero(inside[row : row + 1, max(0, int(first) - left) : max(0, int(last) + 1 - left)])
    first, upper, last, lower = (int(v) for v in (*near[:, :2].min(0), *near[:, 2:].max(0)))
    expected = np.count_nonzero(
        inside[max(0, upper - top) : max(0, lower + 1 - top), max(0, first - left) : max(0, last + 1 - left)]
    )
    return READ * expected / _pitch(near, height) - found


SURROUNDINGS = ("rows", "ending", "through", "above", "below", "margin", "left", "right", "sides")
"""Rows of text in the height of an outline, lines that end at it, those that go through or lie in it, rows above and
below it, the distance to the nearest line beside it, the share of rows with text to the left and right, and sides of
the page that it touches."""


def surroundings(
    outline: NDArray[np.int32], text: NDArray[np.float64], height: float, page: tuple[int, int]
) -> tuple[float, ...]:
    """Measures of the lines around an outline; see :data:`SURROUNDINGS`.

    Args:
        outline: A polygon; points x 1 x 2.
        text: Boxes of the lines: left, top, right, bottom.
        height: Of a line.
        page: Its height and width.
    """
    (left, top), (right, bottom) = outline.reshape(-1, 2).min(0), outline.reshape(-1, 2).max(0)
    sides = float(sum((left < RIM, top < RIM, right > page[1] - RIM, bottom > page[0] - RIM)))
    if not len(text):
        return (0.0, 0.0, 0.0, 0.0, 0.0, BESIDE, 0.0, 0.0, sides)
    middle = (text[:, 1] + text[:, 3]) / 2
    level = (middle > top) & (middle < bottom)
    gaps = np.maximum(left - text[:, 2], text[:, 0] - right) / height
    beside = (text[:, 0] < right) & (text[:, 2] > left)
    near = AROUND * height
    pitch = _pitch(text[(gaps < BESIDE) & (middle > top - near) & (middle < bottom + near)], height)
    rows = max(1.0, (bottom - top) / pitch)
    return (
        float(rows),
        float((level & (np.abs(gaps) < ENDING)).sum()),
        float((level & (gaps < -ENDING)).sum()),
        float((beside & (middle <= top) & (middle > top - near)).sum()),
        float((beside & (middle >= bottom) & (middle < bottom + near)).sum()),
        float(min(BESIDE, np.min(gaps[level], initial=BESIDE))),
        min(2.0, float((level & (text[:, 2] < (left + right) / 2)).sum()) / rows),
        min(2.0, float((level & (text[:, 0] > (left + right) / 2)).sum()) / rows),
        sides,
    )


def _pitch(lines: NDArray[np.float64], height: float) -> float:
    least, usual, most = (share * height for share in PITCH)
    steps = np.diff(np.sort((lines[:, 1] + lines[:, 3]) / 2))
    steps = steps[steps > 0.8 * height]
    return min(max(float(np.median(steps)), least), most) if len(steps) else usual
