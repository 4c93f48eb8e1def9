"""Which lines of a page are tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.layout.line_order import arrange
from worker.layout.roles import ROLES
from worker.layout.tables.columns import find_separators, judge_gutters
from worker.layout.tables.grid import Grid
from worker.layout.tables.network import Floats, judge, share
from worker.layout.tables.regions import KINDS, Candidate, is_pieced, pieced_candidates, ruled_candidates
from worker.layout.tables.rulings import Rulings, find_rulings
from worker.layout.tables.structure import draft_grid
from worker.layout.tables.table_region import TableRegion
from worker.layout.tables.tokens import TableText, Token, page_skew, straightened, table_text, text_of
from worker.layout.text import marked_state
from worker.layout.tree import LayoutLine
from worker.page import Pixels

POSSIBLE = 0.3
"""Share of its lines that a candidate is expected to have in common with a table, from which it may be one."""

SURE = 0.5
"""Probability from which a gutter counts as one between columns."""

FEWEST_LINES = 4
"""Of a table."""

FORM_CHOICES = 2
"""Checkboxes with their labels from which what has no ruled grid is a form."""

MOST_CANDIDATES = 12
"""Of a page that are looked at: those with lines first, then the largest."""

TABLE = ROLES.index("table")
LEAST_LIKELY, WHOLE, LEAST_PIECED = 0.05, 0.95, 0.3
"""Mean probability of a table's role below which a candidate's lines are none; share of the page's lines from which it
is the page, which may be one whatever its lines look like, and the share of its rows that fall into pieces then. Of
1,284 tables none was below."""

ALIKE = 0.93
"""Share of lines in common from which one of two candidates is enough."""

FAR = 6.0
"""Text heights of white above and below, from which more makes no difference."""

LEADERS = ("..", "…", "· ·", "．．")
"""What fills the space before a page number in a table of contents."""


def find_tables(
    lines: Sequence[LayoutLine],
    pixels: Pixels | None = None,
    drawn: Rulings | None = None,
    roles: NDArray[np.float64] | None = None,
) -> list[TableRegion]:
    """What may be a table on a page, the likeliest first; :mod:`worker.layout.table_choice` chooses, as they overlap.

    Args:
        lines: Of the upright page, in any order; a skew of a few degrees may be left in.
        pixels: The page, whose ruling lines are looked at; None where there is no picture.
        drawn: Its ruling lines, where they are known.
        roles: n x roles, the probabilities of every line's role; candidates without a line like a table's are left out.
    """
    if len(lines) < FEWEST_LINES:
        return []
    regions = find_candidates(lines, pixels, drawn, roles)
    return sorted(
        (region for region in regions if region.probability >= POSSIBLE or region.is_all_of(lines)),
        key=lambda region: (-region.probability, region.members),
    )


def find_candidates(
    lines: Sequence[LayoutLine],
    pixels: Pixels | None,
    drawn: Rulings | None = None,
    roles: NDArray[np.float64] | None = None,
) -> list[TableRegion]:
    """Everything on a page that may be a table; they overlap."""
    skew = page_skew(lines)
    page = table_text(lines, range(len(lines)), skew)
    boxes = [(token.left, token.top, token.right, token.bottom) for token in page.tokens]
    rulings = find_rulings(pixels, skew, page.bounds, boxes, page.height, drawn)
    candidates = ruled_candidates(page, rulings)
    pieced = share(is_pieced(row, page.height) for row in page.rows)
    if pieced:
        candidates += [
            candidate
            for rows in (_reading_rows(lines, page), page.rows)
            for candidate in pieced_candidates(rows, page.height)
        ]
    if candidates:
        candidates.append(Candidate(frozenset(range(len(lines))), "rows", page.bounds))  # a page that is one table
    different = {candidate.members: candidate for candidate in reversed(candidates)}
    choices = {index for index, line in enumerate(lines) if _is_choice(line.text)}
    kept = [
        candidate
        for candidate in different.values()
        if len(candidate.members) >= FEWEST_LINES
        and (candidate.kind == "grid" or len(candidate.members & choices) < FORM_CHOICES)
        and (candidate.kind != "rows" or roles is None or _may_be_table(candidate, pieced, roles))
    ]
    kept.sort(key=lambda candidate: (KINDS.index(candidate.kind), -len(candidate.members), sorted(candidate.members)))
    chosen: list[Candidate] = []
    for candidate in kept:
        if len(chosen) < MOST_CANDIDATES and not any(_alike(candidate, other) for other in chosen):
            chosen.append(candidate)
    return [_region(candidate, page, rulings) for candidate in chosen]


def _may_be_table(candidate: Candidate, pieced: float, roles: NDArray[np.float64]) -> bool:
    """Whether some of a candidate's lines look like a table's; those of a page that is one often do not.

    Args:
        candidate: Of the page.
        pieced: Share of the page's rows that fall into pieces.
        roles: Lines x roles, their probabilities.
    """
    if roles[list(candidate.members), TABLE].mean() >= LEAST_LIKELY:
        return True
    return len(candidate.members) >= WHOLE * len(roles) and pieced >= LEAST_PIECED


def _is_choice(text: str) -> bool:
    """Whether a line is a checkbox with its label."""
    return marked_state(text) is not None and any(map(str.isalnum, text))


def _alike(one: Candidate, other: Candidate) -> bool:
    return len(one.members & other.members) >= ALIKE * len(one.members | other.members)


def _reading_rows(lines: Sequence[LayoutLine], page: TableText) -> list[list[Token]]:
    """The page's rows in reading order, columns of running text one after the other."""
    by_line: dict[int, list[Token]] = {}
    for token in page.tokens:
        by_line.setdefault(token.line, []).append(token)
    quads = straightened([line.quad for line in lines], page.skew)
    return [
        sorted((token for line in row for token in by_line[line]), key=lambda token: token.left)
        for block in arrange(quads)
        for row in block
    ]


