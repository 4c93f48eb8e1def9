"""Micro-batches: what waits together is read together, and nobody pays for another's document."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from ocrq.errors import JobCancelled, WorkerSpent
from tasks.catalogue import Catalogue
from tasks.runner import ReadContext
from tasks.settings import Settings
from tasks.stopping import ReadStopped
from tests.stops import stops
from worker.engines.info import EngineInfo
from worker.engines.protocols import PageReader, finds_lines, reads_pages
from worker.page import PageImage, PageReading
from worker.serverless.batching import ReadBatcher
from worker.serverless.batching_registry import BatchingRegistry


class Engine(PageReader):
    """Reads pages by number, held until its gate opens; page 13 breaks it."""

    info = EngineInfo("test/engine", reads="pages", gives_boxes=False, batch_size=4)

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.calls: list[list[int]] = []
        self.inside = 0
        self.spent = False

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        self.inside += 1
        assert self.inside == 1, "threads are in the engine at the same time"
        try:
            self.calls.append([page.number for page in pages])
            while not self.gate.wait(0.01):
                context.check()
            if self.spent:
                raise ReadStopped(WorkerSpent("the GPU failed"))
            if any(page.number == 13 for page in pages):
                raise RuntimeError("page 13")
            return [PageReading(f"{prompt} {page.number}", probability=0.9) for page in pages]
        finally:
            self.inside -= 1


def page(number: int) -> PageImage:
    return PageImage(number, np.zeros((8, 8, 3), np.uint8), None)


@pytest.fixture
def engine() -> Engine:
    return Engine()


class Readers:
    """Threads that read through one batcher."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.batcher = engine, ReadBatcher()
        self.pool = ThreadPoolExecutor(12)

    def ask(self, *numbers: int, prompt: str = "p", **context: Any) -> Future[list[str]]:
        """Have pages read; returns once the request waits or is in the engine."""
        before = self.count()
        future = self.pool.submit(self._read, numbers, prompt, ReadContext(**context))
        until(lambda: self.count() > before or future.done())
        return future

    def count(self) -> int:
        return len(self.batcher._waiting) + len(self.engine.calls)

    def _read(self, numbers: Sequence[int], prompt: str, context: ReadContext) -> list[str]:
        readings = self.batcher.read(self.engine, [page(number) for number in numbers], prompt, context)
        return [reading.text for reading in readings]


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


@pytest.fixture
def readers(engine: Engine) -> Readers:
    return Readers(engine)


def test_who_finds_the_engine_free_goes_at_once(readers: Readers, engine: Engine) -> None:
    engine.gate.set()
    assert readers.ask(1).result(30) == ["p 1"]


def test_pages_that_wait_are_read_together(readers: Readers, engine: Engine) -> None:
    asked = [readers.ask(number) for number in range(1, 6)]
    engine.gate.set()
    assert [future.result(30) for future in asked] == [[f"p {number}"] for number in range(1, 6)]
    assert sorted(map(len, engine.calls)) == [1, 4]


def test_no_batch_is_larger_than_the_engine_takes(readers: Readers, engine: Engine) -> None:
    asked = [readers.ask(number) for number in range(1, 11)]
    engine.gate.set()
    assert all(future.result(30) for future in asked)
    assert max(map(len, engine.calls)) == 4


def test_other_prompts_and_options_are_read_by_themselves(readers: Readers, engine: Engine) -> None:
    asked = [
        readers.ask(1),
        readers.ask(2, prompt="p"),
        readers.ask(3, prompt="q"),
        readers.ask(4, options={"num_beams": 2}),
    ]
    engine.gate.set()
    assert [future.result(30) for future in asked] == [["p 1"], ["p 2"], ["q 3"], ["p 4"]]
    assert sorted(engine.calls) == [[1], [2], [3], [4]]


def test_a_page_that_breaks_the_batch_fails_alone(readers: Readers, engine: Engine) -> None:
    asked = [readers.ask(number) for number in (1, 2, 13, 3)]
    engine.gate.set()
    assert [asked[index].result(30) for index in (0, 1, 3)] == [["p 1"], ["p 2"], ["p 3"]]
    with pytest.raises(RuntimeError, match="page 13"):
        asked[2].result(30)


def test_who_is_cancelled_leaves_and_the_others_are_read(readers: Readers, engine: Engine) -> None:
    stop = threading.Event()
    first = readers.ask(1)
    waiting = readers.ask(2, cancelled=stop.is_set)
    other = readers.ask(3)
    stop.set()
    with stops(JobCancelled):
        waiting.result(30)
    engine.gate.set()
    assert (first.result(30), other.result(30)) == (["p 1"], ["p 3"])
    assert [2] not in engine.calls


def test_a_batch_is_broken_off_when_all_of_it_is_cancelled(readers: Readers, engine: Engine) -> None:
    stop = threading.Event()
    reading = readers.ask(1, cancelled=stop.is_set)
    stop.set()
    with stops(JobCancelled):
        reading.result(30)
    engine.gate.set()
    assert readers.ask(2).result(30) == ["p 2"]


def test_a_gpu_that_failed_is_reported_to_all(readers: Readers, engine: Engine) -> None:
    engine.spent = True
    asked = [readers.ask(number) for number in (1, 2, 3)]
    engine.gate.set()
    for future in asked:
        with stops(WorkerSpent):
            future.result(30)
    assert len(engine.calls) == 2, "nothing is tried again on a GPU that failed"


def test_a_document_of_more_pages_than_a_batch_is_read_too(readers: Readers, engine: Engine) -> None:
    engine.gate.set()
    assert len(readers.ask(1, 2, 3, 4, 5, 6).result(30)) == 6


def test_engines_keep_their_kind_behind_the_registry() -> None:
    settings = Settings(model="rapidocr", models=("rapidocr", "fake"))
    registry = BatchingRegistry(settings, Catalogue.from_settings(settings), None)
    with registry.using("fake") as use:
        assert reads_pages(use.engine)
    with registry.using(None) as use:
        assert finds_lines(use.engine)
        assert finds_lines(use.find_detector())


def test_an_engine_that_takes_batches_is_given_them() -> None:
    settings = Settings(model="fake")
    engine = Engine()
    shared = BatchingRegistry(settings, Catalogue.from_settings(settings), None)._shared(engine)
    assert shared is not engine
    assert shared.info is engine.info
