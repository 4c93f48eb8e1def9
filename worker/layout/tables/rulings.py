"""Ruling lines and edges of fills on a page: thin structures that run far, with the text taken out.

A line is what a morphological closing (dark on light) or opening (light on dark) across it fills, averaged along it,
so that dotted lines count by their share of ink and specks by next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Pixels
from worker.percentiles import median

Grey = NDArray[np.uint8]
Boxes = NDArray[np.float64]
Plane = NDArray[np.float32]

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom."""

WORKING_HEIGHT = 20.0
"""Pixels of a text line at which lines are looked for; larger pictures are shrunk to it."""

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

LEAST_WHITE = 0.25
"""Share of a stretch that must be free of text for anything to be seen on it."""

NEAR_TEXT, ALONG_TEXT = 0.2, 0.8
"""Text heights around words, and the share of a line that lies within these, from which it is a part of their ink."""

SMALLEST = 4
"""Pixels of a picture's side."""

TEXT_SHRINK = 0.14
"""Of a word's height, by which its box is shrunk: detectors draw boxes larger than the ink, up to the lines."""

CONTRAST_STEP = 3
"""Of so many rows of pixels one is looked at for the contrast and the noise."""

INK_PERCENTILE = 98.0
"""Of the local contrast; ink is a few hundredths of a table's picture."""

TEXT_WIDEN = 0.12
"""Of a word's height, by which its box is widened: readers place words a little too narrow."""

LEAST_INK = 0.4
"""Of a line where no text hides it; half of a dotted line is ink."""

MARGIN = 4.0
"""Text heights around the text that are looked at: a box is seldom drawn further from its cells' text."""


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


@dataclass(frozen=True)
class Rulings:
    """What was found: ``edges`` are level boundaries between differently filled areas."""

    horizontal: tuple[Ruling, ...] = ()
    vertical: tuple[Ruling, ...] = ()
    edges: tuple[Ruling, ...] = ()

    def near(self, bounds: Bounds, height: float) -> Rulings:
        """Those within and just around a part of the page."""
        left, top, right, bottom = bounds
        reach = MARGIN * height

        def kept(lines: Sequence[Ruling], low: float, high: float, start: float, end: float) -> tuple[Ruling, ...]:
            return tuple(
                Ruling(line.position, max(line.start, start - reach), min(line.end, end + reach))
                for line in lines
                if low - reach <= line.position <= high + reach and line.start < end and line.end > start
            )

        return Rulings(
            kept(self.horizontal, top, bottom, left, right),
            kept(self.vertical, left, right, top, bottom),
            kept(self.edges, top, bottom, left, right),
        )


def find_rulings(pixels: Pixels | None, skew: float, bounds: Bounds, boxes: Sequence[Bounds], height: float) -> Rulings:
    """Lines within and just around some text.

    Args:
        pixels: The upright page; None where there is no picture.
        skew: Degrees clockwise by which it is turned.
        bounds: Of the text, in straightened pixels: left, top, right, bottom.
        boxes: Of the words likewise.
        height: Of a line of text, in pixels.
    """
    if pixels is None:
        return Rulings()
    scale = min(1.0, WORKING_HEIGHT / height)
    grey, (left, top) = _straight_crop(pixels, skew, bounds, MARGIN * height, scale)
    text = (np.asarray(boxes, np.float64).reshape(-1, 4) - (left, top, left, top)) * scale
    text_height = height * scale
    contrast = _contrast(grey, text_height)
    mask = _take_out(grey, text)
    level = _apart(_lines(grey, mask, text_height, contrast), text, text_height)
    edges = _apart(_edges(grey, mask, text_height, contrast), text, text_height)
    turned = np.ascontiguousarray(grey.T), np.ascontiguousarray(mask.T)
    upright = _apart(_lines(*turned, text_height, contrast), text[:, [1, 0, 3, 2]], text_height)

    def placed(found: Iterable[Ruling], across: float, along: float) -> tuple[Ruling, ...]:
        return tuple(
            Ruling(one.position / scale + across, one.start / scale + along, one.end / scale + along) for one in found
        )

    return Rulings(placed(level, top, left), placed(upright, left, top), placed(edges, top, left))


