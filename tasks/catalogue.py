"""The operator's list of models: which names may be requested, and which engine and pool each belongs to."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ocrq.errors import ModelNotAllowed
from tasks.settings import Settings

Pool = Literal["cpu", "gpu"]
POOLS: tuple[Pool, ...] = ("cpu", "gpu")
Reads = Literal["cpu", "gpu", "all"]
"""What a worker reads: one pool's jobs, or everybody's (the embedded stack, where there is one worker)."""

_BUILT_IN: dict[str, tuple[str, Pool]] = {
    "rapidocr": ("rapidocr", "cpu"),
    "rapidocr-tiny": ("rapidocr", "cpu"),
    "fake": ("fake", "cpu"),
}
_HUB_FAMILIES = {"trocr": "trocr"}  # part of a hub name to the engine: without the files, only the name is known
_CONFIG = "config.json"
LINE_MODEL = "vision-encoder-decoder"  # what TrOCR's checkpoints say they are
_LISTED = 20  # names an error lists before it points to /models


@dataclass(frozen=True)
class ModelEntry:
    """A model of the list.

    Attributes:
        name: As callers ask for it.
        engine: The file in ``worker/engines`` that serves it.
        pool: Whose queues its jobs go to.
    """

    name: str
    engine: str
    pool: Pool


def entry_for(name: str) -> ModelEntry:
    """The engine and pool a name belongs to: by what a local directory holds, or else by the kind of name it is."""
    if name in _BUILT_IN:
        engine, pool = _BUILT_IN[name]
        return ModelEntry(name, engine, pool)
    if is_local(name):
        return ModelEntry(name, "trocr" if model_type(name) == LINE_MODEL else "vlm", "gpu")
    engine = next((engine for part, engine in _HUB_FAMILIES.items() if part in name.lower()), "vlm")
    return ModelEntry(name, engine, "gpu")


def is_local(name: str) -> bool:
    """Whether a model is named by a directory that holds a checkpoint."""
    return (Path(name) / _CONFIG).is_file()


def model_type(directory: str) -> str:
    """What the checkpoint of a directory says it is; empty where it does not say."""
    try:
        config = json.loads((Path(directory) / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(config.get("model_type", "")) if isinstance(config, dict) else ""


def normalised(name: str) -> str:
    """A name as it is compared: of a path, ``./a//b/`` is ``a/b``; other names stay as they are."""
    return os.path.normpath(name) if name else name


@dataclass(frozen=True)
class Catalogue:
    """The models a deployment serves.

    Attributes:
        default: What a request without ``model_name`` gets.
        names: All that may be requested, in the operator's order, the default among them.
        fallback: Reads where a listed model cannot be served; None where the operator named none.
        remote: Those of ``names`` that an OpenAI-compatible server reads.
        remote_pool: Whose workers ask that server.
    """

    default: str
    names: tuple[str, ...]
    fallback: str | None
    remote: frozenset[str] = frozenset()
    remote_pool: Pool = "cpu"

    @classmethod
    def from_settings(cls, settings: Settings) -> Catalogue:
        """The catalogue the operator's settings describe."""
        default = normalised(settings.model)
        listed = settings.models or (default, *settings.openai_models)
        names = tuple(dict.fromkeys(map(normalised, listed)))
        if default not in names:
            names = (default, *names)
        fallback = normalised(settings.fallback_model) if settings.fallback_model else None
        return cls(default, names, fallback, _remote(settings, names), settings.openai_pool)

    def entry(self, name: str) -> ModelEntry:
        """The engine and pool of a model, by the operator's settings or the kind of name it is."""
        return ModelEntry(name, "openai", self.remote_pool) if name in self.remote else entry_for(name)

    def resolve(self, name: str | None) -> ModelEntry:
        """The entry of the requested model.

        Args:
            name: A listed name; None for the default.

        Raises:
            ModelNotAllowed: The name is not on the list; the error lists those that are.
        """
        if name is None:
            return self.entry(self.default)
        if normalised(name) not in self.names:
            listed = ", ".join(self.names[:_LISTED])
            raise ModelNotAllowed(
                f"model {name[:80]!r} is not served here; use one of: {listed}",
                field="model_name",
                extra={"models": list(self.names)},
            )
        return self.entry(normalised(name))

    def fallback_entry(self) -> ModelEntry | None:
        """The entry that reads where another cannot be served."""
        return self.entry(self.fallback) if self.fallback else None

    def serving(self, entry: ModelEntry, live: Collection[Pool]) -> ModelEntry:
        """The entry that reads for ``entry``: itself, or the fallback where only that one's pool lives.

        Args:
            entry: The requested model.
            live: Pools that have a living worker.
        """
        fallback = self.fallback_entry()
        return fallback if fallback and entry.pool not in live and fallback.pool in live else entry


def _remote(settings: Settings, names: tuple[str, ...]) -> frozenset[str]:
    """Names that the OpenAI-compatible server reads: those listed, or else all that read whole pages."""
    if settings.openai_url is None:
        return frozenset()
    if settings.openai_models:
        return frozenset(map(normalised, settings.openai_models)) & frozenset(names)
    return frozenset(name for name in names if entry_for(name).engine == "vlm")
