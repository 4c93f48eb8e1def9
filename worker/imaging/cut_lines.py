"""Text that a patch in the paper's own colour covers: lines of a paragraph whose letters end along one straight edge.

Lines of text that end naturally end in whole letters, and hardly three of them in the same column of pixels. Strokes
that are cut end there at their full darkness, often two of one letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.crop import quad_size
from worker.page import Pixels, Quad
from worker.percentiles import grey_percentiles, median

GAP = 1.2
"""Heights of a line without ink at which a line is taken as interrupted; words are nearer to each other."""

LEVEL = 0.35
"""Heights that a line may rise."""

INK, STRONG = 0.35, 0.55
"""Shares of a line's contrast: of a column with ink in it, and of a stroke."""

LEAST_CONTRAST, LEAST_TEXT, LEAST_HEIGHT = 40, 8, 16
"""Grey values, and pixels: of text, and of text whose strokes do not run together."""

SAME = 0.06
"""Heights by which ends of lines on one edge differ, for they may be blurred."""

FEWEST, NEXT = 3, 4.5
"""Lines that end at an edge, and heights from one to the next: one that is cut between two words may be between."""

STROKES, SEVERAL, DEPTH = 1.4, 0.4, 0.85
"""Means over these lines, in the last column: strokes, share with two or more, and darkest value by the line's own."""

MANY, MANY_STROKES, MANY_SEVERAL, MANY_DEPTH = 6, 1.2, 0.25, 0.75
"""The same for so many lines; strokes only where lines end there, for the first letters of a list may be alike."""

WHOLE, NEAR = 3.0, 3.2
"""Heights that a whole line above or below reaches to both sides of the edge, and how far away it is."""

LONG = 5.0
"""Heights of a line: usual length of the text that ends there; cells of a table are shorter."""

OTHERS = 1
"""Other lines of the page that may end there; more make it the margin of a column."""


@dataclass(frozen=True)
class TextLine:
    """A level line with the pieces of it that have no wide gap.

    Attributes:
        top: Of the part of the page that is analysed.
        bottom: Likewise.
        height: Of its box.
        contrast: Of its ink.
        left: Of the part.
        part: Grey values.
        pieces: First and last column of each.
    """

    top: int
    bottom: int
    height: float
    contrast: float
    left: int
    part: NDArray[np.uint8]
    pieces: tuple[tuple[int, int], ...]

    @property
    def middle(self) -> float:
        """Between its top and its bottom."""
        return (self.top + self.bottom) / 2

    def spans(self, x: float, reach: float) -> bool:
        """Whether the line has ink without a gap from so far left of x to as far right."""
        return any(first < x - reach and last > x + reach for first, last in self.pieces)


@dataclass(frozen=True)
class _End:
    line: TextLine
    x: int
    length: int

    def strokes(self) -> tuple[int, float]:
        """The number of strokes in the last column, and how dark they are by the line's own contrast."""
        line, x, reach = self.line, self.x - self.line.left, int(self.line.height)
        paper = grey_percentiles(line.part[:, max(0, x - reach) : x + reach], [50])[0]
        away = np.abs(line.part[:, x].astype(np.float32) - paper) / line.contrast
        strong = np.concatenate([[0], away > STRONG]).astype(np.int8)
        return int(np.count_nonzero(np.diff(strong) == 1)), float(away.max())


