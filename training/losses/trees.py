"""Boosted trees for few thousand rows: logistic loss, quantile bins, second-order gains.

After Friedman, "Greedy function approximation: a gradient boosting machine", 2001, and Chen and Guestrin, "XGBoost",
2016.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 24
RIDGE = 3.0
"""Added to the curvature of every leaf."""

Array = NDArray[np.float64]


def fit_trees(
    rows: Array,
    right: Array,
    rising: Mapping[int, int],
    trees: int = 60,
    depth: int = 3,
    rate: float = 0.12,
    least: float = 4.0,
    seed: int = 0,
) -> dict[str, Any]:
    """A sum of trees whose sigmoid is the probability.

    Args:
        rows: Rows x measures.
        right: 0 or 1 of each.
        rising: Measures that may only raise (1) or lower (-1) the probability.
        trees: How many.
        depth: Of each.
        rate: Share of each that is added.
        least: Curvature in a leaf.
        seed: Of the rows left out for each tree.

    Returns:
        What :class:`worker.reading.loss_model.BoostedTrees` is made of.
    """
    rng = np.random.default_rng(seed)
    share = float(right.mean())
    offset = float(np.log(share / (1 - share)))
    cuts = [np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in rows.T]
    score, result = np.full(len(rows), offset), []
    for _ in range(trees):
        probability = 1 / (1 + np.exp(-score))
        kept = rng.random(len(rows)) < 0.8
        slope, curve = kept * (probability - right), kept * probability * (1 - probability)
        nodes: list[list[float]] = []
        _grow(rows, slope, curve, np.arange(len(rows)), cuts, rising, depth, least, rate, nodes, (-9.0, 9.0))
        result.append(nodes)
        score += _apply(nodes, rows)
    return {"offset": offset, "trees": result}


def _apply(nodes: list[list[float]], rows: Array) -> Array:
    result = np.empty(len(rows))
    for index, row in enumerate(rows):
        node = nodes[0]
        while len(node) > 1:
            node = nodes[int(node[2] if row[int(node[0])] <= node[1] else node[3])]
        result[index] = node[0]
    return result


def _grow(
    rows: Array,
    slope: Array,
    curve: Array,
    own: NDArray[np.intp],
    cuts: list[Array],
    rising: Mapping[int, int],
    depth: int,
    least: float,
    rate: float,
    nodes: list[list[float]],
    bounds: tuple[float, float],
) -> int:
    here = len(nodes)
    nodes.append([])
    value: Callable[[float, float], float] = lambda g, h: float(np.clip(-g / (h + RIDGE), *bounds))  # noqa: E731
    total, weight = float(slope[own].sum()), float(curve[own].sum())
    best: tuple[float, int, float] | None = None
    for measure, thresholds in enumerate(cuts if depth and weight >= 2 * least else []):
        if not len(thresholds):
            continue
        place = np.searchsorted(thresholds, rows[own, measure], side="left")
        g = np.cumsum(np.bincount(place, slope[own], len(thresholds) + 1))[:-1]
        h = np.cumsum(np.bincount(place, curve[own], len(thresholds) + 1))[:-1]
        gain = g**2 / (h + RIDGE) + (total - g) ** 2 / (weight - h + RIDGE) - total**2 / (weight + RIDGE)
        gain[(h < least) | (weight - h < least)] = 0
        way = rising.get(measure, 0)
        if way:
            gain[way * (-(total - g) / (weight - h + RIDGE) + g / (h + RIDGE)) < 0] = 0
        at = int(gain.argmax())
        if gain[at] > 1e-3 and (best is None or gain[at] > best[0]):
            best = float(gain[at]), measure, float(thresholds[at])
    if best is None:
        nodes[here] = [round(rate * value(total, weight), 5)]
        return here
    _, measure, threshold = best
    under = rows[own, measure] <= threshold
    low, high = own[under], own[~under]
    limits = [bounds, bounds]
    way = rising.get(measure, 0)
    if way:
        middle = (
            value(float(slope[low].sum()), float(curve[low].sum()))
            + value(float(slope[high].sum()), float(curve[high].sum()))
        ) / 2
        limits = [(bounds[0], middle), (middle, bounds[1])][::way]
    first = _grow(rows, slope, curve, low, cuts, rising, depth - 1, least, rate, nodes, limits[0])
    second = _grow(rows, slope, curve, high, cuts, rising, depth - 1, least, rate, nodes, limits[1])
    nodes[here] = [measure, round(threshold, 4), first, second]
    return here
