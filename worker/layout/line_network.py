"""A small transformer over a page's lines: attention to near lines, biased by how they stand to each other.

Each line attends to its nearest ones, as in graph transformers (Dwivedi and Bresson, arXiv:2012.09699). All sums are in
float64, so that processors that add in another order come to the same blocks.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from worker.layout.geometry import Floats
from worker.layout.neighbours import Links, Mask

WEIGHTS = Path(__file__).parent / "weights"
HEADS = 4
SMALL = 1e-5
MASKED = -1e9

Weights = Mapping[str, Floats]


@functools.cache
def weights_of(name: str) -> Weights:
    """The weights of a network of this folder, as float64."""
    with np.load(WEIGHTS / f"{name}.npz") as stored:
        return {key: stored[key].astype(np.float64) for key in stored.files}


def linear(weights: Weights, name: str, values: Floats) -> Floats:
    """A dense layer."""
    result: Floats = values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return result


def normed(weights: Weights, name: str, values: Floats) -> Floats:
    """Layer normalisation."""
    centred = values - values.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + SMALL)
    result: Floats = centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return result


def relu(values: Floats) -> Floats:
    """Rectified."""
    return np.maximum(values, 0.0)


def softmax(values: Floats, axis: int) -> Floats:
    """Probabilities along an axis."""
    grown = np.exp(values - values.max(axis=axis, keepdims=True))
    result: Floats = grown / grown.sum(axis=axis, keepdims=True)
    return result


def encode(weights: Weights, nodes: Floats, nearest: Links, real: Mask, pairs: Floats) -> tuple[Floats, Floats]:
    """States of nodes and of pairs.

    Args:
        weights: Of the network.
        nodes: n x features.
        nearest: n x K indices of the nodes that each attends to.
        real: n x K, whether an entry counts.
        pairs: n x K x features.

    Returns:
        n x d and n x K x e.
    """
    state = linear(weights, "enter", nodes)
    edge = relu(linear(weights, "pair", pairs))
    layer = 0
    while f"layers.{layer}.query.weight" in weights:
        name = f"layers.{layer}"
        normal = normed(weights, f"{name}.first", state)
        count, width = normal.shape
        split = (HEADS, width // HEADS)
        query = linear(weights, f"{name}.query", normal).reshape(count, *split)
        key = linear(weights, f"{name}.key", normal).reshape(count, *split)[nearest]
        value = linear(weights, f"{name}.value", normal).reshape(count, *split)[nearest]
        value = value + linear(weights, f"{name}.pair_value", edge).reshape(*nearest.shape, *split)
        logits = np.einsum("nhd,nkhd->nkh", query, key) / np.sqrt(split[1])
        logits = logits + linear(weights, f"{name}.bias", edge)
        share = softmax(np.where(real[..., None], logits, MASKED), axis=1)
        mixed = np.einsum("nkh,nkhd->nhd", share, value).reshape(count, width)
        state = state + linear(weights, f"{name}.out", mixed)
        normal = normed(weights, f"{name}.second", state)
        state = state + linear(weights, f"{name}.down", relu(linear(weights, f"{name}.up", normal)))
        layer += 1
    return normed(weights, "last", state), edge


def pair_logits(weights: Weights, state: Floats, nearest: Links, edge: Floats) -> Floats:
    """A score a pair, n x K x scores: of what the network was taught about pairs."""
    mine = linear(weights, "score_from", state)[:, None]
    theirs = linear(weights, "score_to", state)[nearest]
    return linear(weights, "score", relu(mine + theirs + linear(weights, "score_pair", edge)))
