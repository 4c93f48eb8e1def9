"""Variants of a line's crop, for lines whose first reading was uncertain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.page import Pixels
from worker.reading.ensemble.readers import COARSE_ROWS, Readers, coarse


@dataclass(frozen=True)
class Variant:
    """One way to make a crop of a line.

    Attributes:
        name: For warnings.
        make: The line's crop to another crop of it.
        grow: The quad is widened by this share of its height on every side before the crop is cut.
        second_opinion: Read by the page's second reader; skipped where there is none.
    """

    name: str
    make: Callable[[Pixels], Pixels]
    grow: float = 0.0
    second_opinion: bool = False


def same(crop: Pixels) -> Pixels:
    """The crop unchanged."""
    return crop


def stretched(crop: Pixels) -> Pixels:
    """Contrast over the whole range of grey values."""
    dark, bright = np.percentile(crop, (DARK_PERCENT, BRIGHT_PERCENT))
    scale = FULL / max(float(bright - dark), LEAST_RANGE)
    return np.asarray(np.clip((crop.astype(np.float32) - dark) * scale, 0, FULL), np.uint8)


def coarser(crop: Pixels) -> Pixels:
    """Fewer pixels, which removes blur and grain and keeps letters."""
    return coarse(crop, COARSER_ROWS)


def tight_and_coarse(crop: Pixels) -> Pixels:
    """The same for a crop without its rim, into which neighbouring lines extend."""
    return coarse(crop, COARSE_ROWS)


def coarsest(crop: Pixels) -> Pixels:
    """The fewest pixels at which letters are readable."""
    return coarse(crop, COARSEST_ROWS)


def smoothed(crop: Pixels) -> Pixels:
    """A slight blur, which removes grain and compression blocks."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), SMOOTH_SIGMA), np.uint8)


def brightened(crop: Pixels) -> Pixels:
    """Lighter greys, which thins merged strokes."""
    return _bent(crop, BRIGHT_GAMMA)


def darkened(crop: Pixels) -> Pixels:
    """Darker greys, which closes faint or broken strokes."""
    return _bent(crop, DARK_GAMMA)


def narrowed(crop: Pixels) -> Pixels:
    """The line slightly narrower: its characters are aligned differently to the reader's steps."""
    return _widened(crop, NARROWER)


COARSER_ROWS, COARSEST_ROWS = 22, 14  # pixels
FULL = 255.0  # grey values
DARK_PERCENT, BRIGHT_PERCENT = 1, 99  # percentiles taken for black and white: single pixels are ignored
LEAST_RANGE = 30.0  # grey values; stretching a smaller range amplifies noise
SMOOTH_SIGMA = 0.8  # pixels
BRIGHT_GAMMA, DARK_GAMMA = 0.6, 1.7
NARROWER = 0.85  # share of the width

VARIANTS = (
    Variant("second opinion", same, second_opinion=True),
    Variant("smoothed", smoothed),
    Variant("narrower", narrowed),
    Variant("coarse", coarser),
    Variant("tight", tight_and_coarse, grow=-0.06),
    Variant("grown", same, grow=0.15),
    Variant("brighter", brightened),
    Variant("darker", darkened),
    Variant("stretched", stretched),
    Variant("coarsest", coarsest),
)
"""In the order in which they are tried; a line is read at most ten times."""

COARSE = ("coarse", "tight", "coarsest")
"""Names of the variants that are better on blurred lines and worse on sharp ones."""


def ordered(variants: Sequence[Variant], readers: Readers) -> list[Variant]:
    """The variants in the order for a page's readers: coarse ones first where they are read better."""
    usable = [variant for variant in variants if readers.second or not variant.second_opinion]
    if not readers.coarse:
        return usable
    return sorted(usable, key=lambda variant: not variant.second_opinion and variant.name not in COARSE)


def _bent(crop: Pixels, gamma: float) -> Pixels:
    table = (np.linspace(0.0, 1.0, 256) ** gamma * FULL).round().astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


def _widened(crop: Pixels, share: float) -> Pixels:
    height, width = crop.shape[:2]
    return np.asarray(cv2.resize(crop, (max(1, round(width * share)), height), interpolation=cv2.INTER_CUBIC), np.uint8)
