"""Batches of lines of about the same width, drawn in a process of their own beside the training."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from worker.engines.ppocr.glyphs import STEP_PIXELS, STRIP_HEIGHT
from worker.engines.ppocr.network import PIXEL_MEAN, PIXEL_SCALE
from worker.engines.ppocr.recognition import to_strip
from worker.page import Pixels

COLUMNS = 5120
"""Pixels: the widths of a batch's strips together, which bounds a step's time and memory."""

WIDEST = 640
"""Pixels of strip; wider ones are passed over."""

POOL = 256
"""Lines sorted by width at a time."""

MARGIN = 32
"""Pixels: a batch's width is rounded up to a multiple, as the reader's is."""

Line = tuple[Pixels, str]
"""Pixels, and what stands on them."""


@dataclass(frozen=True)
class Batch:
    """Strips as the network takes them, and what stands on them.

    Attributes:
        strips: N x 3 x 48 x width, -1 to 1; 0 beside a strip.
        texts: One a strip.
        steps: Output steps that each strip fills; the rest is padding.
    """

    strips: Tensor
    texts: list[str]
    steps: list[int]


class Batches(IterableDataset[Batch]):
    """Batches for as long as there are lines for a pool.

    Args:
        lines: From a seed to crops of any height with their texts; called in the process that draws.
        seed: Of the lines, and of the batches' order.
    """

    def __init__(self, lines: Callable[[int], Iterable[Line]], seed: int) -> None:
        self._lines, self._seed = lines, seed

    def __iter__(self) -> Iterator[Batch]:
        """The batches."""
        cv2.setNumThreads(1)  # beside the training
        order = random.Random(self._seed)
        strips = ((to_strip(crop), text) for crop, text in self._lines(self._seed))
        readable = (line for line in strips if _readable(*line))
        while pool := list(itertools.islice(readable, POOL)):
            batches = _cut(sorted(pool, key=lambda line: line[0].shape[1]))
            order.shuffle(batches)
            yield from map(_stacked, batches)


def _readable(strip: Pixels, text: str) -> bool:
    """Whether a strip is not too wide, and has the steps that CTC needs: one a character and one between equals."""
    width, equals = int(strip.shape[1]), sum(a == b for a, b in itertools.pairwise(text))
    return width <= WIDEST and width // STEP_PIXELS >= len(text) + equals


def _cut(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Lines of ascending width in batches of ``COLUMNS`` or less, the widest first."""
    batches, rest = [], lines
    while rest:
        count = max(1, COLUMNS // _rounded(rest[-1][0].shape[1]))
        batches.append(rest[-count:])
        rest = rest[:-count]
    return batches


def _rounded(width: int) -> int:
    return -(-width // MARGIN) * MARGIN


def _stacked(lines: Sequence[Line]) -> Batch:
    width = _rounded(max(strip.shape[1] for strip, _ in lines))
    stacked = np.zeros((len(lines), 3, STRIP_HEIGHT, width), np.float32)
    for row, (strip, _) in zip(stacked, lines, strict=True):
        row[:, :, : strip.shape[1]] = ((strip.astype(np.float32) - PIXEL_MEAN) / PIXEL_SCALE).transpose(2, 0, 1)
    steps = [-(-strip.shape[1] // STEP_PIXELS) for strip, _ in lines]
    return Batch(torch.from_numpy(stacked), [text for _, text in lines], steps)
