"""8-bit convolutions: activations on 256 levels of a calibrated range, weights on 7 bits of each channel's own range.

OpenVINO multiplies such a network's whole numbers where the processor can, in less than half of float32's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEVELS = 256
"""Of an activation: unsigned 8 bit with a zero point."""

WEIGHT_LEVELS, WEIGHT_STEPS = 255, 63
"""Weights are 8-bit numbers of which only -63 to 63 are used: processors without VNNI add two products in 16 bits,
signed, and 2 * 255 * 63 fits there. So none of them saturates, and all get the same sums."""

SMALLEST = 1e-6
"""Of a range: a channel of zeros still has a step."""


@dataclass(frozen=True)
class Calibrated:
    """What was seen to go into a convolution on drawn lines or pages.

    Attributes:
        low: Of the values, nearly the lowest.
        high: Nearly the highest.
        means: One per channel.
    """

    low: float
    high: float
    means: Floats


Calibration = Mapping[str, Calibrated]
"""By the convolution's name in the ONNX file."""


def convolutions(model: Any) -> list[Any]:
    """The nodes that can be quantised, in the graph's order.

    Those that mix channel means (squeeze and excitation) are left out, for they are delicate and cost nothing; so are
    depthwise ones, which gain no time, and those without a bias to correct.
    """
    return [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Convolution" and _bias(node) is not None and not _of_means(node)
    ]


def quantised(model: Any, calibration: Calibration) -> Any:
    """The same model with the convolutions that were calibrated in 8 bits; changed in place.

    What rounding the weights does to each channel's mean is taken off its bias: Nagel et al., "Data-Free Quantization
    Through Weight Equalization and Bias Correction", arXiv:1906.04721.

    Raises:
        ValueError: The model has no convolution of a name, or one of other channels.
    """
    nodes = {node.get_friendly_name(): node for node in convolutions(model)}
    activations: dict[tuple[str, int], Any] = {}
    for name, seen in calibration.items():
        node = nodes.get(name)
        if node is None or node.input_value(1).get_shape()[1] != len(seen.means):
            raise ValueError(f"the network has no convolution {name} of {len(seen.means)} channels to quantise")
        source = node.input_value(0)
        key = source.get_node().get_friendly_name(), source.get_index()
        activations[key] = activations.get(key) or _on_levels(source, seen)
        _set_weights(node, seen.means)
        node.input(0).replace_source_output(activations[key].output(0))
    return model


def save(path: Path, calibrations: Mapping[str, Calibration]) -> None:
    """Keep calibrations of several networks, by their names, in one file."""
    arrays = {
        f"{network}/{name}": np.array([seen.low, seen.high, *seen.means], np.float32)
        for network, calibration in calibrations.items()
        for name, seen in calibration.items()
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path) -> dict[str, dict[str, Calibrated]]:
    """What :func:`save` kept."""
    calibrations: dict[str, dict[str, Calibrated]] = {}
    with np.load(path, allow_pickle=False) as file:
        for key in file:
            network, name = key.split("/", 1)
            values = file[key]
            calibrations.setdefault(network, {})[name] = Calibrated(float(values[0]), float(values[1]), values[2:])
    return calibrations


def with_zero_level(low: float, high: float) -> tuple[float, float]:
    """The range, a little wider, so that 0.0 is one of its levels: padding adds exactly nothing."""
    low, high = min(low, 0.0), max(high, SMALLEST)
    top = LEVELS - 1
    zero = min(round(-low / (high - low) * top), top - 1)
    step = max(-low / zero if zero else 0.0, high / (top - zero))
    return -zero * step, (top - zero) * step


def _on_levels(source: Any, seen: Calibrated) -> Any:
    from openvino import opset13 as op

    low, high = (op.constant(np.full((1, 1, 1, 1), end, np.float32)) for end in with_zero_level(seen.low, seen.high))
    return op.fake_quantize(source, low, high, low, high, LEVELS)


def _set_weights(node: Any, means: Floats) -> None:
    """Put the weights on their levels, and correct the bias behind them."""
    from openvino import opset13 as op

    weights = node.input_value(1).get_node().get_data()
    largest = np.maximum(np.abs(weights).max((1, 2, 3), keepdims=True), SMALLEST)
    rounded = np.round(weights / largest * WEIGHT_STEPS) * (largest / WEIGHT_STEPS)
    end = largest * (WEIGHT_LEVELS // 2 / WEIGHT_STEPS)
    low, high = (op.constant(np.asarray(sign * end, np.float32)) for sign in (-1, 1))
    on_levels = op.fake_quantize(op.constant(weights), low, high, low, high, WEIGHT_LEVELS)
    node.input(1).replace_source_output(on_levels.output(0))
    bias = _bias(node)
    assert bias is not None  # convolutions() leaves others out
    own = bias.get_source_output().get_node().get_data()
    shift = ((weights - rounded).sum((2, 3)) @ means).reshape(own.shape)
    bias.replace_source_output(op.constant(np.asarray(own + shift, np.float32)).output(0))


def _bias(node: Any) -> Any | None:
    """Where a convolution's bias is added: that input of the Add behind it; None where there is none."""
    readers = list(node.output(0).get_target_inputs())
    if len(readers) != 1 or readers[0].get_node().get_type_name() != "Add":
        return None
    other = readers[0].get_node().input(1)
    return other if other.get_source_output().get_node().get_type_name() == "Constant" else None


def _of_means(node: Any) -> bool:
    """Whether what goes into a convolution is one pixel high and wide."""
    shape = node.input_value(0).get_partial_shape()
    return bool(all(size.is_static and size.get_length() == 1 for size in list(shape)[2:]))
