"""Preparation of degraded pages: noise and uneven light are removed. Other pages are returned unchanged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.protocols import Detector
from worker.imaging.degradation import (
    IMPULSE_CONTRAST,
    Degradation,
    coarse_background,
    isolation_of,
    measure_degradation,
)
from worker.page import Pixels

MUCH_DUST = 0.5
"""Specks on blank background per 1,000 pixels from which a page counts as noisy; 18 clean pages had .51 at most."""

PEPPERED = 2.0
"""Impulses per 1,000 pixels from which lines are not found without cleaning."""

IMPULSE_ROUNDS = 2
"""How often impulses are taken out: those beside another one are alone after the first round."""

UNEVEN_LIGHT = 0.8
"""The darkest background over the brightest, below which light is evened."""

SOFT_EDGES = 1.25
"""Pixels of blur from which a page's lines are soft; sharp scans have 0.8, ordinary receipts up to 1.2."""

PAPER = 235.0
"""Grey value of the evened background: that of white paper in scans."""


@dataclass(frozen=True)
class Prepared:
    """A page prepared for reading.

    Attributes:
        pixels: Cleaned, not moved: boxes on them are boxes on the page.
        steps: The steps done, in order; empty where none was needed.
        degradation: Measured on the original page.
        warnings: Sentences for the result's metadata.
    """

    pixels: Pixels
    steps: tuple[str, ...]
    degradation: Degradation
    warnings: tuple[str, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether the lines themselves are degraded: noise or blur, which cleaning does not remove."""
        return not {"impulses", "noise"}.isdisjoint(self.steps) or self.degradation.blur > SOFT_EDGES

    def detector_for(self, detector: Detector) -> Detector:
        """The detector for the cleaned page: the degraded one where the page was degraded and there is one."""
        return (detector.degraded_detector if self.steps or self.degraded else None) or detector


def prepare(pixels: Pixels, degradation: Degradation | None = None) -> Prepared:
    """Clean a page by its measured degradation.

    Args:
        pixels: In any orientation; neither rotated nor deskewed here.
        degradation: Where it is measured already.
    """
    degradation = degradation or measure_degradation(pixels)
    clean = pixels
    steps: list[str] = []
    if degradation.impulses >= MUCH_DUST:
        clean = without_impulses(clean)
        steps.append("impulses")
    if degradation.dust - degradation.impulses >= MUCH_DUST:
        clean = without_specks(clean)
        steps.append("noise")
    if degradation.light < UNEVEN_LIGHT:
        clean = evened(clean)
        steps.append("light")
    return Prepared(clean, tuple(steps), degradation)


def without_impulses(pixels: Pixels) -> Pixels:
    """The page with the pixels that are far darker or lighter than all around them replaced; all else stays sharp."""
    for _ in range(IMPULSE_ROUNDS):
        lone = isolation_of(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)) > IMPULSE_CONTRAST
        pixels = np.where(lone[..., np.newaxis], cv2.medianBlur(pixels, 3), pixels)
    return np.asarray(pixels, np.uint8)


def without_specks(pixels: Pixels) -> Pixels:
    """The page through a median of 3 x 3, which removes single pixels and keeps strokes."""
    return np.asarray(cv2.medianBlur(pixels, 3), np.uint8)


def evened(pixels: Pixels) -> Pixels:
    """The page divided by its background, so that shadows and yellowed paper become white."""
    height, width = pixels.shape[:2]
    background = cv2.resize(coarse_background(pixels), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(pixels, np.maximum(background, 1), scale=PAPER), np.uint8)
