"""Where several lines of text end in one column of pixels: at a patch in the paper's colour, or in a table's column.

Nothing is decided here. What tells the two from each other is measured, and a fitted model decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.text_lines import TextLine
from worker.page import Quad
from worker.percentiles import grey_percentiles, median

SAME = 0.08
"""Heights by which ends of lines on one edge differ, for they may be blurred."""

FEWEST, NEXT = 2, 4.5
"""Lines that end at an edge, and heights from one to the next: one that is cut between two words may be between."""

ROOM = 0.8
"""Heights without ink behind an end."""

NEAR = 3.2
"""Heights above and below an edge within which lines tell how far the text should go."""

GAP = 1.2
"""Heights of the shortest missing part."""

STRONG = 0.55
"""Share of a line's contrast from which a pixel is in a stroke."""

ALIKE = (0.6, 1.6)
"""Heights of lines of one text."""

ROWS = 200
"""Rows of pixels, spread over the page, that tell what the paper is like."""

FAR = 12.0
"""Heights; what is longer is as good as this."""


@dataclass(frozen=True)
class Edge:
    """Lines that end in one column of pixels.

    Attributes:
        quads: Where their text would go on.
        measures: What tells whether it was there; see :data:`MEASURES`.
    """

    quads: tuple[Quad, ...]
    measures: tuple[float, ...]


MEASURES = (
    "lines", "strokes", "several", "depth", "least_depth", "beyond", "others", "length", "above", "below", "spanned",
    "gap", "gap_spread", "both", "justified", "crossed", "height", "place", "side", "pieces", "edges", "even", "tone",
)  # fmt: skip
"""Lines that end there; strokes in the last column, share of lines with two or more, how dark the column is on average
and at least, and the one behind it; other ends in the same column; length of the text before it; how far lines above
and below reach over it, and how many do; length of the missing part, how much it varies, and share of lines with text
behind it; share of lines whose other end is on the block's edge; lines between that go through; height; place within
the block; side; pieces in a row; edges on the page; grain and tone of the missing part by those of the paper."""


@dataclass(frozen=True)
class _End:
    line: TextLine
    x: int
    start: int
    """Of its piece, at the other end."""

    def look(self, side: int) -> tuple[int, float, float]:
        """Strokes in the last column, how dark it is, and the column behind it, by the line's own contrast."""
        line, x, reach = self.line, self.x - self.line.left, int(self.line.height)
        paper = grey_percentiles(line.part[:, max(0, x - reach) : x + reach], [50])[0]
        away = np.abs(line.part[:, x].astype(np.float32) - paper) / line.contrast
        strong = np.concatenate([[0], away > STRONG]).astype(np.int8)
        after = line.part[:, min(max(0, x + side), line.part.shape[1] - 1)].astype(np.float32)
        behind = float(np.abs(after - paper).max() / line.contrast)
        return int(np.count_nonzero(np.diff(strong) == 1)), float(away.max()), behind


