"""Characters out of a CTC network's steps, each put onto its ink in the strip."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Pixels
from worker.percentiles import GREY_LEVELS, grey_percentiles, median

STRIP_HEIGHT = 48
"""Pixels: the height the network was trained on."""

STEP_PIXELS = 8
"""Pixels of strip width for one output step."""

BLANK = 0
"""CTC's class for no character."""

RIM_PIXELS = 4
"""Pixels at a strip's top and bottom in which ink may be the neighbours'."""

INK_SHARE = 0.4
"""Share of the strip's contrast from which a pixel is ink."""

MIN_CONTRAST = 20
"""Grey values; less is noise on an empty strip."""

LEVELS = np.arange(GREY_LEVELS)


@dataclass(frozen=True)
class Glyph:
    """One character of a strip: its probability, and its left and right in pixels."""

    text: str
    probability: float
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Pixels."""
        return (self.left + self.right) / 2


def decode(probabilities: NDArray[np.float32], indices: NDArray[np.int32], alphabet: Sequence[str]) -> list[Glyph]:
    """Greedy CTC: the best class of each step, repeats merged, blanks dropped.

    After Graves et al., "Connectionist Temporal Classification", ICML 2006.

    Returns:
        Glyphs that reach over the steps they were read in, with the probability of the best of these.
    """
    if not len(indices):
        return []
    starts = np.flatnonzero(np.diff(indices, prepend=-1))
    best = np.minimum(np.maximum.reduceat(probabilities, starts), 1.0).tolist()
    classes, firsts = indices[starts].tolist(), starts.tolist()
    return [
        Glyph(alphabet[index], probability, float(first * STEP_PIXELS), float(after * STEP_PIXELS))
        for index, probability, (first, after) in zip(
            classes, best, itertools.pairwise([*firsts, len(indices)]), strict=True
        )
        if index != BLANK
    ]


def placed(glyphs: Sequence[Glyph], strip: Pixels) -> list[Glyph]:
    """The glyphs on their ink, ascending and not overlapping.

    CTC fires somewhere on the glyph, in steps of eight pixels. So between two neighbours the widest run of columns
    without ink is taken for the gap, which leaves each glyph its own ink; a space is the gap it stands in.
    """
    ink, width = ink_columns(strip), strip.shape[1]
    shown = [index for index, glyph in enumerate(glyphs) if glyph.text != " "]
    middles = [min(glyphs[index].middle, width) for index in shown]
    if not shown:
        return [replace(glyph, left=0.0, right=0.0) for glyph in glyphs]
    steps = [after - before for before, after in itertools.pairwise(middles)]
    reach = float(median(steps)) if steps else STRIP_HEIGHT / 2
    gaps = _gaps(empty_runs(ink), middles)
    start = middles[0] - _extent(ink[: int(middles[0])][::-1], reach)
    end = min(middles[-1] + _extent(ink[int(middles[-1]) :], reach), float(width))
    edges = [start, *itertools.chain(*gaps), end]
    result: list[Glyph] = []
    count = 0  # of the shown ones so far; behind number n the gap reaches from edge 2n - 1 to edge 2n
    for glyph in glyphs:
        if glyph.text == " ":
            left, right = edges[max(2 * count - 1, 0)], edges[min(2 * count, len(edges) - 1)]
        else:
            left, right = edges[2 * count : 2 * count + 2]
            count += 1
        result.append(Glyph(glyph.text, glyph.probability, left, right))
    return result


def ink_columns(strip: Pixels) -> NDArray[np.bool_]:
    """Which columns of a strip hold ink; its rim is left out, for neighbouring lines reach into it."""
    grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.uint8)[RIM_PIXELS:-RIM_PIXELS]
    dark, ground, bright = grey_percentiles(grey, (2, 50, 98))
    contrast = max(ground - dark, bright - ground, MIN_CONTRAST)
    is_ink = np.abs(LEVELS - ground) > INK_SHARE * contrast
    count = cv2.reduce(cv2.LUT(grey, is_ink.astype(np.uint8)), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(count[0] > 1)


def _gaps(runs: Sequence[tuple[int, int]], middles: Sequence[float]) -> list[tuple[float, float]]:
    """Between each two middles the longest run without ink; their own middle, without width, where glyphs touch."""
    gaps, first = [], 0
    for left, right in itertools.pairwise(middles):
        start, end = int(left), int(right) + 1
        while first < len(runs) and runs[first][1] <= start:
            first += 1
        longest, gap = 0, ((left + right) / 2, (left + right) / 2)
        for low, high in itertools.islice(runs, first, None):
            if low >= end:
                break
            low, high = max(low, start), min(high, end)
            if high - low > longest:
                longest, gap = high - low, (float(low), float(high))
        gaps.append(gap)
    return gaps


def _extent(ink: NDArray[np.bool_], reach: float) -> float:
    """How far a line's first or last glyph goes on from its middle: to the last ink within reach."""
    columns = np.flatnonzero(ink[: int(reach)])
    return float(columns[-1] + 1) if len(columns) else 0.0


def empty_runs(ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run without ink."""
    edged = np.ones(len(ink) + 2, np.bool_)
    edged[1:-1] = ink
    edges = np.flatnonzero(edged[1:] != edged[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
