"""Text detection with a differentiable-binarisation network: from pixels to quads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engines.ppocr.network import Network
from worker.engines.ppocr.upsampling import joined
from worker.imaging.ink import LetterInk, letter_ink_of, rows_outside, share_in_lines
from worker.page import Pixels, Quad

Floats = NDArray[np.float32]

STRIDE = 32
"""Pixels: the network halves its input five times."""

MIN_REGION = 3
"""Pixels of the heat map: thinner regions are specks."""

LEAST_SIZE = 0.6
"""Of the sides of a page of large letters to what they would be with small ones."""

LEAST_INSIDE = 0.95
"""Share of the letters' ink that lies in the lines found on a shrunk page; where it is less, the page is looked at
again without shrinking it. One of ten receipts has less at either size, for stamps and scribbles."""

LEAST_CONTRAST = 16
"""Grey values between the darkest and the lightest pixel of a picture that shows anything. The network's answer to a
picture of one colour is arbitrary: half of a white one may count as text."""


@dataclass(frozen=True)
class DetectionSettings:
    """What detection weighs.

    Attributes:
        long_side: Pixels; larger pages are shrunk to it, which also bounds the memory.
        short_side: Pixels; smaller pages are enlarged to it, for letters of a few pixels are not found.
        letters: Pixels; a page of larger letters is shrunk until most are as high, for the time goes with the area.
            0 for never.
        ink: Probability from which a pixel counts as text.
        score: Mean probability below which a region is not text.
        unclip: How far regions, which the network learnt shrunk, are grown, in areas per perimeter.
        regions: Most regions looked at.
    """

    long_side: int = 1600
    short_side: int = 736
    letters: float = 12.0
    ink: float = 0.3
    score: float = 0.5
    unclip: float = 1.6
    regions: int = 3000


def find_quads(network: Network, pixels: Pixels, settings: DetectionSettings) -> list[Quad]:
    """Quads of the text lines, in pixels of the page, each from the corner at its top left.

    After Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", arXiv:1911.08947.
    """
    usual = _scale(pixels, settings)
    if not settings.letters:
        return _found(network, pixels, usual, settings)
    ink = letter_ink_of(pixels)
    scale = usual * _room(ink.letter_height * usual, settings.letters)
    quads = _found(network, pixels, scale, settings)
    if scale < usual and _misses_text(ink, quads):
        quads = _found(network, pixels, usual, settings)
    return quads


def _misses_text(ink: LetterInk, quads: Sequence[Quad]) -> bool:
    """Whether a part of the letters, or a row of small print, is outside the lines."""
    return share_in_lines(ink, quads) < LEAST_INSIDE or bool(rows_outside(ink, quads, least_share=0.0))


def _scale(pixels: Pixels, settings: DetectionSettings) -> float:
    """Of the picture that is looked at, to the page."""
    longer, shorter = max(pixels.shape[:2]), min(pixels.shape[:2])
    return float(min(max(1.0, settings.short_side / shorter), settings.long_side / longer))


def _room(letters: float, enough: float) -> float:
    """The factor by which a page may be shrunk for its letters' height; 1 where that is not known."""
    return min(1.0, max(LEAST_SIZE, enough / letters)) if letters else 1.0


def _found(network: Network, pixels: Pixels, scale: float, settings: DetectionSettings) -> list[Quad]:
    height, width = pixels.shape[:2]
    small = _resized(pixels, scale)
    if int(small.max()) - int(small.min()) < LEAST_CONTRAST:
        return []
    heat = joined(network(small[np.newaxis])[0][0])
    stretch = np.array([width / heat.shape[1], height / heat.shape[0]], np.float32)
    mask = (heat > settings.ink).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = []
    for contour in contours[: settings.regions]:
        (centre, (w, h), angle) = cv2.minAreaRect(contour)
        if min(w, h) < MIN_REGION:
            continue
        corners = np.asarray(cv2.boxPoints((centre, (w, h), angle)), np.float32)
        if _mean_inside(heat, corners) < settings.score:
            continue
        grow = 2 * w * h * settings.unclip / (2 * (w + h))
        quad = cv2.boxPoints((centre, (w + grow, h + grow), angle)) * stretch
        quads.append(from_top_left(quad))
    return quads


def _resized(pixels: Pixels, scale: float) -> Pixels:
    height, width = pixels.shape[:2]
    rows, columns = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (height, width))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (columns, rows), interpolation=way), np.uint8)


def _mean_inside(heat: Floats, corners: Floats) -> float:
    low = np.floor(corners.min(0)).astype(int).clip(0)
    high = np.ceil(corners.max(0)).astype(int) + 1
    part = heat[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def from_top_left(corners: Floats) -> Quad:
    """Order four corners clockwise, the one at the top left first."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left = left[np.argsort(left[:, 1])]
    right = right[np.argsort(right[:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)
