"""Small networks that judge measures: two dense layers each, trained by ``training/tables``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("weights.npz")


@dataclass(frozen=True)
class Network:
    """Measures to the probability that something is so.

    Attributes:
        mean: Of each measure over the training data.
        spread: Its standard deviation.
        layers: Weight (in x out) and bias of each layer.
    """

    mean: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def probabilities(self, measures: Floats) -> Floats:
        """One a row of measures, 0 to 1; measures that came after the network was trained are left out."""
        hidden = np.clip((measures[:, : len(self.mean)] - self.mean) / self.spread, -6, 6)
        for weight, bias in self.layers[:-1]:
            hidden = np.maximum(hidden @ weight + bias, 0)
        weight, bias = self.layers[-1]
        return np.asarray(1 / (1 + np.exp(-(hidden @ weight + bias)[:, 0])), np.float32)


@dataclass(frozen=True)
class Judge:
    """Networks that were trained apart; what they think on average is right more often than what one does."""

    networks: tuple[Network, ...]

    def probabilities(self, measures: Floats) -> Floats:
        """One a row of measures, 0 to 1."""
        return np.asarray(
            sum(network.probabilities(measures) for network in self.networks) / len(self.networks), np.float32
        )


def share(values: Iterable[float]) -> float:
    """The mean of some measures; 0 of none."""
    counted = list(values)
    return float(sum(counted)) / len(counted) if counted else 0.0


@cache
def judge(name: str) -> Judge:
    """The networks of a name: ``columns``, ``rows``, ``headers``, ``tables``, ``choice`` or ``priced``."""
    networks: list[Network] = []
    with np.load(WEIGHTS) as arrays:
        while f"{(of := f'{name}.{len(networks)}')}.mean" in arrays:
            layers: list[tuple[Floats, Floats]] = []
            while f"{of}.{len(layers)}.weight" in arrays:
                number = len(layers)
                layers.append((arrays[f"{of}.{number}.weight"], arrays[f"{of}.{number}.bias"]))
            networks.append(Network(arrays[f"{of}.mean"], arrays[f"{of}.spread"], tuple(layers)))
    return Judge(tuple(networks))
