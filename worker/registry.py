"""Which models this process has in memory: loaded once, under a lock, and never carried over a fork."""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from typing import Protocol

from ocrq.errors import InternalError, ModelUnavailable
from tasks.catalogue import Catalogue, ModelEntry, Pool, entry_for
from tasks.settings import Settings
from worker.engines.protocols import Detector, Engine

DETECTOR = "rapidocr"  # finds the lines for engines that only read them, in every pool

log = logging.getLogger(__name__)


class EngineModule(Protocol):
    """What each file of ``worker/engines`` that holds an engine offers."""

    def load(self, model: str, settings: Settings) -> Engine:
        """Load a model; called once in a process for each name."""
        ...


class Registry:
    """The models of one process.

    Args:
        settings: Handed to the engines.
        catalogue: The operator's list.
        pool: The pool this process reads for; None reads for all.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, pool: Pool | None) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._pool = pool
        self._lock = threading.Lock()
        self._models: dict[str, Engine] = {}
        self._pid = os.getpid()

    def engine(self, name: str | None) -> tuple[Engine, list[str]]:
        """The engine that reads when a model is asked for.

        Args:
            name: A listed name; None for the default.

        Returns:
            The engine, and warnings: that the fallback reads in the model's place.

        Raises:
            ModelNotAllowed: The name is not on the list.
            ModelUnavailable: It cannot be served here, and the operator named no fallback.
        """
        entry = self._catalogue.resolve(name)
        try:
            return self._loaded(entry), []
        except ModelUnavailable as error:
            fallback = self._catalogue.fallback_entry()
            if fallback is None or fallback.name == entry.name:
                raise
            log.info("%s reads in place of %s: %s", fallback.name, entry.name, error.detail)
            warning = f"{entry.name} cannot be served by this deployment now; {fallback.name} read in its place"
            return self._loaded(fallback), [warning]

    def detector(self) -> Detector:
        """What finds the lines for engines that only read them.

        Raises:
            ModelUnavailable: It is not installed here.
        """
        engine = self._loaded(entry_for(DETECTOR), any_pool=True)
        if not isinstance(engine, Detector):
            raise InternalError(f"{DETECTOR} finds no lines")
        return engine

    @property
    def default(self) -> str:
        """Name of the model a request without ``model_name`` gets."""
        return self._catalogue.default

    def preload(self) -> None:
        """Load what the operator wants in memory from the start, or else the default model."""
        for name in self._settings.preload_models or (self._catalogue.default,):
            self.engine(name)

    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        return sorted(self._models)

    def _loaded(self, entry: ModelEntry, *, any_pool: bool = False) -> Engine:
        if os.getpid() != self._pid:
            raise InternalError("a model was carried over a fork; load models in worker_process_init")
        with self._lock:
            if entry.name not in self._models:
                self._models[entry.name] = self._load(entry, any_pool)
            return self._models[entry.name]

    def _load(self, entry: ModelEntry, any_pool: bool) -> Engine:
        if not any_pool and self._pool is not None and entry.pool != self._pool:
            raise ModelUnavailable(f"{entry.name} is read by workers of the {entry.pool} pool", field="model_name")
        began = time.monotonic()
        module = _module(entry)
        engine = module.load(entry.name, self._settings)
        log.info("loaded %s in %.1f s", entry.name, time.monotonic() - began)
        return engine


def _module(entry: ModelEntry) -> EngineModule:
    name = f"worker.engines.{entry.engine}"
    try:
        module: EngineModule = importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise ModelUnavailable(
            f"{entry.name} needs {missing}, which is not installed here", field="model_name"
        ) from None
    return module
