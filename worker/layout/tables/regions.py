"""Where tables may stand on a page: within ruled grids, between level lines, and where rows fall into pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from worker.layout.tables.ruling_lines import Ruling
from worker.layout.tables.rulings import Bounds, Rulings
from worker.layout.tables.tokens import Rows, TableText, Token

TOUCH = 0.6
"""Text heights between the ends of lines that meet."""

FEWEST_LEVEL, FEWEST_UPRIGHT = 3, 2
"""Lines of a grid with at least two places one under the other."""

ALIGNED = 1.5
"""Text heights by which level lines of one table may begin and end apart."""

MOST_APART = 40.0
"""Text heights between two level lines of one table."""

UNEVEN = 3.0
"""Times the usual gap between level lines from which two tables, or a page's header and a table, are apart."""

SHORTEST_LEVEL = 6.0
"""Text heights: shorter level lines bound no table."""

CELL_GAP = 1.0
"""Text heights between the words of a line that are pieces of their own."""

HEAD_GAP = 1.5
"""Text heights between the first level line of a table and its head above that."""

KINDS = ("grid", "level", "rows")
"""What shows a candidate, the surest first."""

RUNS = ((1.7, 1), (2.6, 3), (3.4, 7))
"""What may end a table without lines: text heights from one row to the next, and the most visual rows of one piece in
sequence inside it. All are tried."""


@dataclass(frozen=True)
class Candidate:
    """Lines that may be a table.

    Attributes:
        members: Indices of the lines.
        kind: ``grid``, ``level`` lines or ``rows`` of pieces.
        bounds: In straightened pixels.
    """

    members: frozenset[int]
    kind: str
    bounds: Bounds


def ruled_candidates(page: TableText, rulings: Rulings) -> list[Candidate]:
    """Within grids, and between level lines that begin and end alike, with and without a row of pieces above them."""
    tokens, height = page.tokens, page.height
    found = [_within(tokens, bounds, "grid") for bounds in _grids(rulings, height)]
    for bounds in _level_groups(rulings.horizontal, height):
        found.append(_within(tokens, bounds, "level"))
        if (top := _head_above(page, bounds)) is not None:
            found.append(_within(tokens, (bounds[0], top, *bounds[2:]), "level"))
    return [candidate for candidate in found if len(candidate.members) >= 4]


def _head_above(page: TableText, bounds: Bounds) -> float | None:
    """The top of the row right above level lines where it is of pieces: the head of a table without a line above it."""
    left, top, right, _ = bounds
    above = [
        inside
        for row in page.rows
        if (inside := [token for token in row if left <= token.centre <= right and token.middle < top])
    ]
    if not above:
        return None
    last = max(above, key=lambda row: row[0].middle)
    if top - max(token.bottom for token in last) > HEAD_GAP * page.height or not is_pieced(last, page.height):
        return None
    return min(token.top for token in last)


def _within(tokens: Sequence[Token], bounds: Bounds, kind: str) -> Candidate:
    left, top, right, bottom = bounds
    inside: dict[int, list[bool]] = {}
    for token in tokens:
        inside.setdefault(token.line, []).append(left <= token.centre <= right and top <= token.middle <= bottom)
    return Candidate(frozenset(line for line, words in inside.items() if 2 * sum(words) > len(words)), kind, bounds)