def _straight_crop(
    pixels: Pixels, skew: float, bounds: Bounds, margin: float, scale: float
) -> tuple[Grey, tuple[float, float]]:
    """The part of the page turned straight, its darkest channel, so that coloured lines show; and its left and top."""
    left, top = int(bounds[0] - margin), int(bounds[1] - margin)
    right, bottom = int(bounds[2] + margin) + 1, int(bounds[3] + margin) + 1
    if skew:
        cos, sin = np.cos(np.radians(skew)), np.sin(np.radians(skew))
        turn = np.array([[cos, sin, -left], [-sin, cos, -top]], np.float64)
        size = (right - left, bottom - top)
        crop = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        left, top = min(max(left, 0), pixels.shape[1] - 2), min(max(top, 0), pixels.shape[0] - 2)
        crop = pixels[top : max(bottom, top + 2), left : max(right, left + 2)]
    blue, green, red = cv2.split(crop)
    grey = cv2.min(cv2.min(blue, green), red)
    if scale < 1:
        size = max(SMALLEST, round(grey.shape[1] * scale)), max(SMALLEST, round(grey.shape[0] * scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.array(grey, np.uint8), (left, top)


def _take_out(grey: Grey, text: Boxes) -> Plane:
    """Fill words with the colour around them; gives a mask that is 0 there."""
    mask = np.ones(grey.shape, np.float32)
    height, width = grey.shape
    for x0, y0, x1, y1 in text.tolist():
        shrink = TEXT_SHRINK * (y1 - y0)
        first, last = max(0, round(y0 + shrink)), min(height, round(y1 - shrink))
        widen = TEXT_WIDEN * (y1 - y0)
        start, end = max(0, round(x0 - widen)), min(width, round(x1 + widen))
        if first >= last or start >= end:
            continue
        rim = grey[[max(first - 1, 0), min(last, height - 1)], start:end]
        sides = grey[first:last, [max(start - 1, 0), min(end, width - 1)]]
        grey[first:last, start:end] = median([*rim.ravel().tolist(), *sides.ravel().tolist()])
        mask[first:last, start:end] = 0
    return mask


def _apart(lines: Sequence[Ruling], text: Boxes, height: float) -> list[Ruling]:
    """The lines that do not run along the edge of some words only."""
    x0, y0, x1, y1 = text.T
    near = NEAR_TEXT * height
    kept = []
    for line in lines:
        beside = (y0 - near < line.position) & (line.position < y1 + near)
        shared = np.minimum(x1[beside] + near, line.end) - np.maximum(x0[beside] - near, line.start)
        if np.maximum(shared, 0).sum() < ALONG_TEXT * line.length:
            kept.append(line)
    return kept


def _contrast(grey: Grey, height: float) -> float:
    """How much darker or lighter than its ground the text is, in grey levels."""
    size = max(3, round(THICKEST * height)) | 1
    few = np.ascontiguousarray(grey[::CONTRAST_STEP])
    kernel = np.ones((1, size), np.uint8)
    strokes = cv2.morphologyEx(few, cv2.MORPH_CLOSE, kernel) - cv2.morphologyEx(few, cv2.MORPH_OPEN, kernel)
    return float(np.percentile(strokes, INK_PERCENTILE))


def _lines(grey: Grey, mask: Plane, height: float, contrast: float) -> list[Ruling]:
    """Level lines."""
    kernel = np.ones((max(5, round(THICKEST * height)) | 1, 1), np.uint8)
    dark = cv2.subtract(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel), grey)
    light = cv2.subtract(grey, cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel))
    thin = np.asarray(cv2.max(dark, light), np.float32)
    size = (max(3, round(AVERAGED * height)), 1)
    seen = cv2.blur(mask, size, borderType=cv2.BORDER_REPLICATE)
    mean = cv2.blur(thin * mask, size, borderType=cv2.BORDER_REPLICATE) / np.maximum(seen, LEAST_WHITE)
    white = np.asarray(seen >= LEAST_WHITE).view(np.uint8)
    averaged = np.asarray(cv2.copyTo(np.asarray(mean, np.float32), white), np.float32)
    # Neighbours along a line are nearly equal, for they were averaged.
    few = slice(None, None, CONTRAST_STEP), slice(None, None, CONTRAST_STEP)
    sampled = averaged[few][white[few] > 0]
    noise = float(np.median(sampled)) if len(sampled) else 0.0
    least = max(LEAST_CONTRAST, CONTRAST_SHARE * contrast) + 2 * noise
    return _runs(averaged, thin, mask, least, height)


