"""The client of one decoder process.

The process has parsed untrusted bytes, so its answers are validated as untrusted.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ocrq.errors import InternalError, from_json
from worker.imaging.channel import Channel, ChannelError
from worker.imaging.text_layer import TextLayer
from worker.page import PageImage

START_SECONDS = 60.0  # a busy machine imports slowly
STOP_SECONDS = 5.0  # for a killed process to end
MOST_LAYER_BYTES = 64 * 2**20  # ten times that of the most characters that are read of a page
MOST_WARNINGS, MOST_WARNING_CHARACTERS = 4, 300  # of one page
MOST_PAGES = 2**20  # PDFium counts no further
ROOT = Path(__file__).parents[2]
KEPT_BYTES = 64 * 2**20
"""Freed memory that the process keeps: the buffers of an A4 page at 200 dpi. To return and allocate it for every page
costs as much as decoding a JPEG (glibc only)."""


class DecoderClient:
    """Starts the process and calls it.

    Every call raises ChannelError where the process dies or its answer is invalid, TimeoutError where it takes longer
    than allowed; after either only :meth:`end` may be called.

    Args:
        seconds: Limit of a call.
        memory_bytes: Address space of the process.

    Raises:
        InternalError: It does not start.
    """

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._channel = Channel(ours, START_SECONDS)
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    _command(seconds, memory_bytes),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                )
            except OSError as error:
                self._channel.close()
                raise InternalError(f"no decoder could be started: {error.strerror}") from None
        try:
            self._channel.receive()
        except (ChannelError, TimeoutError):
            raise InternalError(
                f"the decoder did not start (exit status {self.end()}); its output is in the worker's log"
            ) from None
        self._channel.seconds = seconds

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def open(self, handle: int, data: bytes, limits: dict[str, int]) -> tuple[str, int]:
        """Open a document under a handle.

        Returns:
            Its format and number of pages.

        Raises:
            OcrqError: As :func:`worker.imaging.decode.open_document`.
        """
        reply = self._ask({"call": "open", "handle": handle, "limits": limits, "bytes": len(data)}, data)
        kind, count = reply.get("kind"), reply.get("page_count")
        if not isinstance(kind, str) or not isinstance(count, int) or not 1 <= count <= MOST_PAGES:
            raise ChannelError("invalid document")
        return kind, count

    def page(self, handle: int, number: int, shrink: int, max_pixels: int) -> PageImage:
        """Decode a page of an open document.

        Args:
            handle: The document.
            number: From 1.
            shrink: As for any document.
            max_pixels: More are an invalid answer.

        Raises:
            OcrqError: As :meth:`worker.imaging.decode.Document.read_page`.
        """
        reply = self._ask({"call": "page", "handle": handle, "number": number, "shrink": shrink})
        height, width = _size(reply.get("shape"), max_pixels)
        dpi = reply.get("dpi")
        if dpi is not None and not (isinstance(dpi, float) and isfinite(dpi) and dpi > 0):
            raise ChannelError("invalid resolution")
        warnings = reply.get("warnings")
        if not isinstance(warnings, list) or len(warnings) > MOST_WARNINGS or not all(map(_is_sentence, warnings)):
            raise ChannelError("invalid warnings")
        size = reply.get("size")
        if size is not None:
            whole_height, whole_width = _size([*reversed(size), 3] if isinstance(size, list) else size, max_pixels)
            size = (whole_width, whole_height)
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        self._channel.fill(pixels.data.cast("B"))
        return PageImage(number, pixels, dpi, warnings=tuple(warnings), size=size)

    def layer(self, handle: int, number: int) -> TextLayer | None:
        """The text that a page of an open document carries.

        Raises:
            OcrqError: As :meth:`worker.imaging.decode.Document.read_layer`.
        """
        reply = self._ask({"call": "layer", "handle": handle, "number": number})
        length = reply.get("bytes")
        if not isinstance(length, int) or not 0 <= length <= MOST_LAYER_BYTES:
            raise ChannelError("no text layer")
        if not length:
            return None
        body = self._channel.receive_bytes(length)
        try:
            return TextLayer.from_bytes(body)
        except (IndexError, KeyError, TypeError, ValueError, struct.error):
            raise ChannelError("no text layer") from None

    def close(self, handle: int) -> None:
        """Close a document."""
        self._ask({"call": "close", "handle": handle})

    def end(self, patience: float = 0.0) -> int | None:
        """Close the socket, and kill the process if it still runs.

        Args:
            patience: Seconds in which it may end itself.

        Returns:
            Its exit status, negative for a signal; None where it has not ended yet.
        """
        self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            return int(self._process.wait(patience))
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            return int(self._process.wait(STOP_SECONDS))
        return None

    def _ask(self, call: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        self._channel.send(call, body)
        reply = self._channel.receive()
        if error := reply.get("error"):
            if not isinstance(error, dict):
                raise ChannelError("invalid error")
            raise from_json(error)
        return reply


def _is_sentence(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_WARNING_CHARACTERS


def _size(shape: object, max_pixels: int) -> tuple[int, int]:
    match shape:
        case [int(height), int(width), 3] if height > 0 and width > 0 and height * width <= max_pixels:
            return height, width
    raise ChannelError("invalid page")


def _command(seconds: float, memory_bytes: int) -> list[str]:
    # PR_SET_PDEATHSIG follows the thread that starts the process, so it is set from the main thread only.
    parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0
    module = "worker.imaging.decoder_process"
    return [sys.executable, "-P", "-m", module, str(memory_bytes), str(seconds), str(parent)]


def _environment() -> dict[str, str]:
    """Paths and memory settings, without secrets."""
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(entry for entry in sys.path if entry)]),
        "OPENBLAS_NUM_THREADS": "1",  # it would reserve memory for each core of the machine
        "MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES),
        "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES // 2),
    }
