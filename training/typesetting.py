"""One line of text set between its neighbours, with the box that a detector might find around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.random_source import RandomSource
from worker.page import Quad

Floats = NDArray[np.float32]

INK = 255
"""As drawn, on a ground of 0."""

SPACES = {1: 90, 2: 7, 3: 3}
"""How wide a line's gaps are, in spaces, by share: columns of a table and justified text are wider."""

NEIGHBOUR_SHARE = 0.75
LINE_STEPS = (1.05, 1.9)
"""From line to line, in font sizes; the closest reach into each other's crops."""

RULE_SHARE, RULE_UNDER = 0.08, 0.7
"""Of lines with a ruled line beside them, and of these with it under the text rather than over it."""

SQUEEZE_SHARE, SQUEEZE = 0.4, (0.75, 1.2)
"""Of the width: receipts' printers and forms set type narrower or wider than its maker drew it."""

STROKE_SHARE, THICKER = 0.15, 0.6
"""Of lines whose ink bleeds or starves, and of these with bleeding ink."""

HOLES_SHARE, HOLE_PIXELS = 0.15, 3
"""Of lines whose ink lacks in places, as thermal printers and dot matrices leave it."""

DOTTED_SHARE, SMALLEST_DOTTED = 0.15, 20
"""Of lines printed by a dot matrix, and the least font size in pixels: smaller type shows no dots."""

DOTS, LEAST_INK = (9.0, 14.0), (0.2, 0.4)
"""Dots in the font's size, and the share of a dot's cell that is ink where there is a dot."""

CELL = 12
"""Pixels in which a dot is drawn before it comes to its size."""

ACROSS, ALONG = (-0.04, 0.28), (-0.02, 0.5)
"""How far detectors' quads reach beyond the ink, in heights of the ink and font sizes; some cut into it."""

TURN_SHARE, MOST_TURN, SKEW = 0.65, 5.0, 0.5
"""Of lines turned by up to so many degrees; the others as pages straightened are, by a normal spread of degrees."""

QUAD_SPREAD = 0.02
"""In heights of the quad: how far its corners stand too high or too low."""


@dataclass(frozen=True)
class SetLine:
    """A line of text on a canvas.

    Attributes:
        ink: height x width, 0 ground to 255 ink.
        quad: Around the text.
    """

    ink: Floats
    quad: Quad


def set_line(text: str, neighbours: Sequence[str], font: ImageFont.FreeTypeFont, rng: RandomSource) -> SetLine:
    """The text with the neighbours, one above and one below, close enough to reach into its box.

    Args:
        text: One line.
        neighbours: Two; some are left out.
        font: At its size in pixels.
        rng: Draws.
    """
    size = font.size
    shown = text.replace(" ", " " * rng.by_share(SPACES))
    left, top, right, bottom = font.getbbox(shown)
    width, height, pad = int(right - left), int(bottom - top), int(size * 2)
    image = Image.new("L", (width + 2 * pad, height + 2 * pad), 0)
    pen, x, y = ImageDraw.Draw(image), pad - left, pad - top
    pen.text((x, y), shown, INK, font)
    step = size * rng.uniform(*LINE_STEPS)
    for way, neighbour in zip((-1, 1), neighbours, strict=True):
        if rng.happens(NEIGHBOUR_SHARE):
            pen.text((x + rng.uniform(-size, size), y + way * step), neighbour, INK, font)
    if rng.happens(RULE_SHARE):
        _rule(pen, image.width, pad, height, size, rng)
    above, below = (height * rng.uniform(*ACROSS) for _ in range(2))
    before, behind = (size * rng.uniform(*ALONG) for _ in range(2))
    x0, y0, x1, y1 = pad - before, pad - above, pad + width + behind, pad + height + below
    quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return SetLine(np.asarray(image, np.float32), quad)


def _rule(pen: ImageDraw.ImageDraw, width: int, pad: int, height: int, size: float, rng: RandomSource) -> None:
    """A ruled line under or over the text, a few pixels off."""
    y = pad + (height + rng.uniform(1, 5) if rng.happens(RULE_UNDER) else -rng.uniform(2, 6))
    pen.line((0, y, width, y), INK, max(1, round(size * rng.uniform(0.03, 0.1))))


def printed(line: SetLine, size: float, rng: RandomSource) -> SetLine:
    """The line as poor printers leave it: in dots, squeezed, with too much ink or too little.

    Args:
        line: As set.
        size: Of its font, in pixels.
        rng: Draws.
    """
    ink, quad = line.ink, line.quad
    if rng.happens(DOTTED_SHARE) and size >= SMALLEST_DOTTED:
        ink = _dotted(ink, size / rng.uniform(*DOTS), rng)
    if rng.happens(SQUEEZE_SHARE):
        squeeze = rng.uniform(*SQUEEZE)
        size = (round(ink.shape[1] * squeeze), ink.shape[0])
        ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
        quad = quad * np.array([squeeze, 1], np.float32)
    if rng.happens(STROKE_SHARE):
        kernel = np.ones((2, 2), np.uint8)
        thick, thin = cv2.dilate(ink, kernel), 0.6 * cv2.erode(ink, kernel) + 0.4 * ink
        ink = np.asarray(thick if rng.happens(THICKER) else thin, np.float32)
    if rng.happens(HOLES_SHARE):
        rows, columns = (side // HOLE_PIXELS + 1 for side in ink.shape)
        holes = cv2.resize(rng.arrays.random((rows, columns), np.float32), ink.shape[::-1])
        ink = ink * np.clip(0.4 + holes * rng.uniform(0.8, 1.6), 0, 1).astype(np.float32)
    return SetLine(ink, quad)


def _dotted(ink: Floats, step: float, rng: RandomSource) -> Floats:
    """The ink as dots, one in each cell of ``step`` pixels that has enough of it."""
    height, width = ink.shape
    cells = (max(1, round(width / step)), max(1, round(height / step)))
    dots = cv2.resize(ink, cells, interpolation=cv2.INTER_AREA) > INK * rng.uniform(*LEAST_INK)
    dot = np.zeros((CELL, CELL), np.float32)
    cv2.circle(dot, (CELL // 2, CELL // 2), round(CELL * rng.uniform(0.35, 0.6)), INK, -1)
    large = np.kron(dots.astype(np.float32), dot)
    return np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def turned(line: SetLine, rng: RandomSource) -> SetLine:
    """The canvas turned by a few degrees, the quad with it and a little beside itself."""
    degrees = rng.uniform(-MOST_TURN, MOST_TURN) if rng.happens(TURN_SHARE) else rng.gauss(0, SKEW)
    height, width = line.ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    columns, rows = int(height * sin + width * cos), int(height * cos + width * sin)
    turn[:, 2] += ((columns - width) / 2, (rows - height) / 2)
    ink = np.clip(cv2.warpAffine(line.ink, turn, (columns, rows), flags=cv2.INTER_CUBIC), 0, INK)
    quad = line.quad @ turn[:, :2].T + turn[:, 2]
    tall = line.quad[2, 1] - line.quad[1, 1]
    quad[:, 1] += rng.arrays.normal(0, QUAD_SPREAD * tall, 4)
    return SetLine(np.asarray(ink, np.float32), np.asarray(quad, np.float32))
