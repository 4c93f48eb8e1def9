"""Monotone curves from a model's probabilities to how often it is right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CERTAIN = 1e-6
"""Probabilities are kept this far from 0 and 1, where the logit has no value."""


def logit(probability: float) -> float:
    """Log of the odds; finite for 0 and 1 too."""
    inside = min(max(probability, CERTAIN), 1 - CERTAIN)
    return math.log(inside / (1 - inside))


def sigmoid(value: float) -> float:
    """The inverse of :func:`logit`."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


@dataclass(frozen=True)
class Platt:
    """A sigmoid over the logit of a probability.

    After Platt, "Probabilistic Outputs for Support Vector Machines", 1999. Two numbers generalise from few documents.

    Attributes:
        slope: At least 0, so that the order is kept; 1 changes nothing.
        offset: Added to the logit.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, probability: float) -> float:
        """The calibrated probability, 0 to 1."""
        return sigmoid(self.slope * logit(probability) + self.offset)

    def each(self, probabilities: Iterable[float]) -> list[float]:
        """The calibrated probabilities of many: a page has thousands of characters."""
        slope, offset, log, exp, most = self.slope, self.offset, math.log, math.exp, 1 - CERTAIN
        result = []
        for probability in probabilities:
            inside = CERTAIN if probability < CERTAIN else most if probability > most else probability
            value = slope * log(inside / (1 - inside)) + offset
            result.append(1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value)))
        return result


@dataclass(frozen=True)
class Logistic:
    """A probability, or a share, from several measures.

    Attributes:
        weights: Measure's name to its weight, all at least 0: a measure that is better never lowers the result.
        offset: Added to the sum.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    offset: float = 0.0

    def __call__(self, measures: Mapping[str, float]) -> float:
        """The probability or share, 0 to 1.

        Args:
            measures: At least those that have weights.
        """
        return sigmoid(self.offset + sum(weight * measures[name] for name, weight in self.weights.items()))


@dataclass(frozen=True)
class Calibration:
    """The curves of one engine in one pipeline.

    Attributes:
        character: For single characters.
        word: From the product of a word's characters.
        line: From the measures of :func:`worker.reading.confidence.line_measures`; None where none was fitted, and the
            product of the characters is used.
        page: From the measures of :func:`worker.reading.confidence.page_measures`; None where none was fitted, and the
            mean of the words is used.
        fitted: Whether they were fitted; otherwise they change nothing.
    """

    character: Platt = Platt()
    word: Platt = Platt()
    line: Logistic | None = None
    page: Logistic | None = None
    fitted: bool = False
