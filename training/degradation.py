"""What paper, cameras, copiers and compression do to a printed line, and what a page's preparation does against it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.random_source import RandomSource
from worker.page import Pixels

Floats = NDArray[np.float32]

WHITES, BLACKS, FAINT = (200, 255), (0, 90), (90, 150)
"""Grey values of paper, of ink, and of faint ink."""

FAINT_SHARE = 0.15
MOST_BLUR = 0.085
"""Sigma over the font's size, beyond which nobody can read."""

BLURS = (0.3, 2.6)
"""Sigma in pixels."""

SMEAR_SHARE = 0.08
"""Of blurred lines: drawn out sideways, as a moved camera leaves them."""

SMALLEST_HALVED = 20
"""Pixels of font size: smaller type is lost at half its size."""

SPECKLED, MENDED = 0.55, 0.75
"""Shares of lines with salt and pepper, and of these put through the median that preparation applies."""

FEW_SPECKLES, ANY_SPECKLES = (0.004, 0.012), (0.001, 0.03)
"""Shares of pixels."""

JPEG_SHARE, QUALITIES = 0.6, (10, 15, 15, 15, 20, 30, 50, 75)
EVENED = 0.3
"""Of lines whose paper is made near white, as evening the light leaves it."""

EVENED_PAPER, PAPER_PERCENTILE = 235.0, 90


def degraded(ink: Floats, size: int, rng: RandomSource) -> Pixels:
    """A degraded line on paper.

    Args:
        ink: 0 ground to 255 ink.
        size: Of the font, in pixels.
        rng: Draws.
    """
    page = _on_paper(ink, rng)
    for share, degradation in DEGRADATIONS:
        if rng.happens(share):
            page = degradation(page, size, rng)
    speckled = rng.happens(SPECKLED)
    if speckled:
        page = _speckled(page, rng)
    if rng.happens(0.2):
        page = page + rng.arrays.normal(0, rng.uniform(1, 14), page.shape).astype(np.float32)
    pixels = np.asarray(cv2.cvtColor(np.clip(page, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.happens(JPEG_SHARE):
        pixels = _compressed(pixels, rng.choice(QUALITIES))
    if speckled and rng.happens(MENDED):
        pixels = np.asarray(cv2.medianBlur(pixels, 3), np.uint8)
    return _evened(pixels) if rng.happens(EVENED) else pixels


def _on_paper(ink: Floats, rng: RandomSource) -> Floats:
    white = rng.uniform(*WHITES)
    black = rng.uniform(*(FAINT if rng.happens(FAINT_SHARE) else BLACKS))
    return white - ink / np.float32(255) * np.float32(white - black)


def _inverted(page: Floats, _size: int, _chance: RandomSource) -> Floats:
    return 255 - page


def _grained(page: Floats, _size: int, rng: RandomSource) -> Floats:
    """Paper's own grain."""
    grain = rng.arrays.normal(0, rng.uniform(5, 40), page.shape).astype(np.float32)
    return np.asarray(page + cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.6, 3)), np.float32)


def _shaded(page: Floats, _size: int, rng: RandomSource) -> Floats:
    """A shadow's edge, soft or hard, across the line."""
    rows, columns = np.mgrid[0 : page.shape[0], 0 : page.shape[1]].astype(np.float32)
    way = rng.uniform(0, 2 * np.pi)
    along = columns * np.cos(way) + rows * np.sin(way)
    along = (along - along.min()) / max(float(np.ptp(along)), 1.0)
    edge = 1 / (1 + np.exp(-(along - rng.uniform(-0.5, 1.5)) * rng.uniform(0.5, 14)))
    return np.asarray(page * (1 - rng.uniform(0.1, 0.75) * edge), np.float32)


def _halved(page: Floats, size: int, _chance: RandomSource) -> Floats:
    """Half the resolution, brought back to the size."""
    if size < SMALLEST_HALVED:
        return page
    small = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(small, page.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _blurred(page: Floats, size: int, rng: RandomSource) -> Floats:
    sigma = min(rng.uniform(*BLURS), MOST_BLUR * size)
    if rng.happens(SMEAR_SHARE):
        return np.asarray(cv2.blur(page, (max(1, round(2 * sigma)), 1)), np.float32)
    return np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.float32)


def _flattened(page: Floats, _size: int, rng: RandomSource) -> Floats:
    """Little contrast."""
    return np.asarray(rng.uniform(110, 180) + (page - page.mean()) * rng.uniform(0.25, 0.6), np.float32)


DEGRADATIONS: tuple[tuple[float, Callable[[Floats, int, RandomSource], Floats]], ...] = (
    (0.05, _inverted),
    (0.12, _grained),
    (0.50, _shaded),
    (0.12, _halved),
    (0.85, _blurred),
    (0.15, _flattened),
)
"""In the order in which they befall a page, each with the share of lines that it befalls."""


def _speckled(page: Floats, rng: RandomSource) -> Floats:
    """Salt and pepper, half each."""
    share = rng.uniform(*(ANY_SPECKLES if rng.happens(0.5) else FEW_SPECKLES))
    drawn = rng.arrays.random(page.shape)
    return np.where(drawn < share / 2, 0, np.where(drawn > 1 - share / 2, 255, page)).astype(np.float32)


def _compressed(pixels: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _evened(pixels: Pixels) -> Pixels:
    paper = max(float(np.percentile(pixels, PAPER_PERCENTILE)), 1.0)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=EVENED_PAPER / paper), np.uint8)
