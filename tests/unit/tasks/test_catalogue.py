from __future__ import annotations

import pytest

from ocrq.errors import ModelNotAllowed
from tasks.catalogue import Catalogue
from tasks.heartbeat import Beat
from tasks.models import model_list
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


def test_the_model_list_tells_what_is_loaded_and_who_reads() -> None:
    models = model_list(LISTED, [Beat(worker="h:1", pool="cpu", models=("rapidocr",))]).models
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
