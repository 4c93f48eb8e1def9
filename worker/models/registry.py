"""Which models this process has in memory: loaded once, under a lock, and never carried over a fork.

The least recently used leave when the memory budget is full.
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
from tasks.settings import MEGABYTE, Settings
from tasks.stopping import stops_reported
from worker.engines.protocols import Engine, LineEngine, finds_lines
from worker.models.loader import Loader
from worker.models.memory import LoadedModel, give_back, surplus
from worker.models.out_of_memory import with_memory_fallback

DETECTOR = "rapidocr"  # finds the lines for engines that only read them, in every pool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelHandle:
    """A model in use: it stays in memory until the read ends.

    Attributes:
        engine: Reads, and makes do with less where memory is short.
        find_detector: What finds the lines for engines that only read them; loaded when asked for.
        stand_in: Whether the fallback reads in the place of the model asked for.
        warnings: For the result's metadata; grows while the engine reads.
    """

    engine: Engine
    find_detector: Callable[[], LineEngine]
    stand_in: bool = False
    warnings: list[str] = field(default_factory=list)


class Registry:
    """The models of one process.

    Args:
        settings: Handed to the engines; the memory budget is among them.
        catalogue: The operator's list.
        pool: The pool this process reads for; None reads for all.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, pool: Pool | None) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._preload = settings.preload_models
        self._budget = settings.model_memory_mb * MEGABYTE
        self._loader = Loader(settings)
        self._state = threading.Lock()  # for moments
        self._loading = threading.Lock()  # for as long as a model loads; those in memory are used meanwhile
        self._held: dict[str, LoadedModel] = {}
        self._pid = os.getpid()

    @contextmanager
    def using(self, name: str | None, failed: ModelUnavailable | None = None) -> Iterator[ModelHandle]:
        """The engine that reads when a model is asked for, kept in memory while the block runs.

        Args:
            name: A listed name; None for the default.
            failed: Why that model could not read after all; the fallback does.

        Raises:
            ModelNotAllowed: The name is not on the list.
            ModelUnavailable: It cannot be served here, and the operator named no fallback.
        """
        taken: list[str] = []

        def find_detector() -> LineEngine:
            engine = self._take(entry_for(DETECTOR), taken)
            if not finds_lines(engine):
                raise InternalError(f"{DETECTOR} finds no lines")
            return engine

        try:
            engine, warnings = self._serving(self._catalogue.resolve(name), taken, failed)
            bounded = with_memory_fallback(engine, warnings, self._held[taken[-1]].engine_lock)
            yield ModelHandle(bounded, find_detector, bool(warnings), warnings)
        finally:
            self._give_back(taken)

    @property
    def default(self) -> str:
        """Name of the model a request without ``model_name`` gets."""
        return self._catalogue.default

    @stops_reported()
    def preload(self) -> None:
        """Load what the operator wants in memory from the start, or else the default model.

        Models of another pool are left to its workers; where that leaves none, what reads in their place is loaded.
        """
        wanted = [self._catalogue.resolve(name) for name in self._preload or (self._catalogue.default,)]
        ours = [entry for entry in wanted if self._is_ours(entry)]
        fallback = self._catalogue.fallback_entry()
        if not ours and fallback and self._is_ours(fallback):
            ours = [fallback]
        for entry in ours:
            taken: list[str] = []
            try:
                engine, _ = self._serving(entry, taken)
                if not engine.info.gives_boxes:
                    with suppress(ModelUnavailable):  # whoever needs it says so when asked to read
                        self._take(entry_for(DETECTOR), taken)
            finally:
                self._give_back(taken)

    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        return sorted(tuple(self._held))

    def refused(self) -> list[str]:
        """Names of the models that could not be had lately."""
        return self._loader.refused()

    def bytes(self) -> int:
        """What the models in memory take together."""
        return sum(held.bytes for held in tuple(self._held.values()))

    def _is_ours(self, entry: ModelEntry) -> bool:
        return self._pool is None or entry.pool == self._pool

    def _serving(
        self, entry: ModelEntry, taken: list[str], failed: ModelUnavailable | None = None
    ) -> tuple[Engine, list[str]]:
        """What reads, and the warning where that is the fallback."""
        try:
            if failed:
                raise failed
            if not self._is_ours(entry):
                raise ModelUnavailable(f"{entry.name} is read by workers of the {entry.pool} pool", field="model_name")
            return self._take(entry, taken), []
        except ModelUnavailable as error:
            fallback = self._catalogue.fallback_entry()
            if fallback is None or fallback.name == entry.name:
                raise
            log.info("%s reads in place of %s: %s", fallback.name, entry.name, error.detail)
            warning = f"{entry.name} cannot be served by this deployment now; {fallback.name} read in its place"
            return self._take(fallback, taken), [warning]

    def _take(self, entry: ModelEntry, taken: list[str]) -> Engine:
        """A model, loaded if it is not in memory, that stays there until it is given back."""
        if os.getpid() != self._pid:
            raise InternalError("a model was carried over a fork; load models in worker_process_init")
        engine = self._used(entry.name, taken)
        if engine is not None:
            return engine
        with self._loading:
            engine = self._used(entry.name, taken)
            return engine if engine is not None else self._load(entry, taken)

    def _used(self, name: str, taken: list[str]) -> Engine | None:
        with self._state:
            held = self._held.get(name)
            if held is None:
                return None
            held.users += 1
            taken.append(name)
            return held.engine

    def _give_back(self, taken: list[str]) -> None:
        with self._state:
            for name in taken:
                self._held[name].users -= 1
                self._held[name].used_at = time.monotonic()
        self._make_room(0)

    def _load(self, entry: ModelEntry, taken: list[str]) -> Engine:
        began = time.monotonic()
        engine = self._loader.load(entry, self._make_room)
        with self._state:
            engine_lock = None if engine.info.thread_safe else threading.Lock()
            self._held[entry.name] = LoadedModel(engine, time.monotonic(), users=1, engine_lock=engine_lock)
            taken.append(entry.name)
        size = engine.info.memory_bytes // MEGABYTE
        log.info("loaded %s in %.1f s, %d MB", entry.name, time.monotonic() - began, size)
        self._make_room(0)
        return engine

    def _make_room(self, wanted: int | None) -> None:
        """Let models leave until what stays, and ``wanted`` bytes more, are within the budget; None: all that may."""
        with self._state:
            idle = [name for name, held in self._held.items() if not held.users and held.bytes]
            leaving = idle if wanted is None else surplus(self._held, self._budget, wanted)
            for name in leaving:
                del self._held[name]
        if leaving:
            log.info("%s left the memory for others", ", ".join(leaving))
            give_back()
