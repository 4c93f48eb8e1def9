"""The memory budget: what loaded models take, and which are unloaded when it is full, least recently used first."""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from worker.engines.protocols import Engine
from worker.models.devices import empty_gpu_cache


@dataclass
class LoadedModel:
    """A model in memory.

    Attributes:
        engine: Reads with it.
        used_at: ``time.monotonic()`` of its last use.
        users: Reads that use it right now.
        engine_lock: Held during each call of the engine; None for a thread-safe one.
    """

    engine: Engine
    used_at: float
    users: int = 0
    engine_lock: threading.Lock | None = None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return self.engine.info.memory_bytes


def module_bytes(module: Any) -> int:
    """Bytes of a ``torch.nn.Module``'s parameters and buffers, shared ones counted once."""
    return sum(tensor.numel() * tensor.element_size() for tensor in chain(module.parameters(), module.buffers()))


def surplus(held: Mapping[str, LoadedModel], budget: int, wanted: int = 0) -> list[str]:
    """Names of the models to unload so that ``wanted`` more bytes fit in the budget; a model in use is never unloaded.

    Args:
        held: All loaded models.
        budget: Bytes that they may take together; 0 for no limit.
        wanted: Bytes to make room for.

    Returns:
        The least recently used first; fewer than needed where the others are in use.
    """
    if not budget:
        return []
    over = sum(model.bytes for model in held.values()) + wanted - budget
    leaving = []
    for name, model in sorted(held.items(), key=lambda item: item[1].used_at):
        if over <= 0:
            break
        if not model.users and model.bytes:
            leaving.append(name)
            over -= model.bytes
    return leaving


def free_memory() -> None:
    """Free the memory of unloaded models, on the GPU too."""
    gc.collect()
    empty_gpu_cache()