def line_edges(grey: NDArray[np.uint8], lines: Sequence[TextLine]) -> list[Edge]:
    """The edges of a page.

    Args:
        grey: The page.
        lines: Its level lines, from top to bottom.
    """
    if len(lines) < FEWEST:
        return []
    found = []
    rows = grey[:: max(1, len(grey) // ROWS)]
    paper = grey_percentiles(rows, [50])[0]
    grain = 1 + grey_percentiles(np.asarray(cv2.absdiff(rows[:, 1:], rows[:, :-1]), np.uint8), [50])[0]
    for side in (1, -1):
        ends = list(_ends(lines, side))
        found += [(edge, ends, side) for edge in _edges(ends)]
    result = []
    for edge, ends, side in found:
        missing = _missing(edge, lines, side)
        if missing:
            own = _measures(edge, ends, lines, side, missing)
            even, tone = _ground(grey, missing)
            measures = (*own, float(len(found)), even / grain, abs(tone - paper))
            result.append(Edge(tuple(missing), measures))
    return result


def _ends(lines: Sequence[TextLine], side: int) -> Iterator[_End]:
    """The right (1) or left (-1) ends of the lines' pieces that have room behind them."""
    for line in lines:
        for first, last in line.pieces:
            x, start = (last, first) if side > 0 else (first, last)
            at = x - line.left
            if (at if side < 0 else line.part.shape[1] - 1 - at) >= ROOM * line.height:
                yield _End(line, x, start)


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
            alike = abs(ends[other].x - end.x) <= max(1.5, SAME * height)
            if alike and step > 0.6 * height and ALIKE[0] < below.height / height < ALIKE[1]:
                edge.append(other)
        if len(edge) >= FEWEST:
            used.update(edge)
            yield [ends[member] for member in edge]


def _near(edge: Sequence[_End], lines: Sequence[TextLine]) -> list[TextLine]:
    height, top, bottom = edge[0].line.height, edge[0].line.top, edge[-1].line.bottom
    return [
        line
        for line in lines
        if line.bottom > top - NEAR * height
        and line.top < bottom + NEAR * height
        and ALIKE[0] < line.height / height < ALIKE[1]
    ]


def _missing(edge: Sequence[_End], lines: Sequence[TextLine], side: int) -> list[Quad]:
    """From each end to the next text in its row, or to where the lines above and below it end."""
    near, height = _near(edge, lines), edge[0].line.height
    x = median(end.x for end in edge)
    spanning = [piece for line in near for piece in line.pieces if piece[0] < x - height and piece[1] > x + height]
    quads = []
    for end in edge:
        line = end.line
        row = [one for one in near if one.top < line.middle < one.bottom]
        if side > 0:
            behind = [first for one in row for first, _ in one.pieces if first > end.x]
            limit = max((last for _, last in spanning), default=end.x)
            left, right = end.x, min(behind) if behind else limit
        else:
            behind = [last for one in row for _, last in one.pieces if last < end.x]
            limit = min((first for first, _ in spanning), default=end.x)
            left, right = max(behind) if behind else limit, end.x
        if right - left > GAP * height:
            corners = [[left, line.top], [right, line.top], [right, line.bottom], [left, line.bottom]]
            quads.append(np.array(corners, np.float32))
    return quads


def _measures(
    edge: Sequence[_End],
    ends: Sequence[_End],
    lines: Sequence[TextLine],
    side: int,
    missing: Sequence[Quad],
) -> tuple[float, ...]:
    height, x = edge[0].line.height, median(end.x for end in edge)
    top, bottom = edge[0].line.top, edge[-1].line.bottom
    near = _near(edge, lines)
    strokes, depths, behind = zip(*(end.look(side) for end in edge), strict=True)
    reach = {True: 0.0, False: 0.0}
    spanned = 0
    for line in near:
        if top < line.middle < bottom:
            continue
        over = max((min(x - first, last - x) for first, last in line.pieces), default=0) / height
        spanned += over > 1
        is_above = line.middle < top
        reach[is_above] = max(reach[is_above], min(FAR, over))
    crossed = sum(
        top < line.middle < bottom and any(a < x - 0.4 * height and b > x + 0.4 * height for a, b in line.pieces)
        for line in near
    )
    left, right = (min(line.pieces[0][0] for line in near), max(line.pieces[-1][1] for line in near))
    opposite = left if side > 0 else right
    rows = [sum(len(one.pieces) for one in near if one.top < end.line.middle < one.bottom) for end in edge]
    gaps = [float(quad[1, 0] - quad[0, 0]) / height for quad in missing]
    far = sorted(float(quad[1 if side > 0 else 0, 0]) for quad in missing)
    rest = [
        any(
            (piece[0] > end.x if side > 0 else piece[1] < end.x)
            for one in near
            if one.top < end.line.middle < one.bottom
            for piece in one.pieces
        )
        for end in edge
    ]
    return (
        float(len(edge)),
        sum(strokes) / len(edge),
        sum(count > 1 for count in strokes) / len(edge),
        sum(depths) / len(edge),
        min(depths),
        sum(behind) / len(edge),
        float(sum(abs(end.x - x) <= max(3.0, 0.15 * height) for end in ends) - len(edge)),
        min(3 * FAR, median(abs(end.x - end.start) for end in edge) / height),
        reach[True],
        reach[False],
        float(spanned),
        min(3 * FAR, median(gaps)),
        min(FAR, (far[-1] - far[0]) / height),
        sum(rest) / len(edge),
        sum(abs(end.start - opposite) < 0.6 * height for end in edge) / len(edge),
        float(crossed),
        height,
        (x - left) / max(1, right - left),
        float(side),
        sum(rows) / len(rows),
    )


def _ground(grey: NDArray[np.uint8], missing: Sequence[Quad]) -> tuple[float, float]:
    """Grain and tone of the missing parts."""
    grains, tones = [0.0], [0.0]
    for quad in missing:
        (left, top), (right, bottom) = quad[0].astype(int), quad[2].astype(int)
        rim = (bottom - top) // 3
        part = grey[top:bottom, left + rim : max(left + rim + 2, right - rim)]
        if part.size:
            mean, deviation = cv2.meanStdDev(part)
            grains.append(float(deviation[0, 0]))
            tones.append(float(mean[0, 0]))
    return median(grains[1:] or grains), median(tones[1:] or tones)
