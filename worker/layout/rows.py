"""Rows: pieces that stand on one visual line, chained from neighbour to neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.layout.geometry import Pieces

Indices = NDArray[np.intp]

SAME_ROW_SHARE = 0.5
"""Vertical overlap, as a share of the lower piece's height, from which two neighbours stand on one row."""

MAX_HEIGHT_RATIO = 3.0
"""Pieces whose heights differ by more are not neighbours on a row: a logo beside three lines of an address."""

FLAT, FAR = 0.006, 60.0
"""A slope that may be the noise of short lines' corners, and the gap in heights over which it is not carried on alone:
a banner's words stand on its rows, too."""

MAX_OVERLAP_SHARE = 0.5
"""Horizontal overlap, as a share of the narrower piece's width, that neighbours on a row may have."""


def find_rows(pieces: Pieces, members: Indices) -> list[list[int]]:
    """Chain pieces into rows, from left to right.

    A row is followed by its last piece: its right end, carried on along the slope that the lines around it have, so
    that a row on curled or slightly turned paper is not lost over a wide gap.

    Args:
        pieces: All pieces of the page.
        members: Which of them to arrange.

    Returns:
        Rows from top to bottom, each from left to right; every member once.
    """
    chains = _Chains(pieces, len(members))
    for piece in members[np.argsort(pieces.left[members], kind="stable")].tolist():
        chains.add(piece)
    rows = chains.rows
    if not rows:
        return []
    heights = [float(np.average(pieces.middle[row], weights=pieces.width[row] + 1.0)) for row in rows]
    return [rows[index] for index in np.argsort(heights, kind="stable").tolist()]


class _Chains:
    """Rows as they grow; ``last`` is each row's last piece."""

    def __init__(self, pieces: Pieces, capacity: int) -> None:
        self.pieces = pieces
        self.rows: list[list[int]] = []
        self.last = np.zeros(capacity, dtype=np.intp)

    def add(self, piece: int) -> None:
        """Put a piece on the row it fits best, else on a new one."""
        while True:
            row, competitor = self._best(piece)
            if row is None:
                self.last[len(self.rows)] = piece
                self.rows.append([piece])
                return
            if competitor is None:
                self.rows[row].append(piece)
                self.last[row] = piece
                return
            # The piece fits the row better than the one that came before it by a hair: they change places.
            self.rows[row][-1] = piece
            self.last[row] = piece
            piece = competitor

    def _best(self, piece: int) -> tuple[int | None, int | None]:
        count = len(self.rows)
        if not count:
            return None, None
        offset, fits = self._fit(self.last[:count], piece)
        choice = int(np.argmin(np.where(fits, offset, np.inf)))
        if fits[choice]:
            return choice, None
        return self._displaced(piece)

    def _displaced(self, piece: int) -> tuple[int | None, int | None]:
        """A row whose last piece covers this one's place, and fits what stands before it worse than this does."""
        best, found, competitor = np.inf, None, None
        near = np.abs(self.pieces.middle[self.last[: len(self.rows)]] - self.pieces.middle[piece])
        for row in np.flatnonzero(near < self.pieces.height[piece] * MAX_HEIGHT_RATIO).tolist():
            chain = self.rows[row]
            if len(chain) < 2:
                continue
            before = np.array([chain[-2]], dtype=np.intp)
            mine, fits = self._fit(before, piece)
            theirs, _ = self._fit(before, chain[-1])
            if fits[0] and mine[0] < theirs[0] - 1e-6 and mine[0] < best:
                best, found, competitor = float(mine[0]), row, chain[-1]
        return found, competitor

    def _fit(self, lasts: Indices, piece: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """How far, in heights, a piece stands off the rows that end with ``lasts``; whether it can go on them."""
        pieces = self.pieces
        height = float(pieces.height[piece])
        gap = pieces.left[piece] - pieces.right[lasts]
        reach = np.maximum(gap, 0.0)
        slope = (pieces.slope[lasts] + pieces.slope[piece]) / 2  # of a bow between them, exactly
        lower = pieces.left_middle[piece] - pieces.right_middle[lasts]
        distance = np.abs(lower - reach * slope)
        if (far := reach > FAR * height).any():
            level = (np.abs(slope) < FLAT) & far
            distance = np.where(level, np.minimum(distance, np.abs(lower)), distance)
        heights = pieces.height[lasts]
        low, high = np.minimum(heights, height), np.maximum(heights, height)
        shared = np.minimum((heights + height) / 2 - distance, low)
        narrow = np.minimum(pieces.width[lasts], pieces.width[piece])
        fits = (
            (shared >= SAME_ROW_SHARE * low) & (high <= MAX_HEIGHT_RATIO * low) & (-gap <= MAX_OVERLAP_SHARE * narrow)
        )
        return distance / high, fits
