"""Crops of text lines, rectified by their quads."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist

import cv2
import numpy as np

from worker.page import Pixels, Quad

MIN_SIDE = 1.0
"""Pixels; a quad is never thinner, so that a crop always has a pixel."""


def quad_size(quad: Quad) -> tuple[float, float]:
    """Width along the text and height across it, in pixels, the longer of the opposite sides."""
    a, b, c, d = quad.tolist()
    return max(dist(a, b), dist(c, d), MIN_SIDE), max(dist(d, a), dist(b, c), MIN_SIDE)


def cut_line(pixels: Pixels, quad: Quad) -> Pixels:
    """The rectified text of a quad, at the page's own resolution.

    Args:
        pixels: The page.
        quad: In pixels of that page; what is outside is filled with the background colour, because letters cut off at
            the edge would be stretched into others.

    Returns:
        height x width x 3, at least one pixel each way.
    """
    width, height = (max(1, round(side)) for side in quad_size(quad))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), corners)
    crop = cv2.warpPerspective(
        pixels,
        warp,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_background(pixels, quad),
    )
    return np.asarray(crop, np.uint8)


def _background(pixels: Pixels, quad: Quad) -> tuple[float, ...]:
    """The median colour around a quad, BGR; computed only where the quad leaves the page."""
    height, width = pixels.shape[:2]
    (left, top), (right, bottom) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return (0.0, 0.0, 0.0)
    part = pixels[min(max(top, 0), height - 1) : max(bottom, 1), min(max(left, 0), width - 1) : max(right, 1)]
    return tuple(float(value) for value in np.median(part.reshape(-1, 3), axis=0))


def span_quad(quad: Quad, left: float, right: float) -> Quad:
    """The part of a quad between two shares, 0 to 1, of its width: a word's box on its line."""
    return span_quads(quad, [(left, right)])[0]


def span_quads(quad: Quad, spans: Sequence[tuple[float, float]]) -> list[Quad]:
    """The parts of a quad between pairs of shares, 0 to 1, of its width: the words' boxes on their line."""
    if not spans:
        return []
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    shares = np.array(spans, quad.dtype)[:, :, None]
    upper, lower = quad[0] + shares * top, quad[3] + shares * bottom
    return list(np.concatenate([upper, lower[:, ::-1]], axis=1).astype(np.float32))
