"""The probability that a field's value is right, from how it was found."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("weights.json")
"""Written by ``python -m evaluation.calibrate_fields``."""


UNNAMED = 0.89
"""The most for a value that no label of its own names: what it is was told by its looks and place alone."""

NAMED = 0.4
"""Strength from which a label names a value; one fainter than that may be another's."""


CLOSE = 0.25
"""Points by which a value must lead the next other one to be sure: below, two answer about equally well."""


def confidence(features: dict[str, float]) -> float:
    """The calibrated probability, 0 to 1.

    Args:
        features: By name; those without a weight do not count.
    """
    weights = _weights()
    z = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in features.items())
    return round(capped(1 / (1 + math.exp(-max(-30.0, min(30.0, z)))), features), 4)


def capped(probability: float, features: dict[str, float]) -> float:
    """A probability, at most :data:`UNNAMED` where no label names the value or another one answers as well."""
    sure = features.get("own", 0.0) >= NAMED and features.get("margin", CLOSE) >= CLOSE
    return probability if sure else min(probability, UNNAMED)


@cache
def _weights() -> dict[str, float]:
    loaded: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    return loaded
