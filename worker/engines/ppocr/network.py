"""Compiled networks on OpenVINO: one CPU thread each, because processes are the parallelism here."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# One stream of one thread: two processes of one thread read 1.3 to 1.6 times as much as one process of two.
# Pinning would put the thread of every process on the same first core, and leave the others idle.
# The precision is fixed: OpenVINO computes in bfloat16 where the processor can, and the same page would read
# differently from machine to machine.
CPU_CONFIG = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "ENABLE_CPU_PINNING": False,
    "INFERENCE_PRECISION_HINT": "f32",
}

NO_SHAPES_KEPT = {"CPU_RUNTIME_CACHE_CAPACITY": 0}
"""The last shape is still kept; a new one costs as much as with the cache."""

# Both networks were trained on pixels scaled to -1..1: (value / 255 - 0.5) / 0.5.
PIXEL_MEAN = 127.5
PIXEL_SCALE = 127.5


class Network:
    """A compiled model. Calls from several threads wait for each other.

    Args:
        model: An ``openvino.CompiledModel``.
    """

    def __init__(self, model: Any) -> None:
        self._compiled = model
        self._request = model.create_infer_request()
        self._outputs = len(model.outputs)
        self._lock = threading.Lock()

    def __call__(self, data: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs for one input, as arrays of their own."""
        with self._lock:
            self._request.infer([data])
            return tuple(np.array(self._request.get_output_tensor(i).data) for i in range(self._outputs))

    def exported(self) -> bytes:
        """What :func:`imported` takes."""
        stream = io.BytesIO()
        self._compiled.export_model(stream)
        return stream.getvalue()

    def release_memory(self) -> None:
        """Free the buffers between the layers; the next call allocates them again."""
        with self._lock:
            self._compiled.release_memory()

    def drop(self) -> None:
        """Forget whatever can be loaded again: nothing, of this one."""


class DeferredNetwork(Network):
    """A network that is compiled at its first call, and after it was dropped at the next.

    Args:
        load: Compiles it.
    """

    def __init__(self, load: Callable[[], Network]) -> None:
        self._load = load
        self._loaded: Network | None = None
        self._lock = threading.Lock()

    def ready(self) -> DeferredNetwork:
        """This network, compiled."""
        with self._lock:
            self._loaded = self._loaded or self._load()
        return self

    def __call__(self, data: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs for one input, as arrays of their own."""
        with self._lock:
            self._loaded = network = self._loaded or self._load()
        return network(data)

    def release_memory(self) -> None:
        """Free the buffers between the layers, where there are any."""
        if (network := self._loaded) is not None:
            network.release_memory()

    def drop(self) -> None:
        """Forget the network with all that was compiled for its shapes."""
        with self._lock:
            self._loaded = None


@cache
def core() -> Any:
    """The process's ``openvino.Core``, never released.

    Its CPU plugin sets an alternative stack for signals, and frees it with the last core and network but leaves it set:
    a signal after that kills the process.
    """
    import openvino

    return openvino.Core()


def configuration(keeps_shapes: bool) -> dict[str, Any]:
    """How a model is compiled.

    Args:
        keeps_shapes: Keep what is compiled for each input shape: for few shapes that come again and again.
    """
    return {**CPU_CONFIG, **({} if keeps_shapes else NO_SHAPES_KEPT)}


def compiled(model: Any, keeps_shapes: bool = True) -> Network:
    """The network of an ``openvino.Model``; see :func:`configuration`."""
    return Network(core().compile_model(model, "CPU", configuration(keeps_shapes)))


def imported(exported: bytes, keeps_shapes: bool = True) -> Network:
    """The network that :meth:`Network.exported` gave, on a processor of the same kind.

    Raises:
        RuntimeError: It is of another release of OpenVINO, or damaged.
    """
    return Network(core().import_model(exported, "CPU", configuration(keeps_shapes)))


def read_model(path: Path) -> Any:
    """The ``openvino.Model`` of an ONNX file."""
    return core().read_model(path)


def folded(model: Any) -> Any:
    """The same model, with what is computed from constants alone as constants; changed in place."""
    from openvino.passes import ConstantFolding, Manager

    passes = Manager()
    passes.register_pass(ConstantFolding())
    passes.run_passes(model)
    return model


def taking_pixels(model: Any) -> Any:
    """The same model with 8-bit BGR pixels, N x height x width x 3, as its input; scaling happens inside."""
    import openvino
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    convert = steps.input().preprocess().convert_element_type(openvino.Type.f32)
    convert.mean(PIXEL_MEAN).scale(PIXEL_SCALE)
    return steps.build()


def with_weights(model: Any, weights: Mapping[str, NDArray[Any]], share: float = 1.0) -> Any:
    """The same model with other values for some of its constants.

    Args:
        model: Changed in place.
        weights: By the names that the ONNX file gives them; half precision is widened to the constant's own type.
        share: How far from the constants' own values towards these, 0 to 1.

    Raises:
        ValueError: The model has no constant of a name, or one of another shape.
    """
    from openvino import opset13 as op

    constants = {node.get_friendly_name(): node for node in model.get_ops() if node.get_type_name() == "Constant"}
    for name, values in weights.items():
        old = constants.get(name)
        if old is None or tuple(old.shape) != values.shape:
            raise ValueError(f"the network has no weights {name} of shape {values.shape}")
        own = np.asarray(old.get_data())
        new = op.constant((own + share * (values.astype(own.dtype) - own)).astype(own.dtype))
        new.set_friendly_name(name)
        for reader in old.output(0).get_target_inputs():
            reader.replace_source_output(new.output(0))
    return model
