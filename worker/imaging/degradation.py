"""The degradation of a page: noise, uneven light and blur, measured on samples in about 30 ms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.same_picture import grey_of
from worker.page import Pixels
from worker.percentiles import grey_percentiles

Grey = NDArray[np.uint8]

TILE = 256
"""Pixels: side of the sampled squares."""

TILES_DOWN, TILES_ACROSS = 5, 4

SPECK_CONTRAST = 15
"""Grey values by which a speck is darker or lighter than all its neighbours."""

IMPULSE_CONTRAST = 60
"""The same for a pixel that is no part of what was on the paper: far more than a camera's noise."""

BLANK_CONTRAST = 25
"""Grey values between the lightest and the darkest of blank paper, including its grain."""

EDGE_CONTRAST = 50
"""Grey values from dark to light across an edge that is used to measure sharpness."""

EDGE_REACH = 9
"""Pixels: the square in which an edge's dark and light are searched for."""

STEP_SLOPE = 2.5066
"""sqrt(2 pi): a step blurred by a Gaussian of sigma rises by 1 / (sigma * this) of its height per pixel at most."""

SOBEL_SCALE = 8.0
"""What Sobel's weights sum up to: its value over this is the slope in grey values a pixel."""

FEWEST_EDGES = 50

COARSE_SIDE = 300
"""Pixels: the long side of the picture on which light is measured."""

COARSE_INK = 9
"""Pixels of the coarse picture: no stroke is wider, so the brightest of a square this large is background."""


@dataclass(frozen=True)
class Degradation:
    """The measured degradation of a page.

    Attributes:
        specks: Isolated dark or light pixels, per 1,000.
        blur: Sigma of the Gaussian that would make a page's edges as soft as they are, in pixels; an ideal scan has
            about 0.8. 0 where there are too few edges to measure.
        light: The darkest background over the brightest, 0 to 1; 1 is evenly lit.
        dust: Specks on blank background, per 1,000 pixels; corners of small print are specks, but not dust.
        impulses: Those of the dust that are far darker or lighter than all around them.
    """

    specks: float
    blur: float
    light: float
    dust: float = 0.0
    impulses: float = 0.0


def measure_degradation(pixels: Pixels) -> Degradation:
    """Measure a page.

    Args:
        pixels: Of any size; twenty squares of it and a small copy are analysed.
    """
    grey = grey_of(pixels)
    tiles = [np.ascontiguousarray(tile) for tile in _tiles(grey)]
    calm = [np.asarray(cv2.medianBlur(tile, 3), np.uint8) for tile in tiles]
    blank = [_blank(tile) for tile in calm]
    lone = [isolation_of(tile) for tile in tiles]
    specks = [own > SPECK_CONTRAST for own in lone]
    dust = [own & paper for own, paper in zip(specks, blank, strict=True)]
    impulses = [(own > IMPULSE_CONTRAST) & paper for own, paper in zip(lone, blank, strict=True)]
    edges = np.concatenate([_edge_sigmas(tile) for tile in calm])
    blur = float(np.median(edges)) if len(edges) >= FEWEST_EDGES else 0.0
    return Degradation(1000 * _share(specks), blur, _light(grey), 1000 * _share(dust), 1000 * _share(impulses))


def _share(masks: Sequence[NDArray[np.bool_]]) -> float:
    """Mean share of some masks that is set."""
    return float(np.mean([np.count_nonzero(mask) / mask.size for mask in masks]))


def isolation_of(grey: Grey) -> Grey:
    """Grey values by which each pixel is darker or lighter than all of its eight neighbours; 0 where it is neither."""
    ring = np.ones((3, 3), np.uint8)
    ring[1, 1] = 0
    lighter, darker = cv2.subtract(grey, cv2.dilate(grey, ring)), cv2.subtract(cv2.erode(grey, ring), grey)
    return np.asarray(np.maximum(lighter, darker), np.uint8)


def _blank(calm: Grey) -> NDArray[np.bool_]:
    """Pixels of a picture without specks around which there is no ink."""
    around = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.subtract(cv2.dilate(calm, around), cv2.erode(calm, around)) < BLANK_CONTRAST)


def _tiles(grey: Grey) -> list[Grey]:
    height, width = grey.shape
    tops = np.unique(np.linspace(0, max(0, height - TILE), TILES_DOWN).astype(int))
    lefts = np.unique(np.linspace(0, max(0, width - TILE), TILES_ACROSS).astype(int))
    return [grey[top : top + TILE, left : left + TILE] for top in tops for left in lefts]


def _edge_sigmas(grey: Grey) -> NDArray[np.float32]:
    """The blur of each edge that is the steepest of its surroundings.

    Slopes are compared by their squares, whole numbers below 2^24: OpenCV rounds fractions depending on memory
    layout, and equal pages would be measured differently.
    """
    around = np.ones((EDGE_REACH, EDGE_REACH), np.uint8)
    rise = np.asarray(cv2.subtract(cv2.dilate(grey, around), cv2.erode(grey, around)), np.uint8)
    if int(rise.max()) <= EDGE_CONTRAST:
        return np.zeros(0, np.float32)
    down, across = (cv2.Sobel(grey, cv2.CV_16S, *way).astype(np.float32) for way in ((0, 1), (1, 0)))
    steep = down**2 + across**2
    edges = (steep >= cv2.dilate(steep, np.ones((7, 7), np.uint8))) & (rise > EDGE_CONTRAST)
    return np.asarray(rise[edges].astype(np.float32) / (np.sqrt(steep[edges]) / SOBEL_SCALE * STEP_SLOPE), np.float32)


def _light(grey: Grey) -> float:
    background = coarse_background(grey)
    dark, bright = grey_percentiles(np.asarray(background, np.uint8), (5, 95))
    return dark / max(bright, 1.0)


def coarse_background(picture: Pixels | Grey) -> Pixels | Grey:
    """A small copy of a page without its ink: paper, and the shadows on it."""
    scale = min(1.0, COARSE_SIDE / max(picture.shape[:2]))
    columns, rows = (max(1, round(side * scale)) for side in (picture.shape[1], picture.shape[0]))
    small = cv2.resize(cv2.medianBlur(picture, 3), (columns, rows), interpolation=cv2.INTER_AREA)
    brightest = cv2.dilate(small, np.ones((COARSE_INK, COARSE_INK), np.uint8))
    return np.asarray(cv2.medianBlur(brightest, 2 * COARSE_INK - 1), np.uint8)
