from __future__ import annotations

from pathlib import Path

import pytest

from worker.models.devices import child_index, gpu_memory, gpu_of, has_gpu, visible_gpus


@pytest.mark.parametrize(
    ("declared", "gpus"),
    [
        ("0,1", ("0", "1")),
        ("2, 0", ("2", "0")),
        ("GPU-8f3a,GPU-91bc", ("GPU-8f3a", "GPU-91bc")),
        ("0,-1,1", ("0",)),
        ("", ()),
        ("-1", ()),
        ("none", ()),
    ],
)
def test_the_gpus_are_those_that_cuda_is_let_see(declared: str, gpus: tuple[str, ...]) -> None:
    assert visible_gpus(declared) == gpus


def test_without_a_word_they_are_the_drivers_devices(tmp_path: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_gpus(None, tmp_path) == ("0", "1")
    assert visible_gpus(None, tmp_path / "none") == ()


def test_children_take_gpus_in_turn() -> None:
    assert [gpu_of(child, ("0", "1")) for child in range(5)] == ["0", "1", "0", "1", "0"]
    assert gpu_of(3, ()) is None
    assert child_index() == 0  # this process is nobody's child


def test_a_process_without_torch_or_gpu_reports_no_memory() -> None:
    assert gpu_memory() == {}
    assert has_gpu(None) is False
