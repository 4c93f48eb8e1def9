"""Gutters: white rectangles between the pieces of consecutive rows.

Maximal white rectangles as gutters follow Breuel, "Two Geometric Algorithms for Layout Analysis" (DAS 2002).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from worker.layout.geometry import Pieces

MAX_ACTIVE = 200
"""White rectangles followed at a time; a page of prose needs ten, only a very wide table reaches this."""


@dataclass(frozen=True)
class Gutter:
    """A white rectangle: ``left`` to ``right`` in pixels, over rows ``first`` to ``last``."""

    left: float
    right: float
    first: int
    last: int

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def rows(self) -> int:
        """How many rows it parts."""
        return self.last - self.first + 1


def find_gutters(pieces: Pieces, rows: Sequence[Sequence[int]], narrowest: float) -> Iterator[Gutter]:
    """White rectangles that reach as far up and down as they can, page margins left out.

    Args:
        pieces: All pieces of the page.
        rows: A region's rows, from top to bottom, each from left to right.
        narrowest: Least width, pixels.
    """
    lefts, rights = pieces.left.tolist(), pieces.right.tolist()
    active: dict[tuple[float, float], int] = {}
    for number, row in enumerate(rows):
        free = [part for part in _white(lefts, rights, row) if part[1] - part[0] >= narrowest]
        going: dict[tuple[float, float], int] = {}
        for (left, right), first in active.items():
            parts = [(max(left, low), min(right, high)) for low, high in free]
            parts = [part for part in parts if part[1] - part[0] >= narrowest]
            for part in parts:
                going[part] = min(first, going.get(part, first))
            if (left, right) not in parts and isfinite(right - left):
                yield Gutter(left, right, first, number - 1)
        for part in free:
            going.setdefault(part, number)
        oldest = sorted(going.items(), key=lambda item: item[1])
        active = dict(oldest[:MAX_ACTIVE])
    for (left, right), first in active.items():
        if isfinite(right - left):
            yield Gutter(left, right, first, len(rows) - 1)


def _white(lefts: Sequence[float], rights: Sequence[float], row: Sequence[int]) -> list[tuple[float, float]]:
    """The white of a row; its margins reach to infinity."""
    white, edge = [], -inf
    for piece in row:
        if lefts[piece] > edge:
            white.append((edge, lefts[piece]))
        edge = max(edge, rights[piece])
    return [*white, (edge, inf)]
