"""Reading order: columns, blocks and rows out of quads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from worker.layout.columns import split_columns
from worker.layout.geometry import Pieces, measure
from worker.layout.rows import Indices, find_rows
from worker.page import Quad

BLOCK_GAP_HEIGHTS = 0.5
"""White between two rows beyond the usual, in text heights, from which they belong to different blocks."""

MAX_DEPTH = 20
"""Cuts within cuts; a page of six columns with headings between takes about ten."""


def arrange(boxes: Sequence[Quad]) -> list[list[list[int]]]:
    """Put text pieces in reading order.

    Columns of running text are read one after the other, all else row by row: what stands on one row of a receipt,
    a form or a table stays together. Text turned by 90° comes last.

    Args:
        boxes: Quads of an upright page, in pixels; a skew of a few degrees may be left in it.

    Returns:
        Blocks in reading order, each a list of rows from top to bottom, each a list of indices into ``boxes`` from
        left to right; every index once.
    """
    if not len(boxes):
        return []
    arranged = _arranged(np.asarray(boxes, np.float64).reshape(-1, 4, 2).tobytes())
    return [[list(row) for row in block] for block in arranged]


@lru_cache(maxsize=2)  # a level page is arranged for its tables and for its blocks
def _arranged(quads: bytes) -> list[list[list[int]]]:
    pieces = measure(np.frombuffer(quads, np.float64).reshape(-1, 4, 2))
    blocks = _read(pieces, np.flatnonzero(~pieces.sideways), 0)
    aside = np.flatnonzero(pieces.sideways)
    blocks.extend([[int(piece)]] for piece in aside[np.argsort(pieces.left[aside], kind="stable")])
    return blocks


def _read(pieces: Pieces, region: Indices, depth: int) -> list[list[list[int]]]:
    if not len(region):
        return []
    rows = find_rows(pieces, region)
    split = split_columns(pieces, rows) if depth < MAX_DEPTH else None
    if split is None:
        return _blocks(pieces, rows)
    parts = (split.above, split.left, split.right, split.below)
    return [block for part in parts for block in _read(pieces, part, depth + 1)]


def _blocks(pieces: Pieces, rows: list[list[int]]) -> list[list[list[int]]]:
    """Part rows where the white between them is wider than it mostly is."""
    tops = np.array([pieces.top[row].mean() for row in rows])
    bottoms = np.array([pieces.bottom[row].mean() for row in rows])
    heights = np.array([np.median(pieces.height[row]) for row in rows])
    white = tops[1:] - bottoms[:-1]
    usual = max(float(np.median(white)), 0.0) if len(white) else 0.0
    wide = white - usual > BLOCK_GAP_HEIGHTS * np.minimum(heights[1:], heights[:-1])
    cuts = [0, *(np.flatnonzero(wide) + 1).tolist(), len(rows)]
    return [rows[first:last] for first, last in pairwise(cuts)]
