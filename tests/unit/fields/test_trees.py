"""Decision trees evaluated all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from worker.fields.feature_names import NAMES
from worker.fields.ranking import WEIGHTS
from worker.fields.trees import TreeModel, load_trees


def small() -> TreeModel:
    """Two trees: one asks feature 1 and then 0, the other is a leaf."""
    feature = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], np.int32)
    threshold = np.array([[0.5, 2.0, 0, 0, 0], [0, 0, 0, 0, 0]], np.float32)
    left = np.array([[1, 3, 2, 3, 4], [0, 1, 2, 3, 4]], np.int32)
    right = np.array([[2, 4, 2, 3, 4], [0, 1, 2, 3, 4]], np.int32)
    value = np.array([[0, 0, -1, 0.25, 4], [10, 0, 0, 0, 0]], np.float32)
    return TreeModel(feature, threshold, left, right, value, 2)


def test_leaves_of_all_trees_are_added() -> None:
    rows = np.array([[9, 0.7], [1, 0.5], [3, 0.1]], np.float32)
    assert small()(rows).tolist() == [9.0, 10.25, 14.0]


def test_no_rows_give_no_sums() -> None:
    assert small()(np.zeros((0, 2), np.float32)).tolist() == []


def test_weights_ask_only_features_that_there_are() -> None:
    model = load_trees(WEIGHTS, "ranker")
    assert 0 <= model.feature.min() <= model.feature.max() < len(NAMES)


def test_weights_are_small() -> None:
    assert Path(WEIGHTS).stat().st_size < 200_000
