"""The probability that what was found on a page hides text: boosted trees, fitted by ``training.losses.fit``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from worker.imaging import covered, line_edges, marks

PATH = Path(__file__).parent / "weights" / "losses.json"

Kind = Literal["patch", "mark", "edge"]

MEASURES: Mapping[Kind, tuple[str, ...]] = {
    "patch": covered.MEASURES,
    "mark": marks.MEASURES,
    "edge": line_edges.MEASURES,
}
"""Of each kind, in the order of the trees' columns."""

MEASURE, THRESHOLD, UNDER, OVER = range(4)
"""Of a tree's node; a leaf is its value alone."""


@dataclass(frozen=True)
class BoostedTrees:
    """A sum of trees, whose sigmoid is a probability.

    Attributes:
        offset: Added to the sum.
        trees: Of each its nodes, the root first: ``[measure, threshold, under, over]`` or ``[value]``.
    """

    offset: float
    trees: Sequence[Sequence[Sequence[float]]]

    def __call__(self, measures: Sequence[float]) -> float:
        """The probability, 0 to 1."""
        score = self.offset
        for nodes in self.trees:
            node = nodes[0]
            while len(node) > 1:
                node = nodes[int(node[UNDER if measures[int(node[MEASURE])] <= node[THRESHOLD] else OVER])]
            score += node[0]
        return 1 / (1 + math.exp(-score))


def hides_text(kind: Kind, measures: Sequence[float]) -> float:
    """The probability that a patch or mark hides text, or that lines go on behind an edge, 0 to 1."""
    return _models()[kind](measures)


@cache
def _models() -> dict[str, BoostedTrees]:
    models: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))["models"]
    return {kind: BoostedTrees(own["offset"], own["trees"]) for kind, own in models.items()}
