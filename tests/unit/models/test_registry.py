from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ocrq.errors import InternalError, ModelNotAllowed, ModelUnavailable
from tasks.catalogue import Catalogue, Pool
from tasks.settings import MEGABYTE, Settings
from worker.engines.info import EngineInfo
from worker.engines.protocols import PageReader, reads_pages
from worker.models.memory_budget import module_bytes
from worker.models.registry import Registry
from worker.process.recycling import GrowingLimit

SIZE = 4 * MEGABYTE


@dataclass
class Stock:
    """Checkpoints on this machine, and an engine that loads them.

    Attributes:
        loads: Names in the order in which they were loaded, those included that failed.
        faults: Raised when a name is loaded, the first of its list each time.
    """

    folder: Path
    loads: list[str] = field(default_factory=list)
    faults: dict[str, list[Exception]] = field(default_factory=dict)

    def model(self, name: str, size: int = SIZE) -> str:
        directory = self.folder / name
        directory.mkdir()
        (directory / "config.json").write_text(json.dumps({"model_type": "qwen2_5_vl"}))
        with (directory / "model.safetensors").open("wb") as weights:
            weights.truncate(size)
        return str(directory)

    def load(self, model: str, settings: Settings) -> Any:
        name = Path(model).name
        self.loads.append(name)
        if self.faults.get(name):
            raise self.faults[name].pop(0)
        return Engine(name)


class Engine(PageReader):
    def __init__(self, name: str) -> None:
        self.info = EngineInfo(f"vlm/{name}", reads="pages", gives_boxes=True, memory_bytes=SIZE)

    def read(self, pages: Any, prompt: str | None, context: Any) -> list[Any]:
        return []


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stock:
    stock = Stock(tmp_path)
    module = ModuleType("worker.engines.vlm.engine")
    module.load = stock.load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "worker.engines.vlm.engine", module)
    return stock


def registry(*models: str, pool: Pool | None = "gpu", fallback: str | None = None, **settings: Any) -> Registry:
    made = Settings(model=models[0], models=models, fallback_model=fallback, **settings)
    return Registry(made, Catalogue.from_settings(made), pool)


def use(models: Registry, name: str) -> str:
    with models.using(name) as used:
        return used.engine.info.name


