"""Whether this worker is fit to take jobs, tried before it takes one: it reads a page."""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from typing import Any

from tasks.ocr import extract_text

SIDE = 64  # pixels of the page that is read


def check_reading() -> None:
    """Read a white page the way jobs are read: the model answers, the decoder starts, the GPU computes.

    Raises:
        OcrqError: It does not; the platform replaces the worker.
    """
    extract_text({"image": base64.b64encode(blank_page()).decode(), "cache": False})


def check_gpu() -> None:
    """See that a worker for GPUs has one.

    Raises:
        RuntimeError: torch sees none.
    """
    torch: Any = sys.modules.get("torch")
    if torch is not None and not torch.cuda.is_available():
        raise RuntimeError("torch sees no GPU; choose a GPU for this endpoint, and a driver for CUDA 13 or newer")


def blank_page() -> bytes:
    """A white page as a PNG."""
    rows = (b"\0" + b"\xff" * SIDE) * SIDE
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
