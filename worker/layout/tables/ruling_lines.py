"""Level lines and edges in a picture whose text was taken out.

A line is what a morphological closing (dark on light) or opening (light on dark) across it fills, averaged along it,
so that dotted lines count by their share of ink and specks by next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]

THICKEST = 0.4
AVERAGED = 1.8
SHORTEST = 1.3
BRIDGED = 1.2
"""In text heights: the thickest line, the length its darkness is averaged over, the shortest line, and the widest gap
that is bridged."""

LEFT_OUT, LEFT_OUT_VISIBLE, SHORTEST_PIECE = 0.9, 0.4, 0.6
"""In text heights: the gap in a line that is a side left out, how much of it must be free of text, and the shortest
part of a line between two of them."""

LEAST_CONTRAST, CONTRAST_SHARE = 5.0, 0.11
"""Of a line: grey levels, and the share of the text's own contrast; a dotted light-grey line has an eighth of it."""

EDGE_DEPTH, EDGE_SHARE, LEAST_EDGE = 0.25, 0.035, 4.0
"""A fill's edge: text heights compared above and below it, and the least step between them."""

ROUNDING = 0.1
"""Grey levels by which a mean may be off."""

LEAST_WHITE = 0.25
"""Share of a stretch that must be free of text for anything to be seen on it."""

CONTRAST_STEP = 3
"""Of so many rows of pixels one is looked at for the contrast and the noise."""

INK_PERCENTILE = 98.0
"""Of the local contrast; ink is a few hundredths of a table's picture."""

LONG_SHARE, LONG = 0.9, 4.0
"""Of the length of what stands together, from which a part of it as thin as a line is one, and the least length, in
text heights."""

LEAST_INK, SOLID = 0.4, 0.6
"""Of a line where no text hides it; half of a dotted line is ink. Of one that letters touch more of it must be."""


@dataclass(frozen=True)
class Ruling:
    """A straight line along one axis: at ``position`` across it, from ``start`` to ``end``; straightened pixels."""

    position: float
    start: float
    end: float

    @property
    def length(self) -> float:
        """Pixels."""
        return self.end - self.start


def text_contrast(grey: Grey, height: float) -> float:
    """How much darker or lighter than its ground the text is, in grey levels."""
    size = max(3, round(THICKEST * height)) | 1
    few = np.ascontiguousarray(grey[::CONTRAST_STEP])
    kernel = np.ones((1, size), np.uint8)
    strokes = cv2.morphologyEx(few, cv2.MORPH_CLOSE, kernel) - cv2.morphologyEx(few, cv2.MORPH_OPEN, kernel)
    return float(np.percentile(strokes, INK_PERCENTILE))


def find_lines(grey: Grey, mask: Grey, height: float, contrast: float) -> list[Ruling]:
    """Level lines."""
    kernel = np.ones((max(5, round(THICKEST * height)) | 1, 1), np.uint8)
    dark = cv2.subtract(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel), grey)
    light = cv2.subtract(grey, cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel))
    thin = np.asarray(cv2.copyTo(cv2.max(dark, light), mask), np.uint8)
    size = max(3, round(AVERAGED * height))
    least = max(LEAST_CONTRAST, CONTRAST_SHARE * contrast) + 2 * _noise(thin, mask, size)
    above = np.zeros(grey.shape, np.uint8)
    for first, after in _stretches(thin.max(axis=1) > least - ROUNDING):  # a mean is at most the largest value
        mean, white = _means(thin[first:after], mask[first:after], size)
        above[first:after] = (mean > least) & white
    return _runs(above, thin, mask, least, height)


def _means(thin: Grey, mask: Grey, size: int) -> tuple[Plane, NDArray[np.bool_]]:
    """The mean along each row of what no text hides, and where enough of it is seen."""
    seen, total = _averaged(mask, (size, 1)), _averaged(thin, (size, 1))
    return np.asarray(total / np.maximum(seen, LEAST_WHITE), np.float32), np.asarray(seen >= LEAST_WHITE)


def _averaged(grey: Grey, size: tuple[int, int]) -> Plane:
    """The means of ``size`` pixels, in width and height, around each."""
    return np.asarray(cv2.boxFilter(grey, cv2.CV_32F, size, borderType=cv2.BORDER_REPLICATE), np.float32)


def _noise(thin: Grey, mask: Grey, size: int) -> float:
    """The median of the means along the rows, where they are seen."""
    # Neighbours along a line are nearly equal, for they were averaged.
    few = np.ascontiguousarray(thin[::CONTRAST_STEP]), np.ascontiguousarray(mask[::CONTRAST_STEP])
    touched = cv2.dilate(few[0], np.ones((1, size | 1), np.uint8))
    seen = cv2.morphologyEx(few[1], cv2.MORPH_OPEN, np.ones((1, int(LEAST_WHITE * size) + 2), np.uint8))
    if 2 * np.count_nonzero(touched[:, ::CONTRAST_STEP]) < np.count_nonzero(seen[:, ::CONTRAST_STEP]):
        return 0.0  # the means of fewer than half of the places that are surely seen are not 0
    mean, white = _means(*few, size)
    sampled = mean[:, ::CONTRAST_STEP][white[:, ::CONTRAST_STEP]]
    return float(np.median(sampled)) if len(sampled) else 0.0


