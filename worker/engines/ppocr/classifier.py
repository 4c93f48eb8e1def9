"""The recogniser's last layer, 18,710 classes wide: nearly every step needs a few hundred of them, and gets no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIKELIEST = 5
"""Classes of each step among which unsure words are chosen; the sixth is hardly ever the right one."""

LATIN = (("", "\u024f"), ("\u1e00", "\u1eff"))
"""First and last of the common characters: Latin with its extensions."""

COMMON_SIGNS = frozenset("–—‘’“”„•…€₤₺₩₽₴₫₱₪₹™°")

LOOKALIKES, LIKENESS_DIGITS = 3, 6
"""Nearest other classes of each common one that are taken in with it: what a common class could be mistaken for; and
decimals of their likeness that count. Thousands of classes never came up in training and are alike to their last bits,
which depend on the processor and its threads."""

SURE_LOGIT = 15.0
"""A common class of this logit is taken for the likeliest of all. On 11,500 steps of drawn lines and of documents,
Chinese, Greek and Cyrillic among them, no other class came up to one, and all others together had at most .04 of the
probability, .0002 in the mean; at 12 nine steps of Cyrillic would have been wrong. One step in seventy is unsure."""


@dataclass(frozen=True)
class LinearLayer:
    """Features to logits.

    Attributes:
        weights: Channels x classes.
        bias: One a class.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def of(self, classes: NDArray[np.intp]) -> LinearLayer:
        """The layer with these classes alone."""
        return LinearLayer(np.ascontiguousarray(self.weights[:, classes]), self.bias[classes])


Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LatinOnly:
    """Classes that were trained on Latin lines alone, and win over one Chinese character in ten; one entry a class.

    Attributes:
        classes: These.
        latin: The other Latin letters.
        east_asian: Chinese, Japanese and Korean characters.
    """

    classes: Mask
    latin: Mask
    east_asian: Mask


class Classifier:
    """Steps to their likeliest classes: over the common ones, and over all where no common one is sure.

    Args:
        layer: Features to the logits of all classes.
        latin_only: Classes that count on lines of Latin letters alone.
    """

    def __init__(self, layer: LinearLayer, latin_only: LatinOnly | None = None) -> None:
        self._layer, self._latin_only = layer, latin_only

    def __call__(self, outputs: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Steps x ``LIKELIEST``: probabilities, descending, and classes.

        Args:
            outputs: Of the network that :func:`ranking_features` made, for one strip.
        """
        features, probabilities, classes, logits = (output[0] for output in outputs)
        unsure = np.flatnonzero(logits[:, 0] < SURE_LOGIT)
        if len(unsure):
            probabilities[unsure], classes[unsure] = self._likeliest(features[unsure])
        if self._latin_only is not None:
            self._put_right(self._latin_only, features, probabilities, classes)
        return probabilities, classes

    def _put_right(
        self,
        only: LatinOnly,
        features: NDArray[np.float32],
        probabilities: NDArray[np.float32],
        classes: NDArray[np.int32],
    ) -> None:
        """Rank again where one of these won on a line of others: without them if that is Chinese, else over all."""
        best = classes[:, 0]
        taken = np.flatnonzero(only.classes[best])
        east_asian, latin = np.count_nonzero(only.east_asian[best]), np.count_nonzero(only.latin[best])
        if not taken.size or east_asian < latin:
            return
        others, names = self._likeliest(features[taken], only.classes if east_asian else None)
        kept = only.east_asian[names[:, 0]]
        probabilities[taken[kept]], classes[taken[kept]] = others[kept], names[kept]

    def _likeliest(
        self, features: NDArray[np.float32], without: Mask | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Over all classes, or all but some; OpenVINO's TopK would take five times as long for so many."""
        logits = features @ self._layer.weights
        logits += self._layer.bias
        if without is not None:
            logits[:, without] = -np.inf
        best = np.argpartition(logits, -LIKELIEST, axis=1)[:, -LIKELIEST:]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(logits, best, 1), axis=1), 1)
        logits -= np.take_along_axis(logits, best[:, :1], 1)
        shares = np.exp(np.take_along_axis(logits, best, 1))
        return np.asarray(shares / np.exp(logits, out=logits).sum(axis=1, keepdims=True), np.float32), best


