from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from worker.engines.ppocr import model_cache
from worker.engines.ppocr.network import CPU_CONFIG, compiled, with_weights

FEATURES, CLASSES, ROWS = 4, 7, 3
WEIGHTS = np.random.default_rng(1).normal(size=(FEATURES, CLASSES)).astype(np.float32)
DATA = np.random.default_rng(2).normal(size=(1, ROWS, FEATURES)).astype(np.float32)


@pytest.fixture
def model() -> Any:
    """Twice the input through a linear layer and a softmax."""
    data = op.parameter([1, -1, FEATURES], np.float32)
    scale, weights = op.constant(np.full(FEATURES, 2, np.float32)), op.constant(WEIGHTS)
    scale.set_friendly_name("scale.w_0")
    weights.set_friendly_name("linear.w_0")
    logits = op.add(
        op.matmul(op.multiply(data, scale), weights, False, False), op.constant(np.zeros(CLASSES, np.float32))
    )
    return openvino.Model([op.softmax(logits, 2)], [data], "sample")


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


def test_other_weights_change_what_is_computed(model: Any) -> None:
    (before,) = compiled(model)(DATA)
    (after,) = compiled(with_weights(model, {"scale.w_0": np.array([1, 0, 3, -1], np.float16)}))(DATA)
    assert before == pytest.approx(softmax(2 * DATA @ WEIGHTS), abs=1e-5)
    assert after == pytest.approx(softmax(DATA * [1, 0, 3, -1] @ WEIGHTS), abs=1e-5)


def test_half_way_to_other_weights_lies_their_mean(model: Any) -> None:
    (after,) = compiled(with_weights(model, {"scale.w_0": np.array([1, 0, 3, -1], np.float16)}, 0.5))(DATA)
    assert after == pytest.approx(softmax(DATA * [1.5, 1, 2.5, 0.5] @ WEIGHTS), abs=1e-5)


def test_the_same_weights_change_nothing(model: Any) -> None:
    (before,) = compiled(model)(DATA)
    (after,) = compiled(with_weights(model, {"linear.w_0": WEIGHTS}))(DATA)
    assert np.array_equal(before, after)


@pytest.mark.parametrize(
    ("name", "shape"), [("scale.w_1", (FEATURES,)), ("scale.w_0", (FEATURES + 1,)), ("scale.w_0", (1, FEATURES))]
)
def test_weights_that_the_network_has_no_place_for_are_refused_by_name(
    model: Any, name: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        with_weights(model, {name: np.zeros(shape, np.float32)})
    assert str(shape) in str(refused.value)


def test_every_network_computes_in_float32_and_pins_no_thread() -> None:
    assert CPU_CONFIG["INFERENCE_PRECISION_HINT"] == "f32"
    assert CPU_CONFIG["ENABLE_CPU_PINNING"] is False
    assert CPU_CONFIG["INFERENCE_NUM_THREADS"] == 1


def test_a_compiled_network_is_kept_for_the_next_process_and_computes_the_same(model: Any, tmp_path: Path) -> None:
    first = model_cache.load("sample", lambda: model, tmp_path)(DATA)
    (kept,) = tmp_path.glob("sample-*.blob")
    second = model_cache.load("sample", not_again, tmp_path)(DATA)
    kept.write_bytes(kept.read_bytes()[:100])
    third = model_cache.load("sample", lambda: model, tmp_path)(DATA)
    for before, after, repaired in zip(first, second, third, strict=True):
        assert np.array_equal(before, after) and np.array_equal(before, repaired)
    assert len(kept.read_bytes()) > 100


def not_again() -> Any:
    raise AssertionError("built again though it is kept")


def test_a_network_is_compiled_where_it_cannot_be_kept(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert model_cache.load("sample", lambda: model, tmp_path)(DATA)
    assert not list(tmp_path.glob("sample*"))


def test_a_network_is_compiled_where_there_is_no_directory(model: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert model_cache.load("sample", lambda: model, tmp_path / "file" / "cache")(DATA)


RELEASED_BEFORE_A_SIGNAL = """
import gc, os, signal
import numpy as np, openvino
from openvino import opset13 as op
from worker.engines.ppocr.network import compiled
data = op.parameter([1, 3], np.float32)
network = compiled(openvino.Model([op.relu(data)], [data], "sample"))
network(np.zeros((1, 3), np.float32))
del network
gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_process_that_released_its_networks_still_handles_signals() -> None:
    run = subprocess.run([sys.executable, "-c", RELEASED_BEFORE_A_SIGNAL], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "handled\n"), run.stderr
