"""Where everything drawn at random comes from: equal seeds draw equally."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

Drawn = TypeVar("Drawn")


class RandomSource(random.Random):
    """Random numbers one by one, and arrays of them.

    Args:
        seed: Equal seeds draw equally.

    Attributes:
        arrays: Draws whole arrays.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.arrays = np.random.default_rng(seed)

    def happens(self, share: float) -> bool:
        """True in this share of the calls."""
        return self.random() < share

    def by_share(self, shares: Mapping[Drawn, int]) -> Drawn:
        """One of the keys, each as often as its value says among all values."""
        return self.choices(list(shares), list(shares.values()))[0]
