"""Find lines on a worn page: on a smaller picture, where blur and noise shrink away, and in full contrast."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engines.protocols import Detector
from worker.page import Pixels, Quad

SHARP_BLUR = 0.8
"""Pixels of blur that detectors know from sharp pages; a page is shrunk until it has no more."""

SMALLEST = 0.5
"""Share of the page's size below which small print would be lost."""

INK_PERCENT, PAPER_PERCENT = 0.5, 60.0
"""Share of pixels that become black, and from which on all become white: paper is over half of most pages."""

COVERED = 0.3
"""Share of a line of the second look that the first look's cover, from which it is the same line or another's rim."""

LEAST_RANGE = 20
"""Grey values between ink and paper; less is an empty page, whose noise is not to be blown up."""


class WornPageDetector:
    """A detector for a worn page: looks twice, and adds what only the second look finds.

    On the page as it is, boxes are exact; on a smaller one in full contrast, fewer lines are missed.

    Args:
        detector: Finds the lines.
        blur: The page's, in pixels.
    """

    def __init__(self, detector: Detector, blur: float) -> None:
        self._detector = detector
        self._scale = min(1.0, max(SMALLEST, SHARP_BLUR / max(blur, SHARP_BLUR)))

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """See :class:`worker.engines.protocols.Detector`; quads are in pixels of the page given."""
        found = self._detector.find_lines(pixels)
        height, width = pixels.shape[:2]
        columns, rows = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        small = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        back = np.array([width / columns, height / rows], np.float32)
        taken = np.zeros((rows, columns), np.uint8)
        cv2.fillPoly(taken, [_rounded(quad / back) for quad in found], 1)
        second = self._detector.find_lines(stretched(small))
        missed = [quad for quad in second if _covered(taken, quad) < COVERED]
        return [*found, *(np.asarray(quad * back, np.float32) for quad in missed)]


def _rounded(quad: Quad) -> NDArray[np.int32]:
    return np.round(quad).astype(np.int32)


def _covered(mask: NDArray[np.uint8], quad: Quad) -> float:
    """The share of a quad that a mask of ones covers; 1 where it has no area on it."""
    left, top = np.floor(quad.min(0)).astype(int).clip(0)
    right, bottom = np.ceil(quad.max(0)).astype(int) + 1
    part = mask[top:bottom, left:right]
    own = np.zeros_like(part)
    cv2.fillPoly(own, [_rounded(quad - (left, top))], 1)
    return float((part & own).sum() / own.sum()) if own.any() else 1.0


def stretched(pixels: Pixels) -> Pixels:
    """The page with its paper white and its ink black."""
    ink, paper = np.percentile(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (INK_PERCENT, PAPER_PERCENT))
    if paper - ink < LEAST_RANGE:
        return pixels
    table = ((np.arange(256) - ink) * (255 / (paper - ink))).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), np.uint8)
