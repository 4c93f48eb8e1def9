"""The operator's list of models: which names may be asked for, and which engine and pool each belongs to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ocrq.errors import ModelNotAllowed
from tasks.settings import Settings

Pool = Literal["cpu", "gpu"]
POOLS: tuple[Pool, ...] = ("cpu", "gpu")

_BUILT_IN: dict[str, tuple[str, Pool]] = {"rapidocr": ("rapidocr", "cpu"), "fake": ("fake", "cpu")}
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
    """The engine and pool a name belongs to, by the kind of name it is."""
    if name in _BUILT_IN:
        engine, pool = _BUILT_IN[name]
        return ModelEntry(name, engine, pool)
    return ModelEntry(name, "trocr" if "trocr" in name.lower() else "vlm", "gpu")


@dataclass(frozen=True)
class Catalogue:
    """The models a deployment serves.

    Attributes:
        default: What a request without ``model_name`` gets.
        names: All that may be asked for, in the operator's order, the default among them.
        fallback: Reads where a listed model cannot be served; None where the operator named none.
    """

    default: str
    names: tuple[str, ...]
    fallback: str | None

    @classmethod
    def from_settings(cls, settings: Settings) -> Catalogue:
        """The catalogue the operator's settings describe."""
        names = settings.models or (settings.model,)
        if settings.model not in names:
            names = (settings.model, *names)
        return cls(settings.model, names, settings.fallback_model)

    def resolve(self, name: str | None) -> ModelEntry:
        """The entry of the model asked for.

        Args:
            name: A listed name; None for the default.

        Raises:
            ModelNotAllowed: The name is not on the list; the error lists those that are.
        """
        if name is None:
            return entry_for(self.default)
        if name not in self.names:
            listed = ", ".join(self.names[:_LISTED])
            raise ModelNotAllowed(
                f"model {name[:80]!r} is not served here; use one of: {listed}",
                field="model_name",
                extra={"models": list(self.names)},
            )
        return entry_for(name)

    def fallback_entry(self) -> ModelEntry | None:
        """The entry that reads where another cannot be served."""
        return entry_for(self.fallback) if self.fallback else None

    def serving(self, entry: ModelEntry, live: Collection[Pool]) -> ModelEntry:
        """The entry that reads when ``entry`` is asked for: itself, or the fallback where only that one's pool lives.

        Args:
            entry: The model asked for.
            live: Pools that have a living worker.
        """
        fallback = self.fallback_entry()
        return fallback if fallback and entry.pool not in live and fallback.pool in live else entry
