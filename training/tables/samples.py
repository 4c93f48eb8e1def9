"""Drawn tables as the layout sees them: lines as a detector finds them, and what is true of each boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from training.random_source import RandomSource
from worker.layout.tables.gutters import Gutter
from worker.layout.tables.tokens import Rows, row_middle
from worker.layout.tree import LayoutLine, LayoutWord
from worker.page import Pixels, Quad

Word = dict[str, Any]
CLOSE = 0.45
"""Text heights between the middles of words on one line."""

JOINED = (0.25, 1.1)
"""Text heights up to which a detector, differing from table to table, draws neighbours as one box."""

JOINED_SHARE = 0.5
PARTED = (0.7, 3.0)
"""Text heights from which it parts the words of a cell."""

NOISE = 0.07
"""In text heights: spread of the boxes' edges."""

TALLER = (0.85, 1.6)
"""How tall the boxes of one table are, in heights of the browser's."""

NEAR = 0.35
"""Text heights by which a true boundary may lie beside the white that was found for it."""


@dataclass(frozen=True)
class Truth:
    """A drawn table.

    Attributes:
        xs: Boundaries between columns.
        ys: Between rows.
        header: The y at which its header ends; that of its top if it has none.
        cells: As drawn.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    header: float
    cells: Sequence[dict[str, Any]]


def truth_of(block: dict[str, Any]) -> Truth:
    """What is true of a table block."""
    cells = block["cells"]
    lefts: dict[int, float] = {}
    tops: dict[int, float] = {}
    for cell in cells:
        left, top, _, _ = cell["box"]
        lefts[cell["column"]] = max(left, lefts.get(cell["column"], left))
        tops[cell["row"]] = max(top, tops.get(cell["row"], top))
    heads = [cell["box"][3] for cell in cells if cell["header"]]
    return Truth(
        tuple(lefts[column] for column in sorted(lefts) if column),
        tuple(tops[row] for row in sorted(tops) if row),
        max(heads, default=block["box"][1]),
        cells,
    )


def lines_of(words: Sequence[Word], rng: RandomSource) -> list[LayoutLine]:
    """Words as lines, as a detector would find and a reader would read them."""
    words = [word for word in words if word["box"][3] - word["box"][1] > 2]
    if not words:
        return []
    height = float(np.median([min(_size(word)) for word in words]))
    joined = height * rng.uniform(*JOINED) if rng.happens(JOINED_SHARE) else 0.0
    parted = height * rng.uniform(*PARTED)
    sideways = [word for word in words if _size(word)[1] > 1.8 * _size(word)[0] and len(word["text"]) > 1]
    level = [word for word in words if word not in sideways]
    lines: list[list[Word]] = [[word] for word in sideways]
    for row in _visual(level, height):
        for word in row:
            last = lines[-1][-1] if lines and lines[-1][-1] in row else None
            if last is not None:
                gap = word["box"][0] - last["box"][2]
                same = word["cell"] == last["cell"]
                if (same and gap < parted) or (not same and gap < joined):
                    lines[-1].append(word)
                    continue
            lines.append([word])
    taller = rng.uniform(*TALLER)
    return [_line(line, height, taller, rng) for line in lines]


def _size(word: Word) -> tuple[float, float]:
    left, top, right, bottom = word["box"]
    return right - left, bottom - top


def _visual(words: Sequence[Word], height: float) -> list[list[Word]]:
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word["box"][1] + word["box"][3]):
        middle = word["box"][1] + word["box"][3]
        if rows and middle - (rows[-1][0]["box"][1] + rows[-1][0]["box"][3]) < 2 * CLOSE * height:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word["box"][0]) for row in rows]


def _line(words: Sequence[Word], height: float, taller: float, rng: RandomSource) -> LayoutLine:
    top, bottom = (float(np.mean([word["box"][side] for word in words])) for side in (1, 3))
    grown = (bottom - top) * (taller - 1) / 2 if bottom - top < 2 * height else 0.0
    top += rng.gauss(0, NOISE) * height - grown
    bottom += rng.gauss(0, NOISE) * height + grown
    placed = []
    for word in words:
        left, right = (word["box"][side] + rng.gauss(0, NOISE) * height for side in (0, 2))
        placed.append(LayoutWord(word["text"], _quad(left, top, max(right, left + 1), bottom)))
    before, behind = (abs(rng.gauss(0, 2 * NOISE)) * height for _ in range(2))
    quad = _quad(float(placed[0].quad[0][0]) - before, top, float(placed[-1].quad[1][0]) + behind, bottom)
    return LayoutLine(quad, " ".join(word["text"] for word in words), tuple(placed))


def _quad(left: float, top: float, right: float, bottom: float) -> Quad:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def gutter_labels(gutters: Sequence[Gutter], truth: Truth, height: float) -> list[bool]:
    """Which gutters part columns: for each true boundary the nearest that has it."""
    labels = [False] * len(gutters)
    for x in truth.xs:
        near = [
            number
            for number, gutter in enumerate(gutters)
            if gutter.left - NEAR * height <= x <= gutter.right + NEAR * height
        ]
        if near:
            labels[min(near, key=lambda number: abs(gutters[number].centre - x))] = True
    return labels


def row_labels(rows: Rows, truth: Truth, height: float) -> list[bool]:
    """Which visual rows but the first begin a row of the table."""
    middles = [row_middle(row) for row in rows]
    labels = [False] * (len(rows) - 1)
    for y in truth.ys:
        after = next((number for number, middle in enumerate(middles) if middle > y - 0.3 * height), None)
        if after:
            labels[after - 1] = True
    return labels


def degraded(pixels: Pixels, rng: RandomSource) -> Pixels:
    """The darkest channel of a picture with less contrast, blur, noise or the blocks of a JPEG, at random."""
    picture = pixels.min(axis=2).astype(np.float32)
    if rng.happens(0.4):
        picture = 150 + (picture - 128) * rng.uniform(0.3, 0.8)
    if rng.happens(0.4):
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.2))
    if rng.happens(0.3):
        picture = picture + rng.arrays.normal(0, rng.uniform(2, 12), picture.shape)
    if rng.happens(0.3):
        specks = rng.arrays.random(picture.shape)
        share = rng.uniform(0.002, 0.015)
        picture[specks < share] = 0
        picture[specks > 1 - share] = 255
    result = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.happens(0.3):
        _, encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(12, 40)])
        result = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.asarray(cv2.cvtColor(result, cv2.COLOR_GRAY2BGR), np.uint8)
