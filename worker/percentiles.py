"""Medians and percentiles, as NumPy defines them, of few numbers and of grey values: many times faster there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

GREY_LEVELS = 256


def median(values: Iterable[float]) -> float:
    """Of at least one value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percentile(values: Iterable[float], percent: float) -> float:
    """Of at least one value; what lies between two of them is interpolated."""
    ordered = sorted(values)
    place = percent / 100 * (len(ordered) - 1)
    first = floor(place)
    return _between(ordered[first], ordered[min(first + 1, len(ordered) - 1)], place - first)


def grey_percentiles(grey: NDArray[np.uint8], percents: Sequence[float]) -> list[float]:
    """Of a picture with at least one pixel, from the number of its pixels of each grey value."""
    upto = np.cumsum(cv2.calcHist([grey], [0], None, [GREY_LEVELS], [0, GREY_LEVELS]).ravel().astype(np.int64))
    size = int(upto[-1])
    places = [percent / 100 * (size - 1) for percent in percents]
    ranks = [rank for place in places for rank in (floor(place), min(floor(place) + 1, size - 1))]
    found = np.searchsorted(upto, ranks, side="right").tolist()
    return [
        _between(low, high, place - floor(place))
        for low, high, place in zip(found[::2], found[1::2], places, strict=True)
    ]


def _between(low: float, high: float, share: float) -> float:
    step = high - low
    return low + step * share if share < 0.5 else high - step * (1 - share)  # as NumPy rounds
