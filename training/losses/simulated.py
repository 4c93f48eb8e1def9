"""Readings of pages with a loss, without reading: every word that is still to be seen is taken as read.

Most of what a loss leaves on a page is where lines end, so that thousands of pages can be had for the cost of drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.losses import damage
from training.losses.damage import Boxes
from training.losses.decoration import decorated
from training.losses.make import degraded_page, normal
from training.losses.sample import Sample
from training.pages.make import loaded
from training.random_source import RandomSource
from worker.page import LineReading, Pixels, Quad
from worker.reading.orientation import OrientedReading

DAMAGES = {
    damage.tile: 8,
    damage.tiles: 2,
    damage.stamped: 3,
    damage.pixelated: 1,
    damage.torn: 1,
    damage.creased: 1,
    damage.spilled: 1,
}
"""With their shares: what hides words altogether."""

CHANGED, INK, PAINTED = 40, 60, 0.5
"""Grey values by which a damage changes pixels, and ink differs from paper; share of a column that is painted over."""

WHOLE, LEFT = 0.12, 0.2
"""Share of a word's columns that may be hidden, and that are left of one of which something is read."""

READ = 0.75
"""Share of a word's width from which it counts as read."""

NEXT = 1.2
"""Heights between two words from which they are two lines."""


Span = tuple[float, float]
"""Left and right of what is to be seen of a word."""


def simulated(folder: Path, seed: int, damaged: float = 0.4) -> Iterator[Sample]:
    """The pages of a folder of :mod:`training.pages.make`, whole and some of them with a loss.

    Args:
        folder: Of drawn pages.
        seed: Of what is drawn on them.
        damaged: Share of the pages that also come with a loss.
    """
    for number, _, page in loaded(folder):
        rng = RandomSource(seed * 1_000_003 + number)
        tokens = [token for token in page.tokens if token.text.strip() and not token.vertical]
        words, boxes = [token.text for token in tokens], np.array([token.box for token in tokens])
        if len(words) < 15:
            continue
        base = decorated(page.pixels, boxes, rng) if rng.happens(0.6) else page.pixels
        whole: list[Span | None] = [(box[0], box[2]) for box in boxes.tolist()]
        yield _sample("", base, words, boxes, [token.block for token in tokens], whole, rng)
        if rng.happens(damaged):
            loss = rng.by_share(DAMAGES)
            pixels = loss(base, boxes, rng, False).pixels
            seen = [_visible(base, pixels, box) for box in boxes]
            yield _sample(loss.__name__, pixels, words, boxes, [token.block for token in tokens], seen, rng)


def _sample(
    name: str,
    pixels: Pixels,
    words: list[str],
    boxes: Boxes,
    blocks: list[int],
    seen: list[Span | None],
    rng: RandomSource,
) -> Sample:
    quads, readings = _lines(words, boxes, blocks, seen)
    share = [
        0.0 if own is None else (own[1] - own[0]) / max(1.0, box[2] - box[0])
        for own, box in zip(seen, boxes, strict=True)
    ]
    lost = np.array([part < READ and bool(normal(word)) for part, word in zip(share, words, strict=True)])
    reading = OrientedReading(np.zeros((0, 0, 3), np.uint8), 0, tuple(quads), tuple(readings))
    return Sample(name, degraded_page(pixels, rng), reading, {}, boxes, lost)


def _visible(before: Pixels, after: Pixels, box: np.ndarray) -> Span | None:
    """The longest part of a word that is untouched; None where too little is."""
    left, top, right, bottom = (max(0, int(value)) for value in (box[0], box[1], box[2] + 1, box[3] + 1))
    old = before[top:bottom, left:right]
    if not old.size:
        return None
    changed = cv2.absdiff(old, after[top:bottom, left:right]).max(axis=2) > CHANGED
    ink = np.abs(old.astype(np.int32) - np.median(old.reshape(-1, 3), axis=0)).max(axis=2) > INK
    hidden = (changed & ink).sum(axis=0) > 0.34 * np.maximum(1, ink.sum(axis=0))
    hidden |= changed.mean(axis=0) > PAINTED
    if hidden.mean() < WHOLE:
        return float(box[0]), float(box[2])
    free = np.flatnonzero(~hidden)
    if len(free) < max(4, LEFT * len(hidden)):
        return None
    breaks = np.flatnonzero(np.diff(free) > 2)
    runs = zip([free[0], *free[breaks + 1]], [*free[breaks], free[-1]], strict=True)
    first, last = max(runs, key=lambda run: run[1] - run[0])
    return float(left + first), float(left + last + 1)


def _lines(
    words: list[str], boxes: Boxes, blocks: list[int], seen: list[Span | None]
) -> tuple[list[Quad], list[LineReading]]:
    """Words beside each other, without those that are not to be seen."""
    rows: list[list[int]] = []
    for index in sorted(range(len(words)), key=lambda i: (blocks[i], boxes[i][1])):
        middle, high = boxes[index][[1, 3]].mean(), boxes[index][3] - boxes[index][1]
        near = (row for row in reversed(rows[-4:]) if blocks[row[0]] == blocks[index])
        own = next((row for row in near if abs(boxes[row[0]][[1, 3]].mean() - middle) < 0.4 * high), None)
        if own is None:
            rows.append([index])
        else:
            own.append(index)
    quads, readings = [], []
    for row in rows:
        parts: list[list[int]] = [[]]
        for index in sorted(row, key=lambda i: boxes[i][0]):
            span = seen[index]
            if span is None:
                parts.append([])
                continue
            last = seen[parts[-1][-1]] if parts[-1] else None
            if last is not None and span[0] - last[1] > NEXT * (boxes[index][3] - boxes[index][1]):
                parts.append([])
            parts[-1].append(index)
        for part in filter(None, parts):
            spans = [span for index in part if (span := seen[index]) is not None]
            left, right = min(span[0] for span in spans) - 2, max(span[1] for span in spans) + 2
            top, bottom = boxes[part, 1].min(), boxes[part, 3].max()
            if right - left > 0.5 * (bottom - top):
                quads.append(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32))
                readings.append(LineReading(" ".join(words[index] for index in part)))
    return quads, readings
