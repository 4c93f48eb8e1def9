from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from worker.engines.ppocr.models import DETECTION_FILE, TINY_DETECTION, models_folder
from worker.engines.ppocr.network import compiled, folded, read_model
from worker.engines.ppocr.upsampling import PLACES, joined, without_upsampling

HEIGHT, WIDTH = 64, 96
PAGE = np.random.default_rng(5).normal(size=(1, 3, HEIGHT, WIDTH)).astype(np.float32)


@pytest.mark.parametrize("path", [models_folder() / DETECTION_FILE, TINY_DETECTION], ids=["small", "tiny"])
def test_the_heat_map_is_the_same_without_the_upsampling(path: Path) -> None:
    (expected,) = compiled(folded(read_model(path)))(PAGE)
    (places,) = compiled(without_upsampling(folded(read_model(path))))(PAGE)
    assert places.shape == (1, PLACES, HEIGHT // 4, WIDTH // 4)
    assert expected.std() > 0
    assert joined(places[0]) == pytest.approx(expected[0, 0], abs=1e-5)


def upsampling(kernel: int) -> Any:
    """A network that ends in two transposed convolutions of a kernel of so many pixels."""
    data = op.parameter([1, 3, -1, -1], np.float32)
    node = data
    for outputs, activation in ((3, op.relu), (1, op.sigmoid)):
        weights = op.constant(np.ones((3, outputs, kernel, kernel), np.float32))
        node = op.convolution_backprop_data(node, weights, strides=[2, 2])
        node = activation(op.add(node, op.constant(np.ones((1, outputs, 1, 1), np.float32))))
    return openvino.Model([node], [data], "sample")


def test_kernels_that_overlap_are_refused() -> None:
    assert without_upsampling(upsampling(2))
    with pytest.raises(ValueError, match="overlaps"):
        without_upsampling(upsampling(3))


def test_a_network_with_another_end_is_refused() -> None:
    data = op.parameter([1, 3, -1, -1], np.float32)
    with pytest.raises(ValueError, match="Relu stands where the detector's Sigmoid was expected"):
        without_upsampling(openvino.Model([op.relu(data)], [data], "sample"))
