"""Holes in running text: lines of a paragraph with a wide gap where the lines above and below them go through.

A patch in the paper's colour leaves nothing else where it ends between words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.imaging.cut_lines import TextLine
from worker.page import Quad
from worker.percentiles import median

WIDE = 3.0
"""Heights of a line from which a gap in it is wider than justified text has."""

SAME_ROW, SAME_EDGE, SAME_PITCH = 0.4, 0.35, 0.25
"""Heights by which lines of a row, edges of a column, and steps from row to row may differ."""

STEPS = (0.8, 1.8)
"""Heights from a row to the next of its paragraph."""

SKIPPED = 2.5
"""Heights from a gap to the next, for a line that is cut lengthwise may not be found."""

THROUGH = 2.5
"""Heights by which the lines above and below go on beside the gap."""

START = 0.8
"""Heights by which a line starts off the one above."""

OVERLAP = 0.5
"""Share of the wider of two gaps that they have in common where they belong together."""

OTHERS = 1
"""Other rows with an edge where the gap has one; more make it the room between columns."""


@dataclass(frozen=True)
class _Row:
    top: int
    bottom: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def spans(self, first: float, last: float) -> bool:
        return any(a <= first and b >= last for a, b in self.pieces)


def paragraph_gaps(lines: Sequence[TextLine]) -> list[Quad]:
    """Quads of the gaps that text is probably missing from.

    Args:
        lines: Of the page, from top to bottom.
    """
    if len(lines) < 3:
        return []
    height = median(line.height for line in lines)
    rows = _rows([line for line in lines if 0.6 < line.height / height < 1.6], height)
    gaps = [
        (index, a, b)
        for index, row in enumerate(rows)
        for (_, a), (b, _) in zip(row.pieces, row.pieces[1:], strict=False)
        if b - a > WIDE * height
    ]
    missing: list[Quad] = []
    while gaps:
        hole = [gaps.pop(0)]
        for gap in list(gaps):
            if _continues(rows, hole[-1], gap, height):
                hole.append(gap)
                gaps.remove(gap)
        if _is_hole(rows, hole, height):
            boxes = [(a, rows[index].top, b, rows[index].bottom) for index, a, b in hole]
            missing += [np.array([[a, t], [b, t], [b, u], [a, u]], np.float32) for a, t, b, u in boxes]
    return missing


def _rows(lines: Sequence[TextLine], height: float) -> list[_Row]:
    groups: list[list[TextLine]] = []
    for line in lines:
        if groups and abs(groups[-1][0].middle - line.middle) < SAME_ROW * height:
            groups[-1].append(line)
        else:
            groups.append([line])
    rows = []
    for group in groups:
        pieces: list[tuple[int, int]] = []
        for first, last in sorted(piece for line in group for piece in line.pieces):
            if pieces and first - pieces[-1][1] < WIDE / 2 * height:
                first, last = pieces[-1][0], max(pieces.pop()[1], last)
            pieces.append((first, last))
        rows.append(_Row(group[0].top, group[0].bottom, tuple(pieces)))
    return rows


def _continues(rows: Sequence[_Row], last: tuple[int, int, int], gap: tuple[int, int, int], height: float) -> bool:
    """Whether a gap is below another in the next row of the paragraph."""
    common = min(last[2], gap[2]) - max(last[1], gap[1])
    step = rows[gap[0]].middle - rows[last[0]].middle
    is_next = STEPS[0] * height < step < SKIPPED * height
    return is_next and common > OVERLAP * max(last[2] - last[1], gap[2] - gap[1])


def _is_hole(rows: Sequence[_Row], hole: Sequence[tuple[int, int, int]], height: float) -> bool:
    """Whether the text goes on above and below it, and nothing else on the page has its edges."""
    start, end = median(a for _, a, _ in hole), median(b for _, _, b in hole)
    first, last = rows[hole[0][0]], rows[hole[-1][0]]
    steps = []
    for row, way in ((first, -1), (last, 1)):
        reach = THROUGH * height
        through = [one for one in rows if one.spans(start - reach, end + reach)]
        near = [
            step for one in through if STEPS[0] * height < (step := way * (one.middle - row.middle)) < STEPS[1] * height
        ]
        if not near:
            return False
        steps.append(min(near))
    above = next(row for row in rows if abs(first.middle - steps[0] - row.middle) < 1)
    own = {index for index, _, _ in hole}
    others = sum(
        any(abs(b - start) < SAME_EDGE * height or abs(a - end) < SAME_EDGE * height for a, b in row.pieces)
        for index, row in enumerate(rows)
        if index not in own
    )
    starts = [abs(rows[index].pieces[0][0] - above.pieces[0][0]) < START * height for index in own]
    return abs(steps[0] - steps[1]) < SAME_PITCH * height and others <= OTHERS and 2 * sum(starts) > len(starts)
