"""Reading order: columns, blocks and rows out of quads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.layout.geometry import measure
from worker.layout.rows import find_rows
from worker.page import Quad


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
    pieces = measure(boxes)
    return [find_rows(pieces, np.arange(len(boxes)))]
