"""How far apart the lines of each column stand: closer within a cell than from one to the next, whatever is beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from worker.layout.tables.tokens import Token

TIGHT, WIDE = 10, 85
"""Percentiles: the distance of two lines of one cell, and of two cells where there are both."""

CLOSE = 1.12
"""Times the distance of two lines of one cell, up to which two lines may be of one cell."""

LEAST, FAR = 0.8, 4.0
"""Text heights: the least distance of two lines, and from where more makes no difference."""

Step = tuple[int, int, float]
"""Of two neighbours in a column: the visual rows of both, and their distance in text heights."""


def describe_pitches(rows: Sequence[Mapping[int, Sequence[Token]]], columns: int, height: float) -> list[list[float]]:
    """Measures of each boundary between two visual rows.

    Args:
        rows: Of each visual row the tokens by column, at least one row.
        columns: How many there are.
        height: Of a line of text, in pixels.
    """
    steps = [step for column in range(columns) for step in _steps(rows, column, height)]
    tight = max(float(np.percentile([pitch for _, _, pitch in steps], TIGHT)), LEAST) if steps else LEAST
    across: list[list[float]] = [[] for _ in rows[1:]]
    for first, second, pitch in steps:
        for ratios in across[first:second]:
            ratios.append(min(pitch / tight, FAR))
    for ratios in across:
        ratios.sort()
    wide = float(np.percentile([ratios[0] if ratios else FAR for ratios in across], WIDE)) if across else FAR
    return [
        [
            ratios[0] if ratios else FAR,
            ratios[1] if len(ratios) > 1 else FAR,
            (ratios[0] if ratios else FAR) / max(wide, 0.5),
            wide,
            len(ratios) / columns,
            sum(ratio <= CLOSE for ratio in ratios) / columns,
        ]
        for ratios in across
    ]


def _steps(rows: Sequence[Mapping[int, Sequence[Token]]], column: int, height: float) -> Iterator[Step]:
    levels = [
        (number, sum(token.middle for token in row[column]) / len(row[column]))
        for number, row in enumerate(rows)
        if column in row
    ]
    for (first, above), (second, below) in pairwise(levels):
        yield first, second, (below - above) / height
