"""The models of this process: loaded once, under a lock, and never used across a fork.

The least recently used are unloaded when the memory budget is full.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ocrq.errors import InternalError, ModelUnavailable
from tasks.catalogue import Catalogue, ModelEntry, Pool, entry_for
from tasks.monitoring.counters import COUNTERS
from tasks.settings import MEGABYTE, Settings
from tasks.stopping import stops_reported
from worker.engines.protocols import Engine, LineEngine, finds_lines, reads_lines
from worker.models.loader import Loader
from worker.models.memory_budget import LoadedModel, free_memory, surplus
from worker.models.out_of_memory import with_memory_fallback

DETECTOR = "rapidocr"  # finds the lines for engines that only read them, in every pool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelHandle:
    """A model in use: it stays loaded until the read ends.

    Attributes:
        engine: Reads, with the out-of-memory fallback.
        find_detector: The detector for engines that find no lines; loaded when called.
        stand_in: Whether the fallback reads in place of the requested model.
        warnings: For the result's metadata; appended to while the engine reads.
    """

    engine: Engine
    find_detector: Callable[[], LineEngine]
    stand_in: bool = False
    warnings: list[str] = field(default_factory=list)


class Registry:
    """The models of one process.

    Args:
        settings: Passed to the engines; they have the memory budget.
        catalogue: The operator's list.
        pool: The pool this process reads for; None reads for all.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, pool: Pool | None) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._preload = settings.preload_models
        self._budget = settings.model_memory_mb * MEGABYTE
        self._loader = Loader(settings)
        self._state = threading.Lock()  # held briefly
        self._loading = threading.Lock()  # held while a model loads; loaded models can be used meanwhile
        self._loaded: dict[str, LoadedModel] = {}
        self._pid = os.getpid()

    @contextmanager
    def using(self, name: str | None, failed: ModelUnavailable | None = None) -> Iterator[ModelHandle]:
        """The engine that serves a model, kept loaded while the block runs.

        Args:
            name: A listed name; None for the default.
            failed: Why that model failed while it read; the fallback is used.

        Raises:
            ModelNotAllowed: The name is not on the list.
            ModelUnavailable: It cannot be served here, and no fallback is set.
        """
        acquired: list[str] = []

        def find_detector() -> LineEngine:
            engine = self._acquire(entry_for(DETECTOR), acquired)
            if not finds_lines(engine):
                raise InternalError(f"{DETECTOR} is not a detector")
            return engine

        try:
            engine, warnings = self._serving(self._catalogue.resolve(name), acquired, failed)
            bounded = with_memory_fallback(engine, warnings, self._loaded[acquired[-1]].engine_lock)
            yield ModelHandle(bounded, find_detector, bool(warnings), warnings)
        finally:
            self._release(acquired)

    @property
    def default(self) -> str:
        """Name of the model a request without ``model_name`` gets."""
        return self._catalogue.default

    @stops_reported()
    def preload(self) -> None:
        """Load the models to preload, or else the default model.

        Models of another pool are left to its workers; where that leaves none, the fallback is loaded.
        """
        wanted = [self._catalogue.resolve(name) for name in self._preload or (self._catalogue.default,)]
        ours = [entry for entry in wanted if self._in_pool(entry)]
        fallback = self._catalogue.fallback_entry()
        if not ours and fallback and self._in_pool(fallback):
            ours = [fallback]
        for entry in ours:
            acquired: list[str] = []
            try:
                engine, _ = self._serving(entry, acquired)
                if not engine.info.gives_boxes:
                    with suppress(ModelUnavailable):  # reported when a page is read
                        self._acquire(entry_for(DETECTOR), acquired)
            finally:
                self._release(acquired)

    def compile_ahead(self) -> Iterator[None]:
        """Steps, each of less than a tenth of a second, after which the first pages take no longer than others."""
        for model in tuple(self._loaded.values()):
            if reads_lines(model.engine):
                yield from model.engine.compile_ahead()

    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        return sorted(tuple(self._loaded))

    def refused(self) -> list[str]:
        """Names of the models that failed to load lately."""
        return self._loader.refused()

    def bytes(self) -> int:
        """Memory of all loaded models."""
        return sum(model.bytes for model in tuple(self._loaded.values()))

    def _in_pool(self, entry: ModelEntry) -> bool:
        return self._pool is None or entry.pool == self._pool

    def _serving(
        self, entry: ModelEntry, acquired: list[str], failed: ModelUnavailable | None = None
    ) -> tuple[Engine, list[str]]:
        """The engine that reads, and a warning where that is the fallback."""
        try:
            if failed:
                raise failed
            if not self._in_pool(entry):
                raise ModelUnavailable(f"{entry.name} is read by workers of the {entry.pool} pool", field="model_name")
            return self._acquire(entry, acquired), []
        except ModelUnavailable as error:
            fallback = self._catalogue.fallback_entry()
            if fallback is None or fallback.name == entry.name:
                raise
            log.info("%s reads in place of %s: %s", fallback.name, entry.name, error.detail)
            warning = f"{entry.name} cannot be served by this deployment now; {fallback.name} read in its place"
            return self._acquire(fallback, acquired), [warning]

    def _acquire(self, entry: ModelEntry, acquired: list[str]) -> Engine:
        """A model, loaded where needed, that stays loaded until it is released."""
        if os.getpid() != self._pid:
            raise InternalError("a model was loaded before a fork; load models in worker_process_init")
        engine = self._acquire_loaded(entry.name, acquired)
        if engine is not None:
            return engine
        with self._loading:
            engine = self._acquire_loaded(entry.name, acquired)
            return engine if engine is not None else self._load(entry, acquired)

    def _acquire_loaded(self, name: str, acquired: list[str]) -> Engine | None:
        with self._state:
            model = self._loaded.get(name)
            if model is None:
                return None
            model.users += 1
            acquired.append(name)
            return model.engine

    def _release(self, acquired: list[str]) -> None:
        with self._state:
            for name in acquired:
                self._loaded[name].users -= 1
                self._loaded[name].used_at = time.monotonic()
        self._unload(0)

    def _load(self, entry: ModelEntry, acquired: list[str]) -> Engine:
        began = time.monotonic()
        engine = self._loader.load(entry, self._unload)
        with self._state:
            engine_lock = None if engine.info.thread_safe else threading.Lock()
            self._loaded[entry.name] = LoadedModel(engine, time.monotonic(), users=1, engine_lock=engine_lock)
            acquired.append(entry.name)
        size, seconds = engine.info.memory_bytes // MEGABYTE, time.monotonic() - began
        COUNTERS.add("model_loads", model=entry.name)
        COUNTERS.add("model_load_seconds", seconds, model=entry.name)
        log.info("loaded %s in %.1f s, %d MB", entry.name, seconds, size)
        self._unload(0)
        return engine

    def _unload(self, wanted: int | None) -> None:
        """Unload models until the others and ``wanted`` more bytes fit in the budget; None: all that are not in use."""
        with self._state:
            idle = [name for name, model in self._loaded.items() if not model.users and model.bytes]
            leaving = idle if wanted is None else surplus(self._loaded, self._budget, wanted)
            for name in leaving:
                del self._loaded[name]
        if leaving:
            log.info("unloaded %s to make room", ", ".join(leaving))
            free_memory()
