"""Loads models: the engine's module by name, its checkpoint on this machine, and an error with a remedy on failure."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable
from typing import Protocol

from ocrq.errors import ModelUnavailable, WorkerSpent
from tasks.catalogue import ModelEntry, normalised
from tasks.settings import MEGABYTE, Settings
from tasks.stopping import ReadStopped
from tasks.unexpected import unexpected
from worker.engines.info import EngineInfo
from worker.engines.protocols import Engine
from worker.models import hub
from worker.models.out_of_memory import is_context_lost, is_out_of_memory

TRY_AGAIN_SECONDS = 600.0  # after which a model that could not be loaded is tried again
PACKAGES = {"rapidocr": "ppocr"}  # engines whose package has another name

log = logging.getLogger(__name__)

Unload = Callable[[int | None], None]
"""Unloads models: for this many bytes, or, with None, all that are not in use."""


class EngineModule(Protocol):
    """The interface of the module ``engine`` in each package of ``worker/engines``."""

    def load(self, model: str, settings: Settings) -> Engine:
        """Load a model; called once in a process for each name.

        Args:
            model: Its listed name. The files of a checkpoint are in ``hub.checkpoint(model)``.
            settings: The operator's.
        """


class Loader:
    """Loads models; one that failed to load is refused for a while without another attempt.

    Args:
        settings: Handed to the engines.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._refused: dict[str, tuple[float, str]] = {}

    def load(self, entry: ModelEntry, unload: Unload) -> Engine:
        """Load a model.

        Raises:
            ModelUnavailable: It cannot be loaded here, or failed lately; the detail has the reason.
            ReadStopped: This process cannot use its GPU any more.
        """
        until, detail = self._refused.get(entry.name, (0.0, ""))
        if time.monotonic() < until:
            raise ModelUnavailable(detail, field="model_name")
        try:
            return self._loaded(entry, unload)
        except ModelUnavailable as error:
            self._refused[entry.name] = (time.monotonic() + TRY_AGAIN_SECONDS, error.detail)
            raise

    def refused(self) -> list[str]:
        """Names of the models that failed to load lately."""
        return [name for name, (until, _) in tuple(self._refused.items()) if time.monotonic() < until]

    def _loaded(self, entry: ModelEntry, unload: Unload) -> Engine:
        try:
            if engine_info(entry.engine).needs_checkpoint:
                unload(self._size(entry))
            return self._made(entry, unload)
        except ModelUnavailable:
            raise
        except ModuleNotFoundError as error:
            raise _unavailable(f"{entry.name} needs {error.name}, which is not installed here") from None
        except Exception as error:
            if is_context_lost(error):
                spent = WorkerSpent("the GPU failed while a model was loaded; tell the operator if it fails again")
                raise ReadStopped(spent) from error
            if is_out_of_memory(error):
                raise _unavailable(f"{entry.name} does not fit into the memory here; it needs a larger GPU") from error
            reported = unexpected(log, error, f"loading {entry.name}")
            raise _unavailable(f"{entry.name} could not be loaded: {reported.detail}") from error

    def _size(self, entry: ModelEntry) -> int:
        """Estimated bytes of a checkpoint in memory."""
        allowed = self._settings.fetch_models
        fetch = allowed is None or entry.name in map(normalised, allowed)
        size = hub.weights_bytes(hub.checkpoint(entry.name, fetch=fetch))
        budget = self._settings.model_memory_mb
        if budget and size > budget * MEGABYTE:
            raise _unavailable(f"{entry.name} takes {size // MEGABYTE} MB; raise OCRQ_MODEL_MEMORY_MB from {budget}")
        return size

    def _made(self, entry: ModelEntry, unload: Unload) -> Engine:
        module: EngineModule = importlib.import_module(f"{_package(entry.engine)}.engine")
        try:
            return module.load(entry.name, self._settings)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            log.warning("out of memory for %s beside the other models: %s", entry.name, error)
        unload(None)
        return module.load(entry.name, self._settings)


def engine_info(engine: str) -> EngineInfo:
    """What an engine declares before any of its models is loaded; imports nothing heavy."""
    info: EngineInfo = importlib.import_module(_package(engine)).INFO
    return info


def _package(engine: str) -> str:
    return f"worker.engines.{PACKAGES.get(engine, engine)}"


def _unavailable(detail: str) -> ModelUnavailable:
    return ModelUnavailable(detail, field="model_name")
