"""The reading order of a page's blocks; those in one drawn box are read together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.layout.block_features import describe_blocks
from worker.layout.block_order import order_blocks
from worker.layout.cuts import read_first
from worker.layout.enumeration import count_on
from worker.layout.frames import blocks_in
from worker.layout.geometry import Floats
from worker.layout.line_features import LineFeatures
from worker.layout.pictures import Bounds
from worker.layout.row_blocks import SMALL_LINES
from worker.layout.tree import LayoutLine


def order_page(
    members: Sequence[Sequence[int]],
    lines: Sequence[LayoutLine],
    found: LineFeatures,
    roles: Floats,
    frames: Sequence[Bounds],
) -> list[int]:
    """Indices of the blocks in reading order.

    Args:
        members: Lines of each block.
        lines: Of the page.
        found: The same as numbers.
        roles: n x roles, the probabilities of every line's role.
        frames: Boxes drawn on the page, the smallest first.
    """
    boxes = found.boxes
    bounds = np.array(
        [
            (boxes.left[own].min(), boxes.top[own].min(), boxes.right[own].max(), boxes.bottom[own].max())
            for own in map(list, members)
        ]
    )
    units = [[index] for index in range(len(members))]
    for inside in blocks_in(frames, bounds):
        own = [unit for unit in units if set(unit) <= set(inside)]
        if sum(map(len, own)) == len(inside) and len(own) > 1:
            units = [unit for unit in units if unit not in own] + [_ordered(own, members, lines, found, roles)]
    return _ordered(units, members, lines, found, roles)


def _ordered(
    units: Sequence[Sequence[int]],
    members: Sequence[Sequence[int]],
    lines: Sequence[LayoutLine],
    found: LineFeatures,
    roles: Floats,
) -> list[int]:
    """The units' blocks, unit by unit in reading order."""
    groups = [[line for block in unit for line in members[block]] for unit in units]
    described = describe_blocks(groups, lines, found, roles)
    small = np.array([len(group) <= SMALL_LINES for group in groups])
    marks = found.marks
    cut_first = read_first(described.boxes, small, found.usual, marks.level_rules, marks.upright_rules)
    following = count_on(groups, lines, found, described.boxes)
    return [block for index in order_blocks(described, cut_first, following) for block in units[index]]
