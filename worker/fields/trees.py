"""Gradient-boosted trees (J. Friedman, 2001) evaluated with NumPy, all trees of a model at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TreeModel:
    """A sum of decision trees.

    Attributes:
        feature: Trees x nodes: which feature a node asks; of a leaf 0.
        threshold: Trees x nodes: left where the feature is at most this.
        left: Trees x nodes: the node that follows; a leaf follows itself.
        right: Likewise.
        value: Trees x nodes: what a leaf adds.
        depth: Of the deepest tree.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    depth: int

    def __call__(self, rows: Floats) -> Floats:
        """The sum for each row: log odds."""
        trees, nodes = self.feature.shape
        offset = (np.arange(trees, dtype=np.int32) * nodes)[None, :]
        at = np.broadcast_to(offset, (len(rows), trees)).astype(np.int32)
        feature, threshold, left, right, value = (
            array.reshape(-1) for array in (self.feature, self.threshold, self.left, self.right, self.value)
        )
        flat, stride = rows.reshape(-1), rows.shape[1]
        start = (np.arange(len(rows), dtype=np.int32) * stride)[:, None]
        for _ in range(self.depth):
            below = flat[start + feature[at]] <= threshold[at]
            at = np.where(below, left[at], right[at]) + offset
        return np.asarray(value[at].sum(axis=1), np.float32)


def load_trees(path: Path, name: str) -> TreeModel:
    """A model of a file of weights, by the prefix of its arrays."""
    with np.load(path) as stored:
        arrays = {key: stored[f"{name}_{key}"] for key in ("feature", "threshold", "left", "right", "value", "depth")}
    return TreeModel(
        arrays["feature"].astype(np.int32),
        arrays["threshold"].astype(np.float32),
        arrays["left"].astype(np.int32),
        arrays["right"].astype(np.int32),
        arrays["value"].astype(np.float32),
        int(arrays["depth"]),
    )
