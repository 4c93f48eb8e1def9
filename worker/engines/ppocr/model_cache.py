"""Compiled models kept on disk for the next process.

OpenVINO's own cache (``CACHE_DIR``) hashes the model, so that its weights have to be put in 8 bits first, and takes as
long as compiling: a load from here takes a fifth of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from worker.cache_files import kept
from worker.engines.ppocr.models import WEIGHTS, models_folder
from worker.engines.ppocr.network import CPU_CONFIG, Network, compiled, core, imported

SAMPLE = 1 << 16
"""Bytes at a file's start and end that stand for it: all of a source file, and of an ``npz`` its arrays' checksums."""


def load(name: str, build: Callable[[], Any], directory: Path | None, keeps_shapes: bool = True) -> Network:
    """The network of a model, from the cache where a process on such a machine has compiled it before.

    Args:
        name: Of the file; one for each model.
        build: Makes the ``openvino.Model``.
        directory: Of the cache; None compiles each time.
        keeps_shapes: See :func:`~worker.engines.ppocr.network.configuration`.
    """
    if directory is None:
        return compiled(build(), keeps_shapes)
    return kept(
        directory / f"{name}-{fingerprint()}.blob",
        lambda file: imported(file.read_bytes(), keeps_shapes),
        lambda: compiled(build(), keeps_shapes),
        Network.exported,
    )


@cache
def fingerprint() -> str:
    """Names what a compiled model depends on: OpenVINO, the processor, the settings, the weights and this package."""
    import openvino

    digest = hashlib.blake2b(digest_size=16)
    for fact in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"):
        digest.update(repr(core().get_property("CPU", fact)).encode())
    digest.update(repr((openvino.__version__, CPU_CONFIG)).encode())
    for path in sorted([*Path(__file__).parent.glob("*.py"), *WEIGHTS.iterdir(), *models_folder().glob("*.onnx")]):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE))
            file.seek(max(0, path.stat().st_size - SAMPLE))
            digest.update(file.read())
    return digest.hexdigest()
