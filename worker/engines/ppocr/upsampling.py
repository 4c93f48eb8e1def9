"""A detector's last layers without its upsampling: 16 channels at a quarter of the size instead of one at full size.

The networks end in two transposed convolutions that each double the size, one with a ReLU behind it. Their kernels do
not overlap, so each is a convolution of one pixel whose channels are the places of the larger picture. As such it can
be computed in 8 bits, and nothing of the full size is written but the answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FACTOR = 2
"""By which each transposed convolution enlarges."""

PLACES = FACTOR**4
"""Pixels of the heat map for each pixel that goes into the two."""

_TAIL = ("Sigmoid", "Add", "ConvolutionBackpropData", "Relu", "Add", "ConvolutionBackpropData")
NAMES = ("upsampling.0", "upsampling.1")
"""Of the convolutions that take the place of the two."""


def without_upsampling(model: Any) -> Any:
    """The same network with its heat map as N x ``PLACES`` x height/4 x width/4, for :func:`joined`.

    Raises:
        ValueError: It ends in other layers.
    """
    import openvino
    from openvino import opset13 as op

    _, last_bias, last, _, first_bias, first = _tail(model)
    inner, outer = (np.asarray(node.input_value(1).get_node().get_data()) for node in (first, last))
    _check_kernels(inner, outer)
    hidden = op.convolution(first.input_value(0), op.constant(_places_first(inner)), *_ONE_PIXEL)
    hidden.set_friendly_name(NAMES[0])
    hidden = op.relu(op.add(hidden, op.constant(np.tile(_constant(first_bias), (1, FACTOR**2, 1, 1)))))
    heat = op.convolution(hidden, op.constant(_each_place_alone(_places_first(outer))), *_ONE_PIXEL)
    heat.set_friendly_name(NAMES[1])
    heat = op.sigmoid(op.add(heat, op.constant(np.tile(_constant(last_bias), (1, PLACES, 1, 1)))))
    return openvino.Model([heat.output(0)], model.get_parameters(), "detection")


def joined(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """The heat map, height x width, of what such a network gives for one page: ``PLACES`` x height/4 x width/4."""
    _, height, width = places.shape
    grid = places.reshape(FACTOR, FACTOR, FACTOR, FACTOR, height, width)  # down, across; down, across within these
    full = grid.transpose(4, 0, 2, 5, 1, 3)
    return np.ascontiguousarray(full).reshape(height * FACTOR**2, width * FACTOR**2)


_ONE_PIXEL = ([1, 1], [0, 0], [0, 0], [1, 1])  # strides, padding before and behind, dilations


def _tail(model: Any) -> list[Any]:
    """The last layers, from the end."""
    node, found = model.outputs[0].get_node().input_value(0).get_node(), []
    for expected in _TAIL:
        while node.get_type_name() == "Identity":
            node = node.input_value(0).get_node()
        if node.get_type_name() != expected:
            raise ValueError(f"a {node.get_type_name()} stands where the detector's {expected} was expected")
        found.append(node)
        node = node.input_value(0).get_node()
    return found


def _check_kernels(*kernels: NDArray[np.float32]) -> None:
    for kernel in kernels:
        if kernel.shape[2:] != (FACTOR, FACTOR):
            raise ValueError(f"a transposed convolution of {kernel.shape[2:]} overlaps, or does not double the size")


def _constant(node: Any) -> NDArray[np.float32]:
    """What an Add adds."""
    return np.asarray(node.input_value(1).get_node().get_data(), np.float32)


def _places_first(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inputs x outputs x down x across as (down, across, outputs) x inputs x 1 x 1."""
    flat = kernel.transpose(2, 3, 1, 0).reshape(-1, kernel.shape[0])
    return np.ascontiguousarray(flat)[:, :, np.newaxis, np.newaxis]


def _each_place_alone(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The kernel applied to each of the places that the first one made; what goes into one comes from its channels."""
    outputs, inputs = kernel.shape[:2]
    wide = np.zeros((FACTOR**2, outputs, FACTOR**2, inputs), np.float32)
    for place in range(FACTOR**2):
        wide[place, :, place] = kernel[:, :, 0, 0]
    return wide.reshape(FACTOR**2 * outputs, FACTOR**2 * inputs, 1, 1)
