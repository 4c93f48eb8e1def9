"""The GPU of a reading process, chosen without importing torch, and its memory."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, cast

from billiard.process import current_process

_DEVICES = Path("/dev")
_DEVICE = re.compile(r"nvidia\d+")  # one per GPU; beside nvidiactl, nvidia-uvm and others


def visible_gpus(visible: str | None, devices: Path = _DEVICES) -> tuple[str, ...]:
    """The GPUs of this machine, as ``CUDA_VISIBLE_DEVICES`` names them.

    Args:
        visible: The value of ``CUDA_VISIBLE_DEVICES``; None where it is not set, and all GPUs may be used.
        devices: Where the driver's devices are.

    Returns:
        Numbers or UUIDs in CUDA's order; as in CUDA, the list ends before the first invalid one.
    """
    if visible is None:
        count = sum(1 for path in devices.glob("nvidia*") if _DEVICE.fullmatch(path.name))
        return tuple(map(str, range(count)))
    gpus: list[str] = []
    for name in (part.strip() for part in visible.split(",")):
        if not name or name.startswith("-") or name.lower() in {"none", "void"}:
            break
        gpus.append(name)
    return tuple(gpus)


def child_index() -> int:
    """This process's index among its worker's children, from 0; a replacement gets the index of its predecessor."""
    return int(getattr(current_process(), "index", 0))


def gpu_of(child: int, gpus: tuple[str, ...]) -> str | None:
    """The GPU that a child takes: with more children than GPUs, GPUs are shared in turn; None where there is none."""
    return gpus[child % len(gpus)] if gpus else None


def has_gpu(device: str | None) -> bool:
    """Whether this process reads on a GPU; before CUDA is initialised, whether it has taken one."""
    cuda = _cuda()
    return bool(cuda.is_available()) if cuda else device is not None


def gpu_memory() -> dict[str, int]:
    """``gpu_used`` and ``gpu_total`` of this process's GPU, in bytes, by all processes; empty before it is used."""
    cuda = _cuda()
    if not cuda or not cuda.is_initialized():
        return {}
    free, total = cuda.mem_get_info()
    return {"gpu_used": int(total - free), "gpu_total": int(total)}


def empty_gpu_cache() -> None:
    """Return the memory that torch caches to the GPU."""
    cuda = _cuda()
    if cuda and cuda.is_initialized():
        cuda.empty_cache()


def _cuda() -> Any:
    """``torch.cuda``, where an engine has imported torch; nothing is imported here."""
    cuda = getattr(cast(Any, sys.modules.get("torch")), "cuda", None)
    return cuda if hasattr(cuda, "mem_get_info") else None  # else it is being imported right now
