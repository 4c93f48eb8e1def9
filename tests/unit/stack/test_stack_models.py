"""What the embedded stack reads, by what its user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack import environment, machine
from stack.data import DataDir
from stack.environment import held_model, missing_for_models, stack_environment, with_models_found


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "_GPU", tmp_path / "nvidiactl")


def made(tmp_path: Path, **given: str) -> dict[str, str]:
    data = DataDir(tmp_path)
    return stack_environment(given, redis_url="redis://", data=data, blob_dir=None, host="127.0.0.1", port=1)


@pytest.mark.parametrize("model", ["", "rapidocr", "fake"])
def test_by_itself_it_has_no_worker_for_gpus_and_fetches_nothing(tmp_path: Path, model: str) -> None:
    environment = made(tmp_path, OCRQ_MODEL=model)
    assert (environment["OCRQ_POOL"], environment["OCRQ_FETCH_MODELS"]) == ("cpu", "")
    assert "microsoft/trocr-base-printed" in environment["OCRQ_MODELS"]


@pytest.mark.parametrize("setting", ["OCRQ_MODEL", "OCRQ_MODELS", "PRELOAD_MODELS"])
def test_a_model_that_is_named_is_read_and_may_be_fetched_whatever_the_machine_has(
    tmp_path: Path, setting: str
) -> None:
    environment = made(tmp_path, **{setting: "microsoft/trocr-base-printed"})
    assert environment["OCRQ_POOL"] == "all"
    assert environment["OCRQ_FETCH_MODELS"] == "microsoft/trocr-base-printed"


def test_a_gpu_reads_what_is_on_the_machine(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    environment = made(tmp_path)
    assert (environment["OCRQ_POOL"], environment["OCRQ_FETCH_MODELS"]) == ("all", "")


def test_what_the_user_set_stays(tmp_path: Path) -> None:
    environment = made(tmp_path, OCRQ_MODEL="a/model", OCRQ_POOL="gpu", OCRQ_FETCH_MODELS="other")
    assert (environment["OCRQ_POOL"], environment["OCRQ_FETCH_MODELS"]) == ("gpu", "other")


def test_a_model_beside_the_caller_is_found_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, here = tmp_path / "checkout", tmp_path / "here"
    for model in (checkout / "models" / "there", here / "mine", here / "rapidocr"):
        model.mkdir(parents=True)
    for model in (checkout / "models" / "there", here / "mine"):
        (model / "config.json").touch()
    monkeypatch.chdir(here)
    given = {"OCRQ_MODEL": "mine", "OCRQ_MODELS": "rapidocr, models/there,mine", "OTHER": "mine"}
    assert with_models_found(given, checkout) == {
        "OCRQ_MODEL": str(here / "mine"),
        "OCRQ_MODELS": f"rapidocr,models/there,{here / 'mine'}",
        "OTHER": "mine",
    }


def test_a_worker_for_each_processor_as_far_as_the_models_copies_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "usable_cpus", lambda: 16)
    monkeypatch.setattr(machine, "available_bytes", lambda: 8 * machine.WORKER_BYTES)
    with (tmp_path / "model.safetensors").open("wb") as weights:
        weights.truncate(machine.WORKER_BYTES // 2)
    assert machine.default_workers(str(tmp_path)) == 4  # each takes twice the half, and one beside
    assert machine.default_workers("a/model-of-a-hub") == 1
    assert machine.default_workers(held_model({"OCRQ_MODEL": "a/model", "OCRQ_OPENAI_URL": "http://vllm/v1"})) == 8


def test_a_named_model_reports_the_packages_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment.EXTRAS, "gpu", ("no_such_module",))
    missing = missing_for_models({"OCRQ_MODEL": "a/model"})
    assert "a/model" in missing and "no_such_module" in missing and "pip install" in missing
    assert missing_for_models({"OCRQ_MODEL": "rapidocr", "OCRQ_MODELS": "a/model"}) == ""
    assert missing_for_models({"OCRQ_MODEL": "a/model", "OCRQ_OPENAI_URL": "http://vllm/v1"}) == ""
