"""What the network over lines makes of a page: roles, and blocks as groups of lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.layout.geometry import Floats
from worker.layout.grouping import group, split_at_others
from worker.layout.line_features import LineFeatures
from worker.layout.line_network import encode, linear, pair_logits, softmax, weights_of
from worker.layout.roles import ROLES

EDGE = 0.18
"""Share of the height of a page's text, at its top and bottom, in which its headers, footers and page numbers stand."""

FURNITURE = tuple(ROLES.index(role) for role in ("header", "footer", "page_number"))
LEAST = 1e-9

SAME_ROW, LARGE = 0.5, 1.2
"""Text heights between the middles of lines on a row; times the usual height that a line of a running header has at
most."""


@dataclass(frozen=True)
class Groups:
    """Lines of each block, and n x roles probabilities of every line."""

    lines: list[list[int]]
    roles: Floats


def classify(found: LineFeatures) -> Groups:
    """Roles and blocks of a page's lines."""
    weights = weights_of("lines")
    state, edge = encode(weights, found.lines, found.nearest, found.real, found.pairs)
    roles = _with_furniture_outside(softmax(linear(weights, "classes", state), axis=1), found)
    scores = pair_logits(weights, state, found.nearest, edge)[..., 0]
    groups = group(scores, found.nearest, found.real)
    return Groups(split_at_others(groups, found.boxes), roles)


def _with_furniture_outside(roles: Floats, found: LineFeatures) -> Floats:
    """The probabilities, where lines in the middle of the page's text are not headers, footers or page numbers."""
    boxes = found.boxes
    top, bottom = boxes.top.min(), boxes.bottom.max()
    place = ((boxes.top + boxes.bottom) / 2 - top) / max(bottom - top, 1.0)
    inside = (place > EDGE) & (place < 1 - EDGE)
    outside = roles.copy()
    outside[np.ix_(inside, FURNITURE)] = 0.0
    result: Floats = outside / np.maximum(outside.sum(axis=1, keepdims=True), LEAST)
    return result


def with_edge_rows(seen: Groups, found: LineFeatures) -> Groups:
    """The groups and roles, where all of the page's first or last row is furniture if a page number or most of it is.

    Lines of such a row are groups of their own: a running header stands close to the text on some pages.
    """
    boxes, roles = found.boxes, seen.roles.copy()
    middle = (boxes.top + boxes.bottom) / 2
    moved: set[int] = set()
    for role, outermost in (("header", int(np.argmin(boxes.top))), ("footer", int(np.argmax(boxes.bottom)))):
        row = np.flatnonzero(np.abs(middle - middle[outermost]) < SAME_ROW * boxes.size[outermost])
        kinds = roles[row].argmax(axis=1)
        is_furniture = np.isin(kinds, FURNITURE)
        if (kinds == ROLES.index("page_number")).any() or 2 * is_furniture.sum() > len(row):
            small = boxes.size[row] <= LARGE * found.usual
            for line in row[~is_furniture & small].tolist():
                roles[line] = np.eye(len(ROLES))[ROLES.index(role)]
                moved.add(line)
    if not moved:
        return seen
    left = [[line for line in group if line not in moved] for group in seen.lines]
    return Groups(sorted([*(group for group in left if group), *([line] for line in moved)]), roles)