def _region(candidate: Candidate, page: TableText, rulings: Rulings) -> TableRegion:
    text = text_of(page, candidate.members)
    near = rulings.near(text.bounds, text.height)
    judged = judge_gutters(text, near)
    separators = find_separators(text, near, judged)
    grid, headers = draft_grid(text, separators, near)
    measures = _measures(candidate, text, grid, near, headers, judged.probabilities)
    measures += _surroundings(candidate, text, page)
    probability = float(judge("tables").probabilities(np.array([measures], np.float32))[0])
    members = tuple(sorted(candidate.members))
    return TableRegion(members, probability, candidate.kind, tuple(measures), grid, text, separators, near)


def _measures(
    candidate: Candidate, text: TableText, grid: Grid, rulings: Rulings, headers: int, gutters: Floats
) -> list[float]:
    """What makes a candidate a table or not; ``gutters`` are the probabilities that they part columns."""
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    filled = [cell for cell in grid.cells if cell.rows]
    widths = np.array([max(row[-1].right - row[0].left for row in cell.rows) / text.height for cell in filled])
    depths = np.array([len(cell.rows) for cell in filled])
    words = np.array([len(cell.tokens) for cell in filled])
    numbers = np.array([share(token.is_number for token in cell.tokens) for cell in filled])
    texts = [" ".join(token.text for token in cell.tokens) for cell in filled]
    firsts = [text for cell, text in zip(filled, texts, strict=True) if cell.left == 0]
    lasts = numbers[[cell.right == columns - 1 for cell in filled]]
    sure = gutters if len(gutters) else np.zeros(1)
    wide, tall = text.bounds[2] - text.bounds[0], max(text.bounds[3] - text.bounds[1], 1.0)
    full = np.array([sum(cell.top == row for cell in filled) for row in range(rows)])
    return [
        candidate.kind == "grid",
        candidate.kind == "level",
        min(rows, 30),
        min(columns, 12),
        len(filled) / (rows * columns),
        float(np.mean(full >= 2)),
        float(np.mean(full)) / columns,
        float(np.median(widths)),
        float(np.percentile(widths, 90)),
        float(widths.max()),
        float(np.mean(depths)),
        float(np.percentile(depths, 90)),
        float(np.mean(words)),
        float(np.percentile(words, 90)),
        float(np.mean(numbers)),
        float(np.mean(lasts)) if len(lasts) else 0.0,
        share(label.rstrip().endswith((":", "：")) for label in firsts),
        float(np.mean([any(mark in cell for mark in LEADERS) for cell in texts])),
        float(sure.max()),
        float(np.mean(sure[sure >= SURE])) if (sure >= SURE).any() else 0.0,
        float(np.mean((sure > 0.1) & (sure < 0.9))),
        min(len(rulings.horizontal) / rows, 3.0),
        sum(line.length > 0.5 * tall for line in rulings.vertical),
        sum(line.length > 0.8 * wide for line in rulings.horizontal),
        sum(line.length > 0.8 * wide for line in rulings.edges) / rows,
        headers,
        wide / text.height,
        tall / text.height / rows,
        float(np.mean([cell.right > cell.left or cell.bottom > cell.top for cell in filled])),
    ]


def _surroundings(candidate: Candidate, text: TableText, page: TableText) -> list[float]:
    """White above and below a candidate up to the page's other text, and how many words stand next to it there."""
    left, top, right, bottom = text.bounds
    above, below = FAR, FAR
    beside = 0
    for token in page.tokens:
        if token.line in candidate.members or token.right < left or token.left > right:
            continue
        if top < token.middle < bottom:
            beside += 1
        elif token.middle <= top:
            above = min(above, (top - token.bottom) / page.height)
        else:
            below = min(below, (token.top - bottom) / page.height)
    return [above, below, beside / len(text.tokens), len(text.tokens) / len(page.tokens), text.height / page.height]
