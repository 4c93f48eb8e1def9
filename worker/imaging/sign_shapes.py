"""Ticks, dots, rings, squares and dashes told by their shape: signs that stand alone, as in the cells of a table."""

from __future__ import annotations

from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.geometry import Bounds
from worker.page import Pixels

CONTRAST = 60
"""Grey values between a sign and its paper."""

LEAST_SIDE, DRAWN_SIDE = 4, 96
"""Pixels: smaller signs have no shape; and the size to which others are enlarged, so that grey rims tell theirs."""

LEAST_SHARE = 0.9
"""Of the ink in a sign's box that is the sign itself."""

ROUND, SQUARE = 1.2, 0.95
"""Most that a round or square sign's longer side is of the other; and share of its box that a square fills."""

ROUND_FILL = (0.84, 1.1)
"""Area of a dot in that of the ellipse in its box, from and to."""

RING_HOLE = 0.5
"""Share of a ring's outline that its hole has at least: the letter o is drawn with a heavier stroke."""

BULLET = 0.26
"""Width, in heights of the page's lines, from which a dot is a large one."""

LOWEST = (0.12, 0.55)
"""Where across a tick its lowest point is, from and to."""

SHORT_ARM = (0.2, 0.85)
"""How far down the left arm of a tick begins, from and to: that of a v begins at the top."""

HIGHEST, TICK_FILL = 0.75, 0.62
"""Where across a tick its highest point is at least; and the most of its box that is ink."""

BENT = 0.2
"""Share of a tick's height by which its right arm may fall again at its end."""

DASH_SHAPE, DASH_FILL = 2.0, 0.8
"""Width of a dash in its height at least, and the share of its box that is ink."""

DASHES = ((0.22, "-"), (0.45, "–"), (1.0, "—"))
"""Widths, in heights of the page's lines, up to which a level stroke is each: a detector's boxes are 1.6 to 1.8 times
as high as the type's size, of which dashes take a third, a half and all."""

TICK, DOT, SMALL_DOT, RING, BLOCK = "✓", "●", "•", "○", "■"

Mask = NDArray[np.bool_]


def sign_in(pixels: Pixels, box: Bounds, line_height: float) -> str | None:
    """The sign that stands in a box, alone; None for anything else.

    Args:
        pixels: The upright page, dark on light.
        box: Around the sign.
        line_height: Usual height of the page's lines, in pixels.
    """
    left, top = max(round(box.left), 0), max(round(box.top), 0)
    grey = cv2.cvtColor(pixels[top : round(box.bottom) + 1, left : round(box.right) + 1], cv2.COLOR_BGR2GRAY)
    if min(grey.shape) < LEAST_SIDE or int(grey.max()) - int(grey.min()) < CONTRAST:
        return None
    factor = max(1, DRAWN_SIDE // min(grey.shape))
    large = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    _, dark = cv2.threshold(large, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    count, labels, pieces, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    if count < 2:
        return None
    largest = 1 + int(pieces[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, area = pieces[largest].tolist()
    if max(width, height) < LEAST_SIDE * factor or area < LEAST_SHARE * pieces[1:, cv2.CC_STAT_AREA].sum():
        return None
    own = np.asarray(labels[y : y + height, x : x + width] == largest)
    if width >= DASH_SHAPE * height and float(own.mean()) >= DASH_FILL:
        return next((dash for widest, dash in DASHES if width <= widest * line_height * factor), None)
    if min(width, height) < LEAST_SIDE * factor:
        return None
    if max(width, height) <= ROUND * min(width, height) and (sign := _round_or_square(own)):
        return SMALL_DOT if sign == DOT and width < BULLET * line_height * factor else sign
    return TICK if _is_tick(own) else None


def _round_or_square(own: Mask) -> str | None:
    contours, tree = cv2.findContours(own.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = [contour for contour, (_, _, _, parent) in zip(contours, tree[0], strict=True) if parent >= 0]
    filled = own.astype(np.uint8)
    cv2.drawContours(filled, holes, -1, (1,), cv2.FILLED)
    outline = float(np.count_nonzero(filled))
    is_round = ROUND_FILL[0] <= outline / (pi / 4 * own.size) <= ROUND_FILL[1]
    if not holes:
        return BLOCK if outline >= SQUARE * own.size else DOT if is_round else None
    hole = outline - np.count_nonzero(own)
    return RING if is_round and len(holes) == 1 and hole >= RING_HOLE * outline else None


def _is_tick(own: Mask) -> bool:
    """Whether ink goes down a little, and then up to the right as far as it is high."""
    height, width = own.shape
    if float(own.mean()) > TICK_FILL or float(np.flatnonzero(own[0]).mean()) < HIGHEST * width:
        return False
    turn = float(np.flatnonzero(own[-1]).mean())
    if not LOWEST[0] * width <= turn <= LOWEST[1] * width:
        return False
    tops = own.argmax(axis=0)
    arm = float(tops[: max(1, int(turn))].min()) / height
    right = tops[int(turn) :]
    falls = right - np.minimum.accumulate(right)  # a thick stroke's end bends down a little
    return bool(SHORT_ARM[0] <= arm <= SHORT_ARM[1] and falls.max() <= BENT * height)
