"""Pairs of the same part of a page, as printed and as a degraded copy that was prepared, for the detector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from training.degradation import degraded
from training.random_source import RandomSource
from training.typesetting import INK, MOST_TURN, SKEW, TURN_SHARE
from worker.engines.ppocr.network import PIXEL_MEAN, PIXEL_SCALE
from worker.imaging.prepare import prepare
from worker.page import Pixels

Floats = NDArray[np.float32]

SIDE = 640
"""Pixels of the network's input."""

STRETCHED_SHARE = 0.3
"""Of the parts shown in full contrast."""

INK_PERCENT, PAPER_PERCENT = 0.5, 60.0
"""Share of pixels that become black there, and from which on all become white: paper is over half of most pages."""

LEAST_RANGE = 20
"""Grey values between ink and paper; less is an empty page, whose noise is not to be blown up."""


@dataclass(frozen=True)
class PagePair:
    """One part of a page twice, each 1 x 3 x ``SIDE`` x ``SIDE``, -1 to 1.

    Attributes:
        clean: As printed.
        degraded: As a degraded copy of it looks after its preparation.
    """

    clean: Tensor
    degraded: Tensor


Printed = tuple[Floats, int]
"""A sheet's ink, side x side, 0 ground to 255 ink, and the size of its font in pixels."""


class PagePairs(IterableDataset[PagePair]):
    """Pairs for as long as there are sheets.

    Args:
        sheets: From a seed to sheets of any size; called in the process that draws.
        seed: Of the sheets, and of their degradation.
    """

    def __init__(self, sheets: Callable[[int], Iterable[Printed]], seed: int) -> None:
        self._sheets, self._seed = sheets, seed

    def __iter__(self) -> Iterator[PagePair]:
        """The pairs."""
        cv2.setNumThreads(1)  # beside the training
        rng = RandomSource(self._seed)
        for ink, size in self._sheets(self._seed):
            yield pair_of(ink, size, rng)


def pair_of(ink: Floats, size: int, rng: RandomSource) -> PagePair:
    """A sheet as printed, and degraded.

    Args:
        ink: Side x side, 0 ground to 255 ink.
        size: Of its font, in pixels.
        rng: Draws.
    """
    ink = _turned(ink, rng)
    copy = prepare(degraded(ink, size, rng)).pixels
    if rng.happens(STRETCHED_SHARE):
        copy = _stretched(copy)
    return PagePair(_input(cv2.cvtColor((INK - ink).astype(np.uint8), cv2.COLOR_GRAY2BGR)), _input(copy))


def _turned(ink: Floats, rng: RandomSource) -> Floats:
    degrees = rng.uniform(-MOST_TURN, MOST_TURN) if rng.happens(TURN_SHARE) else rng.gauss(0, SKEW)
    middle = (ink.shape[1] / 2, ink.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    return np.asarray(np.clip(cv2.warpAffine(ink, turn, ink.shape[::-1], flags=cv2.INTER_CUBIC), 0, INK), np.float32)


def _stretched(pixels: Pixels) -> Pixels:
    """The page with its paper white and its ink black."""
    ink, paper = np.percentile(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (INK_PERCENT, PAPER_PERCENT))
    if paper - ink < LEAST_RANGE:
        return pixels
    table = ((np.arange(256) - ink) * (255 / (paper - ink))).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), np.uint8)


def _input(pixels: Pixels | cv2.typing.MatLike) -> Tensor:
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(((small.astype(np.float32) - PIXEL_MEAN) / PIXEL_SCALE).transpose(2, 0, 1)[np.newaxis])
