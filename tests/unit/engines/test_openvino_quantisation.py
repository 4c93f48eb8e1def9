from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op

from worker.engines.ppocr import quantisation
from worker.engines.ppocr.network import compiled
from worker.engines.ppocr.quantisation import LEVELS, WEIGHT_STEPS, Calibrated, quantised, with_zero_level

CHANNELS, FILTERS, SIDE = 6, 5, 12
RANDOM = np.random.default_rng(3)
WEIGHTS = RANDOM.normal(size=(FILTERS, CHANNELS, 3, 3)).astype(np.float32)
DATA = RANDOM.uniform(-0.5, 2.0, (1, CHANNELS, SIDE, SIDE)).astype(np.float32)
SEEN = Calibrated(-0.5, 2.0, DATA.mean((0, 2, 3)))


def model() -> Any:
    """A convolution with a bias, named as an ONNX file would name it."""
    data = op.parameter([1, CHANNELS, -1, -1], np.float32)
    convolution = op.convolution(data, op.constant(WEIGHTS), [1, 1], [1, 1], [1, 1], [1, 1])
    convolution.set_friendly_name("Conv.0")
    biased = op.add(convolution, op.constant(np.ones((1, FILTERS, 1, 1), np.float32)))
    return openvino.Model([op.relu(biased)], [data], "sample")


@given(st.floats(-100, 0), st.floats(0.01, 100))
def test_zero_is_a_level_of_every_range_and_the_range_is_not_cut(low: float, high: float) -> None:
    bottom, top = with_zero_level(low, high)
    step = (top - bottom) / (LEVELS - 1)
    assert bottom / step == pytest.approx(round(bottom / step), abs=1e-3)
    assert bottom <= low + step
    assert top >= high - step


def test_a_convolution_in_8_bits_computes_nearly_the_same() -> None:
    (exact,) = compiled(model())(DATA)
    (rounded,) = compiled(quantised(model(), {"Conv.0": SEEN}))(DATA)
    assert not np.array_equal(exact, rounded)
    assert rounded == pytest.approx(exact, abs=0.03 * float(exact.max()))
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))  # padding is not in the channels' means
    assert rounded[inner].mean((0, 2, 3)) == pytest.approx(exact[inner].mean((0, 2, 3)), abs=0.02)


def test_weights_are_of_so_few_levels_that_no_processor_saturates() -> None:
    made = quantised(model(), {"Conv.0": SEEN})
    (fake,) = (
        node
        for node in made.get_ops()
        if node.get_type_name() == "FakeQuantize" and node.input_value(0).get_node().get_type_name() == "Constant"
    )
    low, high = (fake.input_value(index).get_node().get_data() for index in (1, 2))
    steps = WEIGHTS / ((high - low) / (fake.get_attributes()["levels"] - 1))
    assert np.abs(np.round(steps)).max() == WEIGHT_STEPS
    assert np.iinfo(np.int16).max >= 2 * (LEVELS - 1) * WEIGHT_STEPS


@pytest.mark.parametrize(("name", "channels"), [("Conv.1", CHANNELS), ("Conv.0", CHANNELS + 1)])
def test_a_calibration_of_another_network_is_refused(name: str, channels: int) -> None:
    seen = Calibrated(0.0, 1.0, np.zeros(channels, np.float32))
    with pytest.raises(ValueError, match=name):
        quantised(model(), {name: seen})


def test_calibrations_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    quantisation.save(tmp_path / "kept.npz", {"one": {"Conv.0": SEEN}, "other": {"Conv.0": SEEN, "Conv.1": SEEN}})
    kept = quantisation.load(tmp_path / "kept.npz")
    assert {network: set(names) for network, names in kept.items()} == {
        "one": {"Conv.0"},
        "other": {"Conv.0", "Conv.1"},
    }
    assert (kept["one"]["Conv.0"].low, kept["one"]["Conv.0"].high) == (SEEN.low, SEEN.high)
    assert np.array_equal(kept["one"]["Conv.0"].means, SEEN.means)
