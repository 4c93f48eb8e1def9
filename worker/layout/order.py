"""Blocks and rows out of quads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.page import Quad

SAME_ROW_SHARE = 0.5
"""Vertical overlap, as a share of the lower piece's height, from which two pieces stand on one row."""


def arrange(boxes: Sequence[Quad]) -> list[list[list[int]]]:
    """Put text pieces in reading order.

    Args:
        boxes: Quads of an upright, straightened page, in pixels.

    Returns:
        Blocks in reading order, each a list of rows from top to bottom, each a list of indices into ``boxes`` from
        left to right; every index once.
    """
    if not len(boxes):
        return []
    quads = np.asarray(boxes, dtype=np.float64).reshape(-1, 4, 2)
    tops, bottoms = quads[:, :, 1].min(axis=1), quads[:, :, 1].max(axis=1)
    rows: list[list[int]] = []
    for index in np.argsort((tops + bottoms) / 2, kind="stable").tolist():
        last = rows[-1][-1] if rows else None
        if last is not None:
            shared = min(bottoms[last], bottoms[index]) - max(tops[last], tops[index])
            if shared > SAME_ROW_SHARE * min(bottoms[last] - tops[last], bottoms[index] - tops[index]):
                rows[-1].append(index)
                continue
        rows.append([index])
    lefts = quads[:, :, 0].min(axis=1)
    return [[sorted(row, key=lambda index: float(lefts[index])) for row in rows]]
