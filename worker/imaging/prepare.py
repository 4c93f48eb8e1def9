"""Clean a worn page before it is read: noise, uneven light, blur. Pages that need nothing come back as they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.protocols import Detector
from worker.imaging.degradation import Degradation, coarse_ground, wear_of
from worker.page import Pixels

MUCH_DUST = 0.5
"""Specks on blank ground per 1,000 pixels from which a page is taken for noisy; 18 clean pages had .51 at most."""

UNEVEN_LIGHT = 0.8
"""The darkest ground over the brightest below which light is evened."""

SOFT_EDGES = 1.25
"""Pixels of blur from which a page's lines are soft; sharp scans have 0.8, receipts as they are up to 1.2."""

PAPER = 235.0
"""Grey value that even ground is given: what scanners make of white paper."""


@dataclass(frozen=True)
class Prepared:
    """A page made ready to be read.

    Attributes:
        pixels: Clean, each pixel in its place: boxes found on them are boxes on the page.
        steps: What was done, in order; empty where nothing was.
        wear: What was measured on the page as it came.
        warnings: Sentences for the result's metadata.
    """

    pixels: Pixels
    steps: tuple[str, ...]
    wear: Degradation
    warnings: tuple[str, ...] = ()

    @property
    def worn(self) -> bool:
        """Whether the lines themselves suffered: noise or blur, which no cleaning takes off."""
        return "noise" in self.steps or self.wear.blur > SOFT_EDGES

    def finder(self, detector: Detector) -> Detector:
        """What finds the lines of the clean picture: the detector itself, unless the page is worn."""
        return (detector.degraded_detector if self.steps or self.worn else None) or detector


def prepare(pixels: Pixels) -> Prepared:
    """Clean a page by what it suffered.

    Args:
        pixels: Any way up; neither turned nor straightened here.
    """
    wear = wear_of(pixels)
    clean = pixels
    steps: list[str] = []
    if wear.dust >= MUCH_DUST:
        clean = without_specks(clean)
        steps.append("noise")
    if wear.light < UNEVEN_LIGHT:
        clean = evened(clean)
        steps.append("light")
    return Prepared(clean, tuple(steps), wear)


def without_specks(pixels: Pixels) -> Pixels:
    """The page through a median of 3 x 3, which takes single pixels off and leaves strokes."""
    return np.asarray(cv2.medianBlur(pixels, 3), np.uint8)


def evened(pixels: Pixels) -> Pixels:
    """The page divided by its ground, so that shadows and yellowed paper become white."""
    height, width = pixels.shape[:2]
    ground = cv2.resize(coarse_ground(pixels), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(pixels, np.maximum(ground, 1), scale=PAPER), np.uint8)
