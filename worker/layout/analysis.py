"""From the lines of a page to its blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from worker.layout.order import arrange
from worker.layout.tree import BlockLayout, LayoutLine
from worker.page import Pixels


def analyse_layout(lines: Sequence[LayoutLine], pixels: Pixels | None = None) -> tuple[BlockLayout, ...]:
    """Blocks in reading order; every line is in exactly one of them.

    Args:
        lines: Of an upright page, in any order; a skew of a few degrees may be left in.
        pixels: The upright page, whose rulings and pictures are looked at; None where there is no picture.
    """
    blocks = arrange([line.quad for line in lines])
    return tuple(BlockLayout("text", tuple(tuple(row) for row in block)) for block in blocks)