def find_edges(grey: Grey, mask: Grey, height: float, contrast: float) -> list[Ruling]:
    """Level edges of fills."""
    length, depth = max(3, round(AVERAGED * height)), max(3, round(EDGE_DEPTH * height))
    near, least = depth // 2 + 1, max(LEAST_EDGE, EDGE_SHARE * contrast)
    bare, step = np.asarray(cv2.copyTo(grey, mask), np.uint8), np.zeros(grey.shape, np.float32)
    for first, after in _uneven(grey, mask, near + depth // 2, least):
        top, bottom = max(first - near - depth, 0), min(after + near + depth, len(grey))
        weight = _averaged(mask[top:bottom], (length, depth))
        shades = _averaged(bare[top:bottom], (length, depth))
        level = shades / np.maximum(weight, 1e-3)
        both = np.asarray(cv2.min(weight[: -2 * near], weight[2 * near :]) > LEAST_WHITE).view(np.uint8)
        steps = np.zeros(level.shape, np.float32)
        steps[near:-near] = cv2.copyTo(cv2.absdiff(level[: -2 * near], level[2 * near :]), both)
        steps = steps[first - top : after - top]
        peak = cv2.dilate(steps, np.ones((2 * depth + 1, 1), np.uint8))
        step[first:after] = cv2.copyTo(steps, cv2.compare(steps, peak, cv2.CMP_GE))
    inset = length // 3  # averaged along it, an edge seems longer by about that at both ends
    seen = np.asarray(cv2.copyTo(step, mask), np.float32)
    found = _runs(np.asarray(step > least).view(np.uint8), seen, mask, least, height)
    return [Ruling(edge.position, edge.start + inset, edge.end - inset) for edge in found]


def _uneven(grey: Grey, mask: Grey, reach: int, least: float) -> list[tuple[int, int]]:
    """Stretches of rows around which shades differ by at least ``least`` within a reach; no edge is elsewhere."""
    darkest = cv2.max(grey, 255 * (1 - mask)).min(axis=1, keepdims=True)
    lightest = cv2.copyTo(grey, mask).max(axis=1, keepdims=True)
    kernel = np.ones((2 * reach + 1, 1), np.uint8)
    spread = cv2.subtract(cv2.dilate(lightest, kernel), cv2.erode(darkest, kernel)).ravel()
    return _stretches(spread > least - ROUNDING, 2 * reach)


def _runs(above: Grey, exact: Plane | Grey, mask: Grey, least: float, height: float) -> list[Ruling]:
    """Long level runs of what is above a threshold, from the first to the last place that is so of itself."""
    bridge = max(3, round(BRIDGED * height)) | 1
    runs: list[Ruling] = []
    for first, after in _stretches(above.max(axis=1) > 0):
        band = cv2.morphologyEx(above[first:after], cv2.MORPH_CLOSE, np.ones((1, bridge), np.uint8))
        _, _, stats, centres = cv2.connectedComponentsWithStats(band, connectivity=8)
        for (x, y0, width, tall, _), (_, centre) in zip(stats[1:].tolist(), centres[1:].tolist(), strict=True):
            thickest = max(THICKEST * height, 4.0) + 0.02 * width
            if width < SHORTEST * height:
                continue
            if tall <= thickest:
                runs += _run(exact, mask, least, (x, first + y0, width, tall), first + centre, height)
                continue
            if width < LONG * height:
                continue
            # What is left of letters beside a line touches it.
            full = band[y0 : y0 + tall, x : x + width].mean(axis=1) >= LONG_SHARE
            for low, high in _stretches(full):
                if high - low <= thickest:
                    bounds = x, first + y0 + low, width, high - low
                    runs += _run(exact, mask, least, bounds, first + y0 + (low + high - 1) / 2, height, SOLID)
    return runs


def _stretches(rows: NDArray[np.bool_], apart: int = 1) -> list[tuple[int, int]]:
    """The first and after the last of each stretch of true rows; fewer than ``apart`` false ones part none."""
    found = np.flatnonzero(rows)
    if not found.size:
        return []
    cuts = np.flatnonzero(np.diff(found) > apart)
    return list(zip(found[[0, *(cuts + 1)]].tolist(), (found[[*cuts, -1]] + 1).tolist(), strict=True))


def _run(
    exact: Plane | Grey,
    mask: Grey,
    least: float,
    bounds: tuple[int, int, int, int],
    y: float,
    height: float,
    least_ink: float = LEAST_INK,
) -> list[Ruling]:
    """The lines in a run's bounds, which are its left, top, width and height."""
    x, top, width, tall = bounds
    part = slice(top, top + tall), slice(x, x + width)
    ink = exact[part].max(axis=0) > least
    seen = np.flatnonzero(ink)
    if not seen.size or seen[-1] - seen[0] < SHORTEST * height:
        return []
    visible = mask[part].max(axis=0)
    inside = slice(seen[0], seen[-1] + 1)
    if ink[inside].sum() < least_ink * visible[inside].sum():
        return []
    return [Ruling(y, x + first, x + last + 1) for first, last in _pieces(seen, visible, height)]


def _pieces(ink: NDArray[np.intp], visible: NDArray[np.uint8], height: float) -> list[tuple[float, float]]:
    """From the first to the last place of each part of a run: it ends where a cell's side is left out.

    Args:
        ink: Places along the run that are dark of themselves, in order.
        visible: Along the run, 0 where text may hide it.
        height: Of a line of text.
    """
    if ink[-1] - ink[0] - len(ink) < LEFT_OUT * height - 2:  # it has no gap as long
        return [(float(ink[0]), float(ink[-1]))]
    white = np.concatenate([[0.0], np.cumsum(visible)])
    gaps = np.diff(ink) >= LEFT_OUT * height
    gaps &= white[ink[1:]] - white[ink[:-1] + 1] >= LEFT_OUT_VISIBLE * height
    cuts = np.flatnonzero(gaps)
    firsts, lasts = ink[[0, *(cuts + 1)]], ink[[*cuts, -1]]
    return [(float(a), float(b)) for a, b in zip(firsts, lasts, strict=True) if b - a >= SHORTEST_PIECE * height]
