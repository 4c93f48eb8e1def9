"""What models take of the memory, and which of them leave when the budget is full: those not used for longest."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from itertools import chain
from typing import Any

import psutil

from worker.engines.protocols import Engine
from worker.models.devices import empty_gpu_cache


@dataclass
class LoadedModel:
    """A model in memory.

    Attributes:
        engine: What reads with it.
        bytes: What it takes.
        used_at: ``time.monotonic()`` of its last use.
        users: Reads that use it right now.
        turn: Taken for each call of the engine; None for one that says it is ``concurrent``: threads may call it
            at the same time.
    """

    engine: Engine
    bytes: int
    used_at: float
    users: int = 0
    turn: threading.Lock | None = None


def resident() -> int:
    """Bytes of memory this process holds."""
    return int(psutil.Process().memory_info().rss)


def bytes_of(engine: object, grown: int) -> int:
    """What a loaded model takes, in bytes.

    Args:
        engine: Its ``memory_bytes`` is believed; else the parameters and buffers of the torch modules among its
            attributes count, wherever they are.
        grown: By how much the process grew while it was loaded: stands where the engine tells nothing.
    """
    told = getattr(engine, "memory_bytes", None)
    if told is not None:
        return int(told() if callable(told) else told)
    counted = sum(map(_module_bytes, _modules_of(engine)))
    return counted or max(0, grown)


def _modules_of(engine: object) -> Iterable[Any]:
    """Torch's modules among an engine's attributes, and among those of what it holds; each once."""
    held = list(getattr(engine, "__dict__", {}).values())
    values = [*held, *(value for one in held if is_dataclass(one) for value in vars(one).values())]
    return {id(value): value for value in values if _is_module(value)}.values()


def _is_module(value: object) -> bool:
    return callable(getattr(value, "parameters", None)) and callable(getattr(value, "buffers", None))


def _module_bytes(module: Any) -> int:
    return sum(int(tensor.numel() * tensor.element_size()) for tensor in chain(module.parameters(), module.buffers()))


def surplus(held: Mapping[str, LoadedModel], budget: int, wanted: int = 0) -> list[str]:
    """Names of the models that have to leave so that ``wanted`` more bytes fit; one that is in use never leaves.

    Args:
        held: All in memory.
        budget: Bytes they may take together; 0 for no limit.
        wanted: Bytes to make room for.

    Returns:
        The least recently used first; too few where the others are in use.
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


def give_back() -> None:
    """Free what models that left have taken, on the GPU too."""
    gc.collect()
    empty_gpu_cache()
