"""Ruling lines and edges of fills that a PDF page says it draws, as far as they are seen on its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.imaging.text_layer import Drawing, Rectangle
from worker.layout.tables.ruling_lines import BRIDGED, LEAST_EDGE, SHORTEST, Ruling
from worker.layout.tables.rulings import Rulings
from worker.page import Pixels

SAMPLES = 24
"""Points of a line or edge that are looked at."""

ASIDE = 3
"""Pixels beside a line at which its ground is looked at."""

CONTRAST = 10
"""Grey values by which a line differs from its ground."""

SEEN = 0.3
"""Share of the points at which it does; a dotted line has half."""

SAME = 2.5
"""Pixels by which parts of one line stand apart."""

Boxes = NDArray[np.float64]
Greys = NDArray[np.int16]


@dataclass(frozen=True)
class Drawn:
    """What a page draws.

    Attributes:
        rulings: In pixels of the upright page.
        is_bare: Whether there is nothing else but text.
    """

    rulings: Rulings
    is_bare: bool


def drawn_on(drawing: Drawing | None, pixels: Pixels, height: float) -> Drawn | None:
    """What is seen of a page's drawing; None where that is not known.

    Args:
        drawing: In pixels of the upright page.
        pixels: The upright page.
        height: Of a text line, pixels.
    """
    if drawing is None:
        return None
    turned = pixels.swapaxes(0, 1)
    level = _lines(_boxes(drawing.level), pixels, height)
    upright = _lines(_turned(_boxes(drawing.upright)), turned, height)
    fills = _boxes(drawing.fills)
    edges = _edges(fills, pixels)
    rulings = Rulings(tuple(level), tuple(upright), tuple(_merged([*edges, *level], height)))
    has_more = drawing.has_more or edges or _edges(_turned(fills), turned)
    return Drawn(rulings, not (level or upright or has_more))


def _boxes(boxes: Sequence[Rectangle]) -> Boxes:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _turned(boxes: Boxes) -> Boxes:
    return boxes[:, [1, 0, 3, 2]]


def _lines(boxes: Boxes, pixels: Pixels, height: float) -> list[Ruling]:
    if not len(boxes):
        return []
    xs, ys = _points(boxes)
    half = (boxes[:, 3] - boxes[:, 1])[:, None] / 2
    on = np.stack([_at(pixels, xs, ys + step) for step in (-0.5, 0.0, 0.5)])
    above, below = _at(pixels, xs, ys - half - ASIDE), _at(pixels, xs, ys + half + ASIDE)
    ground = np.minimum(np.abs(on - above), np.abs(on - below)).max(axis=0)
    seen = (ground >= CONTRAST).mean(axis=1) >= SEEN
    kept = (Ruling((top + bottom) / 2, left, right) for left, top, right, bottom in boxes[seen].tolist())
    return _merged(kept, height)


def _edges(boxes: Boxes, pixels: Pixels) -> list[Ruling]:
    found: list[Ruling] = []
    if not len(boxes):
        return found
    for side in (1, 3):
        flat = boxes.copy()
        flat[:, 1] = flat[:, 3] = boxes[:, side]
        xs, ys = _points(flat)
        step = np.abs(np.median(_at(pixels, xs, ys - ASIDE), axis=1) - np.median(_at(pixels, xs, ys + ASIDE), axis=1))
        found += [Ruling(y, left, right) for left, y, right, _ in flat[step >= LEAST_EDGE].tolist()]
    return found


def _points(boxes: Boxes) -> tuple[Boxes, Boxes]:
    """Points along the middle of each box, n x SAMPLES."""
    shares = (np.arange(SAMPLES) + 0.5) / SAMPLES
    xs = boxes[:, :1] + shares * (boxes[:, 2:3] - boxes[:, :1])
    return xs, np.broadcast_to((boxes[:, 1:2] + boxes[:, 3:4]) / 2, xs.shape)


def _at(pixels: Pixels, xs: Boxes, ys: Boxes) -> Greys:
    """The darkest channel, in which coloured lines show, too."""
    rows, columns = pixels.shape[:2]
    at = np.clip(ys, 0, rows - 1).astype(np.intp), np.clip(xs, 0, columns - 1).astype(np.intp)
    blue, green, red = np.moveaxis(pixels[at], -1, 0)
    return np.asarray(np.minimum(np.minimum(blue, green), red), np.int16)


def _merged(lines: Iterable[Ruling], height: float) -> list[Ruling]:
    """Lines with those that continue them, as far as they are long enough."""
    groups: list[list[Ruling]] = []
    for line in sorted(lines, key=lambda line: line.position):
        if groups and line.position - groups[-1][-1].position <= SAME:
            groups[-1].append(line)
        else:
            groups.append([line])
    found: list[Ruling] = []
    for group in groups:
        runs: list[Ruling] = []
        for line in sorted(group, key=lambda line: line.start):
            if runs and line.start - runs[-1].end <= BRIDGED * height:
                run = runs[-1]
                longer = run if run.length >= line.length else line
                runs[-1] = Ruling(longer.position, run.start, max(run.end, line.end))
            else:
                runs.append(line)
        found += runs
    return [line for line in found if line.length >= SHORTEST * height]