def _grids(rulings: Rulings, height: float) -> list[Bounds]:
    """Bounds of lines that meet."""
    reach = TOUCH * height
    level = [(line.start, line.position, line.end, line.position) for line in rulings.horizontal]
    upright = [(line.position, line.start, line.position, line.end) for line in rulings.vertical]
    lines = level + upright
    group = list(range(len(lines)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for first in range(len(level)):
        for second in range(len(level), len(lines)):
            (ax, ay, bx, _), (cx, cy, _, dy) = lines[first], lines[second]
            if ax - reach <= cx <= bx + reach and cy - reach <= ay <= dy + reach:
                group[root(second)] = root(first)
    found = []
    for key in sorted({root(index) for index in range(len(lines))}):
        members = [index for index in range(len(lines)) if root(index) == key]
        ys = _distinct([lines[index][1] for index in members if index < len(level)], reach)
        xs = _distinct([lines[index][0] for index in members if index >= len(level)], reach)
        if ys >= FEWEST_LEVEL and xs >= FEWEST_UPRIGHT or ys >= 2 and xs >= FEWEST_LEVEL:
            boxes = [lines[index] for index in members]
            found.append(_around(boxes))
    return found


def _around(boxes: Sequence[Bounds]) -> Bounds:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _distinct(values: Sequence[float], reach: float) -> int:
    ordered = sorted(values)
    return sum(index == 0 or value - ordered[index - 1] > reach for index, value in enumerate(ordered))


def _level_groups(lines: Sequence[Ruling], height: float) -> list[Bounds]:
    """Bounds of level lines that begin and end alike, one under the other."""
    groups: list[list[Ruling]] = []
    for line in sorted(lines, key=lambda line: line.position):
        if line.length < SHORTEST_LEVEL * height:
            continue
        for group in groups:
            last = group[-1]
            alike = abs(last.start - line.start) <= ALIGNED * height and abs(last.end - line.end) <= ALIGNED * height
            if alike and line.position - last.position <= MOST_APART * height:
                group.append(line)
                break
        else:
            groups.append([line])
    runs = [run for group in groups for run in (group, *_even_runs(group))]
    return [
        (
            min(line.start for line in run) - height / 2,
            run[0].position,
            max(line.end for line in run) + height / 2,
            run[-1].position,
        )
        for run in runs
        if len(run) >= 2
    ]


def _even_runs(group: Sequence[Ruling]) -> list[list[Ruling]]:
    """The group's parts between gaps that are wider than most: a page's rules begin and end like its tables' lines."""
    gaps = [after.position - before.position for before, after in pairwise(group)]
    if len(gaps) < 2:
        return []
    runs = [[group[0]]]
    for gap, line in zip(gaps, group[1:], strict=True):
        if gap > UNEVEN * median(gaps):
            runs.append([])
        runs[-1].append(line)
    return runs if len(runs) > 1 else []


def pieced_candidates(rows: Rows, height: float) -> list[Candidate]:
    """Runs of visual rows that mostly fall into pieces; ``rows`` in reading order."""
    return [candidate for pitch, most_single in RUNS for candidate in _runs(rows, height, pitch, most_single)]


def _runs(rows: Rows, height: float, pitch: float, most_single: int) -> list[Candidate]:
    found: list[Candidate] = []
    run: list[list[Token]] = []
    single = 0

    def close() -> None:
        kept = run[: len(run) - single]
        while kept and not is_pieced(kept[0], height):
            kept.pop(0)
        if sum(is_pieced(row, height) for row in kept) >= 2:
            tokens = [token for row in kept for token in row]
            bounds = _around([(token.left, token.top, token.right, token.bottom) for token in tokens])
            found.append(Candidate(frozenset(token.line for token in tokens), "rows", bounds))

    for row in rows:
        pieced = is_pieced(row, height)
        if run and (not _follows(run[-1], row, height, pitch) or (not pieced and single >= most_single)):
            close()
            run, single = [], 0
        if pieced or run:
            run.append(row)
            single = 0 if pieced else single + 1
    close()
    return found


def is_pieced(row: Sequence[Token], height: float) -> bool:
    """Whether a visual row falls into pieces."""
    return any(
        after.left - before.right >= CELL_GAP * height or before.line != after.line
        for before, after in zip(row[:-1], row[1:], strict=True)
    )


def _follows(above: Sequence[Token], below: Sequence[Token], height: float, most: float) -> bool:
    pitch = min(token.middle for token in below) - max(token.middle for token in above)
    overlap = min(above[-1].right, below[-1].right) - max(above[0].left, below[0].left)
    return -height <= pitch <= most * height and overlap > 0