def text_lines(pixels: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
    """The level lines with text, from top to bottom.

    Args:
        pixels: The upright page.
        quads: Of the lines that were found.
    """
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    return sorted(filter(None, (_line(grey, quad) for quad in quads)), key=lambda line: line.middle)


def interrupted_text(lines: Sequence[TextLine]) -> list[Quad]:
    """Quads of the parts of lines that are probably missing.

    Args:
        lines: Of the page, from top to bottom.
    """
    lines = [line for line in lines if line.height >= LEAST_HEIGHT]
    if len(lines) <= FEWEST:
        return []
    missing: list[Quad] = []
    for side in (1, -1):
        ends = list(_ends(lines, side))
        for edge in _edges(ends):
            if _is_cut(edge, ends, lines, side) and not any(_holds(quad, edge) for quad in missing):
                missing += _missing(edge, lines, side)
    return missing


def _line(grey: NDArray[np.uint8], quad: Quad) -> TextLine | None:
    wide, height = quad_size(quad)
    xs, ys = zip(*quad.tolist(), strict=True)
    if wide < 1.5 * height or height < LEAST_TEXT or abs(ys[1] - ys[0]) > LEVEL * height:
        return None
    rim = 0.05 * height
    top, bottom = max(0, int(min(ys) + rim)), int(max(ys) - rim)
    first, last = int(min(xs)), int(max(xs))
    left = max(0, int(first - (GAP + 0.4) * height))
    part = grey[top:bottom, left : int(last + (GAP + 0.4) * height) + 1]
    if min(part.shape) < 6:
        return None
    depth = cv2.subtract(cv2.reduce(part, 0, cv2.REDUCE_MAX), cv2.reduce(part, 0, cv2.REDUCE_MIN))[0]
    inside = depth[max(0, first - left) : last - left]
    rank = max(1, (last - max(first, left)) // 7)
    contrast = float(np.partition(inside, -rank)[-rank])
    inked = np.flatnonzero(depth > INK * contrast)
    if contrast < LEAST_CONTRAST or len(inked) < 3:
        return None
    breaks = np.flatnonzero(np.diff(inked) > GAP * height)
    starts, stops = [inked[0], *inked[breaks + 1]], [*inked[breaks], inked[-1]]
    pieces = tuple((int(start) + left, int(stop) + left) for start, stop in zip(starts, stops, strict=True))
    return TextLine(top, bottom, height, contrast, left, part, pieces)


def _ends(lines: Sequence[TextLine], side: int) -> Iterator[_End]:
    """The right (1) or left (-1) ends of the lines' pieces that have room behind them."""
    for line in lines:
        for piece in line.pieces:
            x = piece[side > 0] - line.left
            if 0.8 * line.height <= (x if side < 0 else line.part.shape[1] - 1 - x):
                yield _End(line, x + line.left, piece[1] - piece[0])


def _edges(ends: Sequence[_End]) -> Iterator[list[_End]]:
    """Ends below each other in one column of pixels."""
    used = set[int]()
    for index, end in enumerate(ends):
        if index in used:
            continue
        edge, height = [index], end.line.height
        for other in range(index + 1, len(ends)):
            below = ends[other].line
            step = below.top - ends[edge[-1]].line.top
            if step > NEXT * height:
                break
            alike = abs(ends[other].x - end.x) <= max(1.0, SAME * height) and 0.6 < below.height / height < 1.6
            if alike and step > 0.6 * height:
                edge.append(other)
        if len(edge) >= FEWEST:
            used.update(edge)
            yield [ends[member] for member in edge]


def _is_cut(edge: Sequence[_End], ends: Sequence[_End], lines: Sequence[TextLine], side: int) -> bool:
    """Whether letters are cut there, in the midst of a paragraph."""
    x, height = median(end.x for end in edge), edge[0].line.height
    top, bottom = edge[0].line.top, edge[-1].line.bottom
    if any(top < line.middle < bottom and line.spans(x, 0.4 * height) for line in lines):
        return False
    others = sum(abs(end.x - x) <= max(3.0, 0.15 * height) for end in ends) - len(edge)
    return (
        others <= OTHERS
        and median(end.length for end in edge) >= LONG * height
        and _strokes_end(edge, side)
        and any(
            line.spans(x, WHOLE * height)
            and 0.7 < line.height / height < 1.4
            and (0 < top - line.middle < NEAR * height or 0 < line.middle - bottom < NEAR * height)
            for line in lines
        )
    )


def _strokes_end(edge: Sequence[_End], side: int) -> bool:
    counts, depths = zip(*(end.strokes() for end in edge), strict=True)
    strokes, several, depth = STROKES, SEVERAL, DEPTH
    if len(edge) >= MANY:
        strokes, several, depth = MANY_STROKES if side > 0 else STROKES, MANY_SEVERAL, MANY_DEPTH
    return bool(
        np.mean(counts) >= strokes and np.mean([count >= 2 for count in counts]) >= several and np.mean(depths) >= depth
    )


def _missing(edge: Sequence[_End], lines: Sequence[TextLine], side: int) -> list[Quad]:
    """From each end to the next text in its row, or to where the lines above and below it end."""
    height, top, bottom = edge[0].line.height, edge[0].line.top, edge[-1].line.bottom
    near = [line for line in lines if line.bottom > top - NEAR * height and line.top < bottom + NEAR * height]
    quads = []
    for end in edge:
        line = end.line
        row = [one for one in near if one.top < line.middle < one.bottom]
        if side > 0:
            others = [first for one in row for first, _ in one.pieces if first > end.x]
            left, right = end.x, min(others) if others else max(one.pieces[-1][1] for one in near)
        else:
            others = [last for one in row for _, last in one.pieces if last < end.x]
            left, right = max(others) if others else min(one.pieces[0][0] for one in near), end.x
        if right - left > GAP * height:
            corners = [[left, line.top], [right, line.top], [right, line.bottom], [left, line.bottom]]
            quads.append(np.array(corners, np.float32))
    return quads


def _holds(quad: Quad, edge: Sequence[_End]) -> bool:
    """Whether a missing part ends at the edge: it is the other side of the same patch."""
    x, height = edge[0].x, edge[0].line.height
    return bool(
        edge[0].line.top - height < quad[:, 1].mean() < edge[-1].line.bottom + height
        and quad[:, 0].min() - height < x < quad[:, 0].max() + height
    )
