"""What the operators of PP-OCR's ONNX networks do, in torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Attributes = dict[str, Any]
Inputs = list[Any]
"""Tensors; None for an optional input that is left out."""

LOWEST = -1e30
"""Never the largest of a window: what padding is filled with there."""


def _padded(data: Tensor, size: Sequence[int], attributes: Attributes, fill: float = 0.0) -> Tensor:
    """The data with the padding that a window of ``size`` asks for."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if attributes.get("auto_pad") == b"SAME_UPPER":
        strides = attributes.get("strides", (1, 1))
        rows, columns = (
            max((-(-length // stride) - 1) * stride + window - length, 0)
            for length, window, stride in zip(data.shape[2:], size, strides, strict=True)
        )
        top, left, bottom, right = rows // 2, columns // 2, rows - rows // 2, columns - columns // 2
    return F.pad(data, (left, right, top, bottom), value=fill) if any((top, left, bottom, right)) else data


def _convolution(inputs: Inputs, attributes: Attributes) -> Tensor:
    if _mixes_channels(inputs[1], attributes):  # torch's own way to do this on one thread is half as fast
        data, weights = inputs[:2]
        mixed = torch.matmul(weights.flatten(1), data.flatten(2)).view(len(data), -1, *data.shape[2:])
        return mixed + inputs[2].view(1, -1, 1, 1) if len(inputs) > 2 else mixed
    data = _padded(inputs[0], inputs[1].shape[2:], attributes)
    bias = inputs[2] if len(inputs) > 2 else None
    strides, dilations = attributes.get("strides", (1, 1)), attributes.get("dilations", (1, 1))
    return F.conv2d(data, inputs[1], bias, tuple(strides), 0, tuple(dilations), attributes.get("group", 1))


def _mixes_channels(weights: Tensor, attributes: Attributes) -> bool:
    plain = set(attributes.get("strides", (1, 1))) == {1} and not any(attributes.get("pads", (0,)))
    return tuple(weights.shape[2:]) == (1, 1) and attributes.get("group", 1) == 1 and plain


def _largest(inputs: Inputs, attributes: Attributes) -> Tensor:
    size = attributes["kernel_shape"]
    return F.max_pool2d(_padded(inputs[0], size, attributes, LOWEST), size, attributes.get("strides"))


def _average(inputs: Inputs, attributes: Attributes) -> Tensor:
    size = attributes["kernel_shape"]
    return F.avg_pool2d(_padded(inputs[0], size, attributes), size, attributes.get("strides"))


def _convolution_transposed(inputs: Inputs, attributes: Attributes) -> Tensor:
    if any(attributes.get("pads", (0,))):
        raise ValueError("a transposed convolution with padding is not provided for")
    strides, groups = tuple(attributes.get("strides", (1, 1))), attributes.get("group", 1)
    return F.conv_transpose2d(inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None, strides, groups=groups)


def _enlarged(inputs: Inputs, _: Attributes) -> Tensor:
    """Each pixel repeated; the third input tells how often, for every axis."""
    rows, columns = inputs[2].tolist()[2:]
    return F.interpolate(inputs[0], scale_factor=(rows, columns), mode="nearest")


def _sliced(inputs: Inputs, _: Attributes) -> Tensor:
    data, starts, ends, axes = inputs[0], *(part.tolist() for part in inputs[1:4])
    cuts = [slice(None)] * data.dim()
    for start, end, axis in zip(starts, ends, axes, strict=True):
        cuts[axis] = slice(start, None if end > np.iinfo(np.int32).max - 1 else end)
    result: Tensor = data[tuple(cuts)]
    return result


def _squeezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    data: Tensor = inputs[0]
    for axis in sorted(attributes.get("axes") or inputs[1].tolist(), reverse=True):
        data = data.squeeze(axis)
    return data


def _unsqueezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    data: Tensor = inputs[0]
    for axis in sorted(attributes.get("axes") or inputs[1].tolist()):
        data = data.unsqueeze(axis)
    return data


def _reshaped(inputs: Inputs, _: Attributes) -> Tensor:
    shape = [int(size) or inputs[0].shape[axis] for axis, size in enumerate(inputs[1])]
    result: Tensor = inputs[0].reshape(shape)
    return result


def _hard_sigmoid(inputs: Inputs, attributes: Attributes) -> Tensor:
    return torch.clamp(inputs[0] * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5), 0, 1)


def _normalised(inputs: Inputs, attributes: Attributes) -> Tensor:
    data, scale, bias, mean, variance = inputs
    return F.batch_norm(data, mean, variance, scale, bias, eps=attributes.get("epsilon", 1e-5))


OPERATORS: dict[str, Callable[[Inputs, Attributes], Any]] = {
    "Add": lambda i, _: i[0] + i[1],
    "AveragePool": _average,
    "BatchNormalization": _normalised,
    "Concat": lambda i, a: torch.cat(i, a["axis"]),
    "Conv": _convolution,
    "ConvTranspose": _convolution_transposed,
    "Div": lambda i, _: i[0] / i[1],
    "Gelu": lambda i, _: F.gelu(i[0]),
    "GlobalAveragePool": lambda i, _: i[0].mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda i, _: i[0],
    "MatMul": lambda i, _: torch.matmul(i[0], i[1]),
    "MaxPool": _largest,
    "Mul": lambda i, _: i[0] * i[1],
    "Pow": lambda i, _: torch.pow(i[0], i[1]),
    "ReduceMean": lambda i, a: i[0].mean(dim=tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda i, _: F.relu(i[0]),
    "Reshape": _reshaped,
    "Resize": _enlarged,
    "Shape": lambda i, _: torch.tensor(list(i[0].shape)),
    "Sigmoid": lambda i, _: torch.sigmoid(i[0]),
    "Slice": _sliced,
    "Softmax": lambda i, a: torch.softmax(i[0], a.get("axis", -1)),
    "Sqrt": lambda i, _: torch.sqrt(i[0]),
    "Squeeze": _squeezed,
    "Sub": lambda i, _: i[0] - i[1],
    "Transpose": lambda i, a: i[0].permute(a["perm"]),
    "Unsqueeze": _unsqueezed,
}
