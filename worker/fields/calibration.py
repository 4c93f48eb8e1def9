"""The probability that a field's value is right, from how it was found."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights" / "confidence.json"
"""``weights`` are written by ``python -m evaluation.fields.calibrate``, on layouts that the ranker did not learn;
``by_rules``, for a caller's own fields, which the rules score, on 207 values of the developers' documents."""


def confidence(features: dict[str, float]) -> float:
    """The calibrated probability, 0 to 1.

    Args:
        features: By name; those without a weight do not count.
    """
    weights = _weights()["by_rules" if "by_rules" in features else "weights"]
    z = weights.get("bias", 0.0) + sum(weights.get(name, 0.0) * value for name, value in features.items())
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, z)))), 4)


@cache
def _weights() -> dict[str, dict[str, float]]:
    loaded: dict[str, dict[str, float]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return loaded
