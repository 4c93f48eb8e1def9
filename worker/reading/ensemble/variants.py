"""Other ways to look at a line: what the reader may see better when its first look was not sure."""

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
        second_opinion: The page's second reader looks at it; passed over where there is none.
    """

    name: str
    make: Callable[[Pixels], Pixels]
    grow: float = 0.0
    second_opinion: bool = False


def same(crop: Pixels) -> Pixels:
    """The crop as it is."""
    return crop


def stretched(crop: Pixels) -> Pixels:
    """Contrast over the whole range of grey values."""
    dark, bright = np.percentile(crop, (DARK_PERCENT, BRIGHT_PERCENT))
    scale = FULL / max(float(bright - dark), LEAST_RANGE)
    return np.asarray(np.clip((crop.astype(np.float32) - dark) * scale, 0, FULL), np.uint8)


def coarser(crop: Pixels) -> Pixels:
    """Fewer pixels, on which blur and grain go and letters stay."""
    return coarse(crop, COARSER_ROWS)


def tight_and_coarse(crop: Pixels) -> Pixels:
    """Likewise, for a crop without its rim, where neighbouring lines reach in."""
    return coarse(crop, COARSE_ROWS)


def coarsest(crop: Pixels) -> Pixels:
    """As few pixels as letters can do with."""
    return coarse(crop, COARSEST_ROWS)


def smoothed(crop: Pixels) -> Pixels:
    """A slight blur, under which grain and blocks of compression go."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), SMOOTH_SIGMA), np.uint8)


def brightened(crop: Pixels) -> Pixels:
    """Greys lifted, which thins strokes that ran into each other."""
    return _bent(crop, BRIGHT_GAMMA)


def darkened(crop: Pixels) -> Pixels:
    """Greys lowered, which closes strokes that are faint or broken."""
    return _bent(crop, DARK_GAMMA)


def narrowed(crop: Pixels) -> Pixels:
    """The line a little narrower: its characters fall differently on the reader's steps."""
    return _widened(crop, NARROWER)


COARSER_ROWS, COARSEST_ROWS = 22, 14  # pixels
FULL = 255.0  # grey values
DARK_PERCENT, BRIGHT_PERCENT = 1, 99  # percentiles taken for black and white: single pixels do not count
LEAST_RANGE = 30.0  # grey values; stretching less shows nothing but noise
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
"""Names of the variants on which a blurred line shows more; on a sharp page they lose what the first reading saw."""


def ordered(variants: Sequence[Variant], readers: Readers) -> list[Variant]:
    """The variants for a page in the order for its readers: coarse ones first where they show more."""
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
