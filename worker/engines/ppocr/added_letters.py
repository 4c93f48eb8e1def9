"""Latin letters and signs that the released recogniser has no class for, and others that it takes for likelier ones.

The network's features tell them apart; only the last layer's classes were trained, by ``training/added_letters.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.engines.ppocr.classifier import LatinOnly, LinearLayer

FILE = Path(__file__).parent / "weights" / "PP-OCRv6_rec_small.latin.npz"


def with_added_letters(alphabet: Sequence[str], layer: LinearLayer, file: Path = FILE) -> tuple[list[str], LinearLayer]:
    """The recogniser's alphabet and last layer with these letters.

    Args:
        alphabet: The classes' characters.
        layer: The last layer.
        file: Classes to add, ``characters``, ``weights`` and ``bias``, and classes to replace, ``changed...``.
    """
    with np.load(file, allow_pickle=False) as stored:
        added, changed = str(stored["characters"]), str(stored["changed"])
        weights = np.concatenate([layer.weights, stored["weights"].astype(np.float32)], axis=1)
        bias = np.concatenate([layer.bias, stored["bias"].astype(np.float32)])
        classes = [alphabet.index(character) for character in changed]
        weights[:, classes] = stored["changed_weights"]
        bias[classes] = stored["changed_bias"]
    return [*alphabet, *added], LinearLayer(weights, bias)


EAST_ASIAN = ("\u2e80", "\uffef")
"""First and last of the characters of Chinese, Japanese and Korean lines."""


def latin_only(alphabet: Sequence[str], file: Path = FILE) -> LatinOnly:
    """Which classes of the alphabet with these letters were trained on Latin lines alone.

    Args:
        alphabet: As :func:`with_added_letters` gives it.
        file: The one that it was given.
    """
    with np.load(file, allow_pickle=False) as stored:
        trained = {*str(stored["characters"]), *str(stored["changed"])}
    classes = np.array([text in trained for text in alphabet])
    latin = np.array([text.isalpha() and text < EAST_ASIAN[0] for text in alphabet])
    return LatinOnly(classes, latin & ~classes, np.array([EAST_ASIAN[0] <= text <= EAST_ASIAN[1] for text in alphabet]))
