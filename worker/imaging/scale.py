"""How much smaller a page may be for what is measured on a copy of it."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 3.0
"""Length over width of a page up to which its long side counts; the print of a longer receipt or banner would be too
small in a copy whose long side is bounded."""


def copy_scale(shape: Sequence[int], side: int) -> float:
    """The factor, at most 1, by which a page is shrunk to a long side, or to the width that goes with it.

    Args:
        shape: Height and width in pixels; what follows is ignored.
        side: Pixels.
    """
    long, short = max(shape[:2]), min(shape[:2])
    return min(1.0, side / min(long, LONGEST * short))
