"""Fits of the calibration's curves: monotone, few parameters, checked on documents that were left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.reading.calibration import Logistic, Platt
from worker.reading.calibration.curves import logit

Floats = NDArray[np.float64]

STEPS = 12  # of Newton's method; the loss is convex, and five are enough as a rule
TINY = 1e-9  # keeps the equations solvable
RIDGE = 1e-3  # of the squared weights, on standardised measures
BINS = 10  # of the expected calibration error, as in the data's own scorer


def fit_platt(probabilities: Sequence[float], right: Sequence[bool]) -> Platt:
    """The sigmoid of largest likelihood; its slope is not negative.

    Args:
        probabilities: As the model said, 0 to 1.
        right: Whether it was.
    """
    weights, offset = _logistic(np.array([[logit(p)] for p in probabilities]), np.array(right, float))
    return Platt(float(weights[0]), offset)


def fit_logistic(measures: Sequence[Mapping[str, float]], shares: Sequence[float], names: Sequence[str]) -> Logistic:
    """The model of largest likelihood over shares, or over what is right and wrong; its weights are not negative.

    Args:
        measures: Of each page or line.
        shares: Of a page's words that were right, 0 to 1; 1 and 0 for lines.
        names: Which measures to use.
    """
    table = np.array([[one[name] for name in names] for one in measures])
    weights, offset = _logistic(table, np.array(shares, float))
    return Logistic({name: float(weight) for name, weight in zip(names, weights, strict=True)}, offset)


def _logistic(table: Floats, target: Floats) -> tuple[Floats, float]:
    """Logistic regression by Newton's method, on columns scaled to mean 0 and deviation 1.

    Columns whose weight would be negative are left out, the worst first.
    """
    mean, deviation = table.mean(0), np.maximum(table.std(0), 1e-9)
    scaled = np.column_stack([(table - mean) / deviation, np.ones(len(table))])
    used = list(range(table.shape[1]))
    while True:
        solved = _newton(scaled[:, [*used, -1]], target)
        if not used or solved[:-1].min() >= 0:
            break
        used.pop(int(solved[:-1].argmin()))
    weights = np.zeros(table.shape[1])
    weights[used] = solved[:-1] / deviation[used]
    return weights, float(solved[-1] - mean @ weights)


def _newton(table: Floats, target: Floats) -> Floats:
    ridge = RIDGE * np.r_[np.ones(table.shape[1] - 1), 0.0]
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-(table @ weights)))
        slope = table.T @ (share - target) / len(target) + ridge * weights
        curve = (table * (share * (1 - share))[:, None]).T @ table / len(target)
        weights = weights - np.linalg.solve(curve + np.diag(ridge + TINY), slope)
    return weights


def out_of_fold(
    samples: Sequence[Any], groups: Sequence[str], folds: int, predict: Callable[[list[Any], list[Any]], list[float]]
) -> list[float]:
    """Each sample's prediction by a fit on the documents of other folds.

    Args:
        samples: What to predict for.
        groups: The document each is of; all of a document's samples are in one fold.
        folds: How many.
        predict: From the samples to learn from and those to predict for, to predictions.
    """
    fold = {name: index % folds for index, name in enumerate(sorted(set(groups)))}
    result = [0.0] * len(samples)
    for number in range(folds):
        held = [index for index, group in enumerate(groups) if fold[group] == number]
        known = [samples[index] for index, group in enumerate(groups) if fold[group] != number]
        for index, value in zip(held, predict(known, [samples[index] for index in held]), strict=True):
            result[index] = value
    return result


def calibration_error(confidence: Sequence[float], share: Sequence[float]) -> float:
    """Expected calibration error over ten bins of equal width, 0 to 1."""
    confidences, was = np.array(confidence), np.array(share, float)
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    parts = [(bins == number) for number in range(BINS) if (bins == number).any()]
    return float(sum(part.mean() * abs(confidences[part].mean() - was[part].mean()) for part in parts))


def ranking(confidence: Sequence[float], right: Sequence[bool]) -> float | None:
    """Area under the ROC curve; None where all or none are right."""
    confidences, was = np.array(confidence), np.array(right, bool)
    if was.all() or not was.any():
        return None
    wrong = np.sort(confidences[~was])
    below = np.searchsorted(wrong, confidences[was], "left") + np.searchsorted(wrong, confidences[was], "right")
    return float(below.mean() / (2 * len(wrong)))
