from __future__ import annotations

from pathlib import Path

import pytest

from ocrq.errors import ModelNotAllowed
from tasks.catalogue import Catalogue, entry_for
from tasks.monitoring.health import health_of
from tasks.monitoring.heartbeat import Heartbeat, live_pools
from tasks.monitoring.models import model_list
from tasks.settings import Settings

LISTED = Catalogue("rapidocr", ("rapidocr", "microsoft/trocr-base-printed"), "rapidocr")


def test_the_default_is_on_the_list_whatever_the_operator_wrote() -> None:
    catalogue = Catalogue.from_settings(Settings(model="fake", models=("rapidocr",)))
    assert catalogue.names == ("fake", "rapidocr")
    assert catalogue.resolve(None).name == "fake"


def test_a_name_off_the_list_is_refused_and_the_list_told() -> None:
    with pytest.raises(ModelNotAllowed) as caught:
        LISTED.resolve("evil/model")
    assert caught.value.extra["models"] == list(LISTED.names)
    assert "microsoft/trocr-base-printed" in caught.value.detail


def test_the_fallback_reads_where_only_its_pool_lives() -> None:
    trocr = LISTED.resolve("microsoft/trocr-base-printed")
    assert (trocr.engine, trocr.pool) == ("trocr", "gpu")
    assert LISTED.serving(trocr, {"cpu"}).name == "rapidocr"
    assert LISTED.serving(trocr, {"cpu", "gpu"}) is trocr
    assert LISTED.serving(trocr, set()) is trocr
    assert Catalogue("rapidocr", LISTED.names, None).serving(trocr, {"cpu"}) is trocr


def test_the_model_list_shows_what_is_loaded_and_which_engine_reads() -> None:
    models = model_list(LISTED, [Heartbeat(worker="h:1", pool="cpu", models=("rapidocr",))]).models
    assert [(m.name, m.default, m.loaded, m.served_by) for m in models] == [
        ("rapidocr", True, True, "rapidocr"),
        ("microsoft/trocr-base-printed", False, False, "rapidocr"),
    ]


def test_lists_in_the_environment_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCRQ_MODELS", "a, b,,c")
    monkeypatch.setenv("OCRQ_FALLBACK_MODEL", "")
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@localhost:1/0")
    monkeypatch.setenv("PORT", "8123")
    settings = Settings()
    assert settings.models == ("a", "b", "c")
    assert settings.fallback_model is None
    assert settings.port == 8123
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("config", "engine"),
    [
        ('{"model_type": "vision-encoder-decoder"}', "trocr"),
        ('{"model_type": "qwen2_5_vl"}', "vlm"),
        ("[]", "vlm"),
        ("{damaged", "vlm"),
    ],
)
def test_a_directory_is_what_its_configuration_says(tmp_path: Path, config: str, engine: str) -> None:
    directory = tmp_path / "trocr-like-name"
    directory.mkdir()
    (directory / "config.json").write_text(config)
    entry = entry_for(str(directory))
    assert (entry.engine, entry.pool) == (engine, "gpu")


def test_paths_are_compared_as_given_but_for_how_they_are_written() -> None:
    catalogue = Catalogue.from_settings(Settings(model="rapidocr", models=("./models//tiny/",)))
    assert catalogue.names == ("rapidocr", "models/tiny")
    assert catalogue.resolve("models/tiny/").name == "models/tiny"
    with pytest.raises(ModelNotAllowed):
        catalogue.resolve(str(Path("models/tiny").absolute()))
    with pytest.raises(ModelNotAllowed):
        catalogue.resolve("")


def test_a_server_reads_the_page_models_or_those_that_are_named() -> None:
    models = ("rapidocr", "microsoft/trocr-base-printed", "reducto/RolmOCR", "a/model")
    every = Catalogue.from_settings(Settings(models=models, openai_url="http://vllm:8000/v1"))
    assert [every.entry(name).engine for name in models] == ["rapidocr", "trocr", "openai", "openai"]
    named = Settings(models=models, openai_url="http://vllm/v1", openai_models=("a/model",), openai_pool="gpu")
    some = Catalogue.from_settings(named)
    assert [(some.entry(name).engine, some.entry(name).pool) for name in models[2:]] == [
        ("vlm", "gpu"),
        ("openai", "gpu"),
    ]
    none = Catalogue.from_settings(Settings(models=models, openai_models=("a/model",)))
    assert none.entry("a/model").engine == "vlm"


def test_a_worker_of_every_pool_counts_for_each() -> None:
    beats = [Heartbeat(worker="h:1", pool="all")]
    assert live_pools(beats) == {"cpu", "gpu"}
    assert {model.served_by for model in model_list(LISTED, beats).models} == set(LISTED.names)
    waiting = {"ocrq.cpu.bulk": 1, "ocrq.gpu.bulk": 1}
    assert health_of(beats, waiting).status == "healthy"
    assert health_of([Heartbeat(worker="h:1", pool="cpu")], waiting).status == "degraded"


def test_a_gpu_that_processes_share_is_counted_once() -> None:
    memory = {"gpu_used": 5, "gpu_total": 80}
    beats = [
        Heartbeat(worker=f"h:{number}", pool="gpu", gpu=True, gpu_memory=memory, device=device)
        for number, device in enumerate(["h:0", "h:0", "h:1"])
    ]
    health = health_of(beats, {})
    assert health.gpu_available
    assert (health.memory_info["gpu_used"], health.memory_info["gpu_total"]) == (10, 160)


def test_a_model_that_no_worker_could_load_is_read_by_the_fallback() -> None:
    refusing = Heartbeat(worker="h:1", pool="all", refused=("microsoft/trocr-base-printed",))
    served = {model.name: model.served_by for model in model_list(LISTED, [refusing]).models}
    assert served == {"rapidocr": "rapidocr", "microsoft/trocr-base-printed": "rapidocr"}
    both = [refusing, Heartbeat(worker="h:2", pool="gpu")]
    assert model_list(LISTED, both).models[1].served_by == "microsoft/trocr-base-printed"
    alone = Catalogue("a/vlm", ("a/vlm",), None)
    assert model_list(alone, [Heartbeat(worker="h:1", pool="gpu", refused=("a/vlm",))]).models[0].served_by is None