def _edges(grey: Grey, mask: Plane, height: float, contrast: float) -> list[Ruling]:
    """Level edges of fills."""
    length, depth = max(3, round(AVERAGED * height)), max(3, round(EDGE_DEPTH * height))
    weight = cv2.blur(mask, (length, depth), borderType=cv2.BORDER_REPLICATE)
    level = cv2.blur(grey * mask, (length, depth), borderType=cv2.BORDER_REPLICATE) / np.maximum(weight, 1e-3)
    step = np.zeros(grey.shape, np.float32)
    near = depth // 2 + 1
    both = np.asarray(cv2.min(weight[: -2 * near], weight[2 * near :]) > LEAST_WHITE).view(np.uint8)
    step[near:-near] = cv2.copyTo(cv2.absdiff(level[: -2 * near], level[2 * near :]), both)
    least = max(LEAST_EDGE, EDGE_SHARE * contrast)
    if float(step.max()) <= least:
        return []
    peak = cv2.dilate(step, np.ones((2 * depth + 1, 1), np.uint8))
    step = np.asarray(cv2.copyTo(step, cv2.compare(step, peak, cv2.CMP_GE)), np.float32)
    inset = length // 3  # averaged along it, an edge seems longer by about that at both ends
    found = _runs(step, step, mask, least, height)
    return [Ruling(edge.position, edge.start + inset, edge.end - inset) for edge in found]


def _runs(response: Plane, exact: Plane, mask: Plane, least: float, height: float) -> list[Ruling]:
    """Long level runs of what is above a threshold, from the first to the last place that is so of itself."""
    above = np.asarray(response > least).view(np.uint8)
    bridge = max(3, round(BRIDGED * height)) | 1
    runs: list[Ruling] = []
    for first, after in _bands(above):
        band = cv2.morphologyEx(above[first:after], cv2.MORPH_CLOSE, np.ones((1, bridge), np.uint8))
        _, _, stats, centres = cv2.connectedComponentsWithStats(band, connectivity=8)
        for (x, y0, width, tall, _), (_, centre) in zip(stats[1:].tolist(), centres[1:].tolist(), strict=True):
            if width < SHORTEST * height or tall > max(THICKEST * height, 4.0) + 0.02 * width:
                continue
            runs += _run(exact, mask, least, (x, first + y0, width, tall), first + centre, height)
    return runs


def _bands(found: Grey) -> list[tuple[int, int]]:
    """The rows in which there is anything, first and after the last of each stretch: most rows of a page have none."""
    rows = np.zeros(len(found) + 2, np.bool_)
    rows[1:-1] = cv2.reduce(found, 1, cv2.REDUCE_MAX).ravel() > 0
    edges = np.flatnonzero(rows[1:] != rows[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _run(
    exact: Plane, mask: Plane, least: float, bounds: tuple[int, int, int, int], y: float, height: float
) -> list[Ruling]:
    """The lines in a run's bounds, which are its left, top, width and height."""
    x, top, width, tall = bounds
    part = slice(top, top + tall), slice(x, x + width)
    ink = (exact[part] * mask[part]).max(axis=0) > least
    seen = np.flatnonzero(ink)
    if not seen.size or seen[-1] - seen[0] < SHORTEST * height:
        return []
    visible = mask[part].max(axis=0)
    inside = slice(seen[0], seen[-1] + 1)
    if ink[inside].sum() < LEAST_INK * visible[inside].sum():
        return []
    return [Ruling(y, x + first, x + last + 1) for first, last in _pieces(seen, visible, height)]


def _pieces(ink: NDArray[np.intp], visible: Plane, height: float) -> list[tuple[float, float]]:
    """From the first to the last place of each part of a run: it ends where a cell's side is left out.

    Args:
        ink: Places along the run that are dark of themselves, in order.
        visible: Along the run, 0 where text may hide it.
        height: Of a line of text.
    """
    white = np.concatenate([[0.0], np.cumsum(visible)])
    gaps = np.diff(ink) >= LEFT_OUT * height
    gaps &= white[ink[1:]] - white[ink[:-1] + 1] >= LEFT_OUT_VISIBLE * height
    cuts = np.flatnonzero(gaps)
    firsts, lasts = ink[[0, *(cuts + 1)]], ink[[*cuts, -1]]
    return [(float(a), float(b)) for a, b in zip(firsts, lasts, strict=True) if b - a >= SHORTEST_PIECE * height]
