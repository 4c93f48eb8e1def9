"""Worn copies of a manifest's documents, made once by the degrader that lies beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEGRADER = "degrade.py"
CLEAN = "clean"
MODES = ("one", "compound")


def degraded(manifest: Path, mode: str, out: Path) -> Path:
    """The manifest of the degraded copies.

    Args:
        manifest: Of the documents as they are.
        mode: One of :data:`MODES`, or :data:`CLEAN` for the manifest itself.
        out: Folder for the copies; what is there already is used again.

    Raises:
        FileNotFoundError: No degrader lies beside the manifest.
        subprocess.CalledProcessError: It failed.
    """
    if mode == CLEAN:
        return manifest
    copies = out / mode / manifest.name
    if not copies.exists() or len(_lines(copies)) != len(_lines(manifest)):
        degrader = manifest.parent / DEGRADER
        if not degrader.is_file():
            raise FileNotFoundError(f"{degrader} is missing; degraded copies are made by the degrader of the data")
        subprocess.run([sys.executable, str(degrader), str(manifest), str(copies.parent), "--mode", mode], check=True)
    return copies


def _lines(manifest: Path) -> list[str]:
    return [line for line in manifest.read_text(encoding="utf-8").splitlines() if line.strip()]