def test_a_model_is_loaded_once_however_many_ask(stock: Stock) -> None:
    name = stock.model("a")
    models = registry(name)
    threads = [threading.Thread(target=use, args=(models, name)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stock.loads == ["a"]
    assert models.loaded() == [name]


def test_the_least_recently_used_leaves_when_the_budget_is_full(stock: Stock) -> None:
    a, b, c = (stock.model(name) for name in "abc")
    models = registry(a, b, c, model_memory_mb=9)
    for name in (a, b, a, c):
        use(models, name)
    assert models.loaded() == [a, c]
    use(models, b)
    assert stock.loads == ["a", "b", "c", "b"]
    assert models.loaded() == [b, c]


def test_a_model_in_use_never_leaves(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b, model_memory_mb=5)
    with models.using(a):
        use(models, b)
        assert a in models.loaded()
        with models.using(b):
            assert models.loaded() == [a, b]  # over the budget for as long as both are needed
    assert models.loaded() == [a]


def test_without_a_budget_models_stay(stock: Stock) -> None:
    names = [stock.model(name) for name in "abc"]
    models = registry(*names)
    for name in names:
        use(models, name)
    assert models.loaded() == names


def test_a_model_larger_than_the_budget_is_refused_with_the_remedy_before_it_is_loaded(stock: Stock) -> None:
    name = stock.model("large", size=20 * MEGABYTE)
    with pytest.raises(ModelUnavailable) as refused, registry(name, model_memory_mb=10).using(name):
        pass
    assert "OCRQ_MODEL_MEMORY_MB" in refused.value.detail
    assert stock.loads == []


def test_where_a_model_does_not_fit_beside_the_others_they_leave(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b)
    use(models, a)
    stock.faults["b"] = [RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")]
    assert use(models, b) == "vlm/b"
    assert models.loaded() == [b]


def test_a_model_that_cannot_be_had_is_not_tried_again_for_a_while_and_the_fallback_reads(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b, fallback=a)
    stock.faults["b"] = [OSError("/srv/models/b is damaged")] * 9
    for _ in range(3):
        with models.using(b) as used:
            assert (used.engine.info.name, used.stand_in) == ("vlm/a", True)
            [warning] = used.warnings
            assert b in warning
            assert "damaged" not in warning
    assert stock.loads == ["b", "a"]


def test_what_could_not_be_had_and_what_the_others_take_is_reported(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b)
    stock.faults["b"] = [OSError("damaged")]
    with pytest.raises(ModelUnavailable):
        use(models, b)
    use(models, a)
    assert (models.refused(), models.loaded(), models.bytes()) == ([b], [a], SIZE)


def test_without_a_fallback_it_is_an_error_without_internals(stock: Stock) -> None:
    name = stock.model("a")
    stock.faults["a"] = [OSError("/srv/secret is damaged")]
    with pytest.raises(ModelUnavailable) as refused, registry(name).using(name):
        pass
    assert "/srv/secret" not in refused.value.detail
    assert refused.value.field == "model_name"


def test_a_name_off_the_list_is_loaded_by_nobody(stock: Stock) -> None:
    models = registry(stock.model("a"))
    with pytest.raises(ModelNotAllowed), models.using(stock.model("b")):
        pass
    assert stock.loads == []


def test_only_models_of_this_processs_pool_are_preloaded(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b, "fake", preload_models=(b, "fake"))
    models.preload()
    assert models.loaded() == [b]
    other = registry(a, b, "fake", pool="cpu", preload_models=(b, "fake"))
    other.preload()
    assert other.loaded() == ["fake"]


def test_where_the_default_belongs_to_another_pool_what_reads_in_its_place_is_preloaded(stock: Stock) -> None:
    models = registry(stock.model("a"), pool="cpu", fallback="fake")
    models.preload()
    assert (models.loaded(), stock.loads) == (["fake"], [])


def test_the_fallback_reads_where_a_model_failed_after_it_was_loaded(stock: Stock) -> None:
    a, b = stock.model("a"), stock.model("b")
    models = registry(a, b, fallback=b)
    with models.using(a, failed=ModelUnavailable("its server went away")) as used:
        assert (used.engine.info.name, used.stand_in) == ("vlm/b", True)


def test_a_model_carried_over_a_fork_is_refused(stock: Stock) -> None:
    name = stock.model("a")
    models = registry(name)
    use(models, name)
    child = os.fork()
    if not child:
        try:
            use(models, name)
        except InternalError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_threads_wait_for_each_other_at_an_engine_that_is_not_thread_safe(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.runner import ReadContext

    name = stock.model("a")
    inside, most = [], []

    def hold(self: Engine, pages: Any, prompt: str | None, context: Any) -> list[Any]:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()
        return []

    monkeypatch.setattr(Engine, "read", hold)
    models = registry(name)

    def read() -> None:
        with models.using(name) as used:
            assert reads_pages(used.engine)
            used.engine.read([], None, ReadContext())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 4


def test_the_bytes_of_a_module_are_those_of_its_parameters_and_buffers_each_counted_once() -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(10, 10, bias=False), torch.nn.BatchNorm1d(10, affine=False))
    module.append(module[0])
    assert module_bytes(module) == 400 + 4 * 10 + 4 * 10 + 8


def test_a_process_may_grow_by_the_models_that_come_later() -> None:
    held = [0]
    limit = GrowingLimit(1000, lambda: held[0])
    assert [used for used in (1000, 1001) if used > limit] == [1001]
    held[0] = 500 * 1024
    assert [used for used in (1500, 1501) if used > limit] == [1501]
