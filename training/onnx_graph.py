"""An ONNX network as a torch module whose initialisers can be trained, for the operators that PP-OCR's networks use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.onnx_operators import OPERATORS, Attributes

STATISTICS = slice(3, 5)
"""Where a BatchNormalization's inputs are its mean and variance, which are not learned from small batches."""

GELU_TAIL = ("Add", "Mul", "Mul")
"""What follows Erf in x * (erf(x / sqrt(2)) + 1) * 0.5."""


class OnnxGraph(nn.Module):
    """Runs an ONNX graph in torch, operator by operator.

    Args:
        path: Of the ONNX file.
        output: Name of the value to return; everything behind it is left out.
        source: Name of the value to be given; everything before it is left out. None: the graph's own input.
    """

    def __init__(self, path: Path, output: str, source: str | None = None) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        self._input, self._output = source or graph.input[0].name, output
        needed = _needed(_with_gelu(list(graph.node)), output, self._input)
        self._nodes = [(node, _attributes(node)) for node in needed if node.op_type != "Constant"]
        self._last_use = {name: at for at, (node, _) in enumerate(self._nodes) for name in node.input}
        self._constants = {
            node.output[0]: _tensor(_attributes(node)["value"]) for node in needed if node.op_type == "Constant"
        }
        fixed = {name for node in needed if node.op_type == "BatchNormalization" for name in node.input[STATISTICS]}
        self._weights = nn.ParameterDict()
        for initialiser in graph.initializer:
            value = _tensor(initialiser)
            if initialiser.name in self._last_use and value.is_floating_point() and value.numel() > 1:
                self._weights[_key(initialiser.name)] = nn.Parameter(value, initialiser.name not in fixed)
            else:
                self._constants[initialiser.name] = value

    def forward(self, data: Tensor) -> Tensor:
        """The chosen output for the graph's one input, or for what was named as the source."""
        values: dict[str, Any] = {self._input: data}
        for at, (node, attributes) in enumerate(self._nodes):
            inputs = [self._value(values, name) if name else None for name in node.input]
            values[node.output[0]] = OPERATORS[node.op_type](inputs, attributes)
            for name in node.input:
                if self._last_use[name] == at:
                    values.pop(name, None)
        result: Tensor = values[self._output]
        return result

    def trained(self) -> dict[str, nn.Parameter]:
        """The weights that can be trained, by their names in the ONNX file."""
        return {_name(key): weight for key, weight in self._weights.items() if weight.requires_grad}

    def _value(self, values: dict[str, Any], name: str) -> Any:
        if name in values:
            return values[name]
        return self._weights[_key(name)] if _key(name) in self._weights else self._constants[name]


def initialisers(path: Path) -> dict[str, Tensor]:
    """The weights of an ONNX file, by their names."""
    return {one.name: _tensor(one) for one in onnx.load(path).graph.initializer}


def _key(name: str) -> str:
    """The name as torch allows it, which keeps dots for modules in modules."""
    return name.replace(".", "#")


def _name(key: str) -> str:
    return key.replace("#", ".")


def _tensor(stored: Any) -> Tensor:
    return torch.from_numpy(np.array(numpy_helper.to_array(stored)))


def _attributes(node: Any) -> Attributes:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _needed(nodes: Sequence[Any], output: str, source: str) -> list[Any]:
    """The nodes that an output depends on, from a source on, in the graph's order."""
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if wanted & set(node.output) - {source}:
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def _with_gelu(nodes: Sequence[Any]) -> list[Any]:
    """The nodes with x * (erf(x / sqrt(2)) + 1) * 0.5 as one, for autograd keeps what each of the five was given."""
    makers = {name: node for node in nodes for name in node.output}
    users: dict[str, list[Any]] = {}
    for node in nodes:
        for name in node.input:
            users.setdefault(name, []).append(node)
    fused = {}
    for node in nodes:
        if node.op_type == "Erf":
            end = _end_of_gelu(node, users)
            source = makers[node.input[0]].input[0]
            fused[end.output[0]] = onnx.helper.make_node("Gelu", [source], [end.output[0]])
    return [fused.get(node.output[0], node) for node in nodes]


def _end_of_gelu(erf: Any, users: dict[str, list[Any]]) -> Any:
    end = erf
    for expected in GELU_TAIL:
        (end,) = users[end.output[0]]
        if end.op_type != expected:
            raise ValueError(f"behind {erf.output[0]} stands {end.op_type} instead of {expected}")
    return end
