"""A page whose lines are level: turned by the skew that was left in it, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Pixels, Quad

LEVEL_ENOUGH = 1.0
"""Degrees; a smaller skew is left in, for over a line's length it is less than its height."""

WHITE = (255, 255, 255)


@dataclass(frozen=True)
class LevelPage:
    """See the module.

    Attributes:
        pixels: Larger than the page by the corners that the turn moved outside.
        quads: The page's quads, in those pixels.
        matrix: 2 x 3, from the page's coordinates to the level ones.
    """

    pixels: Pixels
    quads: tuple[Quad, ...]
    matrix: NDArray[np.float64] | None

    def back(self, quad: Quad) -> Quad:
        """A quad of the level page, in pixels of the page that was levelled."""
        if self.matrix is None:
            return quad
        turn, shift = self.matrix[:, :2], self.matrix[:, 2]
        return np.asarray((quad - shift) @ turn, np.float32)  # a rotation's inverse is its transpose


def level_page(pixels: Pixels, quads: Sequence[Quad], skew: float) -> LevelPage:
    """Turn a page back by its skew.

    Args:
        pixels: Of an upright page.
        quads: On it.
        skew: Degrees clockwise by which its lines fall.
    """
    if abs(skew) < LEVEL_ENOUGH:
        return LevelPage(pixels, tuple(quads), None)
    height, width = pixels.shape[:2]
    cos, sin = np.cos(np.radians(skew)), np.sin(np.radians(skew))
    turn = np.array([[cos, sin], [-sin, cos]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T
    shift = -corners.min(axis=0)
    size = np.ceil(corners.max(axis=0) + shift).astype(int)
    matrix = np.hstack([turn, shift[:, None]])
    level = cv2.warpAffine(pixels, matrix, (int(size[0]), int(size[1])), borderValue=WHITE)
    turned = tuple(np.asarray(quad @ turn.T + shift, np.float32) for quad in quads)
    return LevelPage(np.asarray(level, np.uint8), turned, matrix)
