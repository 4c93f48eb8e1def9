"""Levels of headings: by their numbers where they have them, else by how large they are set."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from worker.layout.line_features import LineFeatures
from worker.layout.tree import LayoutLine

NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*")
SAME_SIZE = 1.12
"""Sizes whose ratio is less are of one level."""

DEEPEST = 6


def levels_of(
    roles: Sequence[str], members: Sequence[Sequence[int]], lines: Sequence[LayoutLine], found: LineFeatures
) -> list[int | None]:
    """A level for every heading, None for other blocks.

    Args:
        roles: Of the blocks.
        members: Lines of each.
        lines: Of the page.
        found: The same as numbers.
    """
    sizes = {
        block: float(np.median(found.boxes.size[list(members[block])]))
        for block, role in enumerate(roles)
        if role == "heading"
    }
    ranks: dict[int, int] = {}
    level, last = 0, np.inf
    for block in sorted(sizes, key=lambda block: (-sizes[block], block)):
        if sizes[block] * SAME_SIZE < last:
            level, last = level + 1, sizes[block]
        ranks[block] = level
    return [
        min(_numbered(_first_text(members[block], lines, found)) or ranks[block], DEEPEST) if block in sizes else None
        for block in range(len(roles))
    ]


def _first_text(members: Sequence[int], lines: Sequence[LayoutLine], found: LineFeatures) -> str:
    return lines[min(members, key=lambda i: (found.boxes.top[i], found.boxes.left[i]))].text


def _numbered(text: str) -> int | None:
    """How deep a heading's number is: 2 for "3.1 Methods"; None without one."""
    match = NUMBER.match(text)
    if match is None or not text[match.end() :].lstrip(". ").strip():
        return None
    return match.group().count(".") + 1
