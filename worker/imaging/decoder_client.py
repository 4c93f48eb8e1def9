"""One decoder process and what is asked of it.

It has read a stranger's bytes, and its answers are checked as a stranger's.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ocrq.errors import InternalError, from_json
from worker.imaging.line import Line, LineBroken
from worker.imaging.text_layer import TextLayer
from worker.page import Pixels

START_SECONDS = 60.0  # a busy machine imports slowly
STOP_SECONDS = 5.0  # how long a killed process may take to be gone
MOST_LAYER_BYTES = 64 * 2**20  # of JSON: five times that of the most characters that are read of a page
MOST_WARNINGS, MOST_WARNING_CHARACTERS = 4, 300  # of one page
MOST_PAGES = 2**20  # PDFium counts no further
ROOT = Path(__file__).parents[2]
KEPT_BYTES = 64 * 2**20
"""Freed memory that the process keeps: the buffers of an A4 page at 200 dpi. Given back and taken anew for every
page, it costs as much as decoding a JPEG (glibc; others don't know the names)."""


class DecoderClient:
    """Starts the process, and speaks to it.

    Every call raises LineBroken where the process dies or answers what it cannot mean, TimeoutError where it takes
    longer than it may; after either it is of no further use than to :meth:`end` it.

    Args:
        seconds: What a call may take.
        memory_bytes: Address space of the process.

    Raises:
        InternalError: It does not start.
    """

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._line = Line(ours, START_SECONDS)
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    _command(seconds, memory_bytes),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                )
            except OSError as error:
                self._line.close()
                raise InternalError(f"no decoder could be started: {error.strerror}") from None
        try:
            self._line.receive()
        except (LineBroken, TimeoutError):
            raise InternalError(
                f"the decoder did not start (exit status {self.end()}); its own words are in the worker's log"
            ) from None
        self._line.seconds = seconds

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def open(self, handle: int, data: bytes, limits: dict[str, int]) -> tuple[str, int]:
        """Open a document under a number of ours.

        Returns:
            Its format, and its pages.

        Raises:
            OcrqError: As :func:`worker.imaging.decode.open_document`.
        """
        reply = self._ask({"call": "open", "handle": handle, "limits": limits, "bytes": len(data)}, data)
        kind, count = reply.get("kind"), reply.get("page_count")
        if not isinstance(kind, str) or not isinstance(count, int) or not 1 <= count <= MOST_PAGES:
            raise LineBroken("no document")
        return kind, count

    def page(self, handle: int, number: int, max_pixels: int) -> tuple[Pixels, float | None, tuple[str, ...]]:
        """Decode a page of an open document.

        Args:
            handle: The document.
            number: From 1.
            max_pixels: More are taken for a lie.

        Returns:
            height x width x 3, BGR, 8 bit; the dots per inch it was rendered at; and what was lost in decoding.

        Raises:
            OcrqError: As :meth:`worker.imaging.decode.Document.read_page`.
        """
        reply = self._ask({"call": "page", "handle": handle, "number": number})
        height, width = _size(reply.get("shape"), max_pixels)
        dpi = reply.get("dpi")
        if dpi is not None and not (isinstance(dpi, float) and isfinite(dpi) and dpi > 0):
            raise LineBroken("no resolution")
        warnings = reply.get("warnings")
        if not isinstance(warnings, list) or len(warnings) > MOST_WARNINGS or not all(map(_is_sentence, warnings)):
            raise LineBroken("no warnings")
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        self._line.fill(pixels.data.cast("B"))
        return pixels, dpi, tuple(warnings)

    def layer(self, handle: int, number: int) -> TextLayer | None:
        """The text that a page of an open document carries.

        Raises:
            OcrqError: As :meth:`worker.imaging.decode.Document.read_layer`.
        """
        reply = self._ask({"call": "layer", "handle": handle, "number": number})
        length = reply.get("bytes")
        if not isinstance(length, int) or not 0 <= length <= MOST_LAYER_BYTES:
            raise LineBroken("no text layer")
        if not length:
            return None
        body = self._line.receive_bytes(length)
        try:
            return TextLayer.from_json(json.loads(body))
        except (KeyError, TypeError, ValueError):
            raise LineBroken("no text layer") from None

    def close(self, handle: int) -> None:
        """Close a document."""
        self._ask({"call": "close", "handle": handle})

    def end(self, patience: float = 0.0) -> int | None:
        """Hang up, and kill the process if it still runs.

        Args:
            patience: Seconds in which it may end by itself.

        Returns:
            What it ended with, negative for a signal; None where the system does not let it go yet.
        """
        self._line.close()
        with suppress(subprocess.TimeoutExpired):
            return int(self._process.wait(patience))
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            return int(self._process.wait(STOP_SECONDS))
        return None

    def _ask(self, call: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        self._line.send(call, body)
        reply = self._line.receive()
        if error := reply.get("error"):
            if not isinstance(error, dict):
                raise LineBroken("no error")
            raise from_json(error)
        return reply


def _is_sentence(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_WARNING_CHARACTERS


def _size(shape: object, max_pixels: int) -> tuple[int, int]:
    match shape:
        case [int(height), int(width), 3] if height > 0 and width > 0 and height * width <= max_pixels:
            return height, width
    raise LineBroken("no page")


def _command(seconds: float, memory_bytes: int) -> list[str]:
    # The death of the thread that starts a process is what the system tells it, so only the main one's counts.
    parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0
    module = "worker.imaging.decoder_process"
    return [sys.executable, "-P", "-m", module, str(memory_bytes), str(seconds), str(parent)]


def _environment() -> dict[str, str]:
    """Where the code is, how to use memory, and nothing that is secret."""
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(entry for entry in sys.path if entry)]),
        "OPENBLAS_NUM_THREADS": "1",  # it would reserve memory for each core of the machine
        "MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES),
        "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES // 2),
    }
