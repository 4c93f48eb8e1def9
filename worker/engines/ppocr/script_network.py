"""The recogniser for Cyrillic and Greek: the released convolutions, and layers trained for these letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engines.ppocr import model_cache
from worker.engines.ppocr.classifier import LinearLayer, classes_of
from worker.engines.ppocr.network import taking_pixels, with_weights
from worker.engines.ppocr.quantisation import Calibration, quantised
from worker.engines.ppocr.recognition import Recogniser

FILE = Path(__file__).parent / "weights" / "PP-OCRv6_rec_small.cyrillic-greek.npz"
"""Weights of the layers that were trained, by ``training/scripts/learn.py``; half precision."""

CLASSIFIER, BIAS, CHARACTERS = "classifier.weights", "classifier.bias", "characters"
"""In the file: the last layer, and its classes' characters behind CTC's blank."""

SCRIPTS = frozenset({"Cyrl", "Grek"})


def load(
    plain: Callable[[], Any], calibration: Callable[[], Calibration], cache: Path | None, file: Path = FILE
) -> Recogniser:
    """The recogniser: about a second to compile, and 40 MB.

    Args:
        plain: Makes the plain recogniser's model in float32.
        calibration: Reads that of its convolutions.
        cache: Directory of compiled models; None, as with a file of one's own, compiles again.
        file: The trained weights.
    """
    with np.load(file, allow_pickle=False) as stored:
        weights: dict[str, NDArray[Any]] = dict(stored)
    alphabet = ["", *str(weights.pop(CHARACTERS))]
    layer = LinearLayer(*(weights.pop(name).astype(np.float32) for name in (CLASSIFIER, BIAS)))

    def build() -> Any:
        model = classes_of(with_weights(plain(), weights), layer)
        return taking_pixels(quantised(model, _untrained(calibration(), weights, model)))

    return Recogniser(model_cache.load("script_recognition", build, cache), ranked, alphabet)


def ranked(outputs: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The network ranks its few classes itself."""
    probabilities, indices = outputs
    return probabilities[0], indices[0]


def _untrained(calibration: Calibration, weights: Mapping[str, Any], model: Any) -> Calibration:
    """Of the convolutions whose weights are the plain recogniser's: only these were calibrated."""
    own = {
        node.get_friendly_name()
        for node in model.get_ops()
        if node.get_type_name() == "Convolution" and node.input_value(1).get_node().get_friendly_name() not in weights
    }
    return {name: seen for name, seen in calibration.items() if name in own}
