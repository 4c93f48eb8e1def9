"""What the network over lines makes of a page: roles, and blocks as groups of lines."""

from __future__ import annotations

from dataclasses import dataclass

from worker.layout.geometry import Floats
from worker.layout.grouping import group, part_at_strangers
from worker.layout.line_features import LineFeatures
from worker.layout.line_network import encode, linear, pair_logits, softmax, weights_of


@dataclass(frozen=True)
class Groups:
    """Lines of each block, and n x roles probabilities of every line."""

    lines: list[list[int]]
    roles: Floats


def classify(found: LineFeatures) -> Groups:
    """Roles and blocks of a page's lines."""
    weights = weights_of("lines")
    state, edge = encode(weights, found.lines, found.nearest, found.real, found.pairs)
    roles = softmax(linear(weights, "classes", state), axis=1)
    scores = pair_logits(weights, state, found.nearest, edge)[..., 0]
    groups = group(scores, found.nearest, found.real)
    return Groups(part_at_strangers(groups, found.boxes), roles)