def common_classes(alphabet: Sequence[str], layer: LinearLayer) -> NDArray[np.intp]:
    """Classes of Latin text, blank and space among them, and those whose weights are most like theirs; ascending."""
    common = [
        index
        for index, text in enumerate(alphabet)
        if text in COMMON_SIGNS or any(first <= text <= last for first, last in LATIN)
    ]
    others = np.setdiff1d(np.arange(len(alphabet)), common)
    weights = layer.weights.astype(np.float64)
    directions = weights / np.linalg.norm(weights, axis=0)
    likeness = np.round(directions[:, common].T @ directions[:, others], LIKENESS_DIGITS)
    chosen = set(common)
    for _ in range(min(LOOKALIKES, len(others))):  # quicker than sorting or partitioning so few out of so many
        nearest = likeness.argmax(axis=1)
        chosen.update(others[nearest].tolist())
        likeness[np.arange(len(common)), nearest] = -np.inf
    return np.array(sorted(chosen), np.intp)


def last_layer(model: Any) -> LinearLayer:
    """The layer that ends a sequence classifier.

    Args:
        model: Ends in MatMul with a constant, Add of a constant, Softmax.

    Raises:
        ValueError: The model ends in another way.
    """
    matmul, bias = _tail(model)
    weights = matmul.input_value(1).get_node().get_data()
    return LinearLayer(np.array(weights, np.float32), np.array(bias, np.float32).reshape(-1))


def ranking_features(model: Any, common: NDArray[np.intp], layer: LinearLayer | None = None) -> Any:
    """A sequence classifier without its last linear layer but for the common classes.

    For each width of line OpenVINO would pack that layer's 9 MB of weights anew and keep them, and hand back 18,710
    probabilities a step where a few are needed.

    Args:
        model: As :func:`last_layer` takes it, of any width.
        common: Classes that are ranked; at least ``LIKELIEST``.
        layer: Of all classes; None for the model's own.

    Returns:
        Strips to features, N x steps x channels, to the likeliest common classes' probabilities among the common
        ones, descending, and these classes, both N x steps x ``LIKELIEST``, and to the highest logit of them,
        N x steps x 1. The network names the classes itself, for another process may have compiled it.
    """
    import openvino
    from openvino import opset13 as op

    source = _tail(model)[0].input_value(0)
    few = _logits(source, (layer or last_layer(model)).of(common))
    best = _ranked(few)
    classes = op.gather(op.constant(common.astype(np.int32)), best.output(1), op.constant(np.int32(0)))
    highest = op.reduce_max(few, op.constant(np.array([2])), True)
    return openvino.Model(
        [source, best.output(0), classes.output(0), highest.output(0)], model.get_parameters(), "features"
    )


def classes_of(model: Any, layer: LinearLayer) -> Any:
    """The model with another last layer, of few classes.

    Args:
        model: As :func:`last_layer` takes it.
        layer: Channels as the model's own.

    Returns:
        Strips to the likeliest classes' probabilities and indices, both N x steps x ``LIKELIEST``.
    """
    import openvino

    best = _ranked(_logits(_tail(model)[0].input_value(0), layer))
    return openvino.Model([best.output(0), best.output(1)], model.get_parameters(), "script")


def _tail(model: Any) -> tuple[Any, Any]:
    """The last layer's MatMul, and its bias."""
    bias, node = None, model.outputs[0].get_node().input_value(0).get_node()
    while node.get_type_name() != "MatMul":
        if node.get_type_name() not in {"Softmax", "Add", "Identity"}:
            raise ValueError(f"a {node.get_type_name()} stands where the classifier's linear layer was expected")
        if node.get_type_name() == "Add":
            bias = node.input_value(1).get_node().get_data()
        node = node.input_value(0).get_node()
    return node, bias


def _logits(source: Any, layer: LinearLayer) -> Any:
    from openvino import opset13 as op

    return op.add(
        op.matmul(source, op.constant(layer.weights), False, False), op.constant(layer.bias.reshape(1, 1, -1))
    )


def _ranked(logits: Any) -> Any:
    from openvino import opset13 as op

    return op.topk(op.softmax(logits, 2), op.constant(np.int32(LIKELIEST)), 2, "max", "value")
