"""The process that decodes what strangers send: ``python -m worker.imaging.decoder_process MEMORY SECONDS PARENT``.

Started by :class:`worker.imaging.decoder.Decoder`, which talks to it over a socket that is its standard input. What
goes wrong in a decoder's native code, wrong access or memory without end, ends this process and no other. It leaves
when the socket closes, when its parent dies, or when a call takes longer than it may.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import worker.imaging.picture  # noqa: F401  at the start, and not while the first document waits
from ocrq.errors import OcrqError
from worker.imaging.decode import Document, open_document
from worker.imaging.limits import Limits
from worker.imaging.line import Line, LineBroken
from worker.imaging.text_layer import TextLayer

MAX_FILES = 64  # PDFium opens fonts, one after the other
GRACE_SECONDS = 1.0  # past its time a call is ended from inside, where the parent is gone and cannot
OOM_SCORE = 500  # of 1000: short of memory, the system ends this process before one that has models in memory
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)  # a stopping worker still needs its pages


def main() -> None:
    """Serve until the other side hangs up."""
    memory, seconds, parent = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    if parent:
        leave_with(parent)
    confine(memory)
    with suppress(LineBroken):
        Service(Line(socket.socket(fileno=0)), seconds).serve()


def leave_with(parent: int) -> None:
    """Ask for SIGKILL when the parent's thread that started this process ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)


def confine(memory: int) -> None:
    """Bound what this process may take, and what reaches it.

    Args:
        memory: Bytes of address space.
    """
    for signum in _IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, MAX_FILES)):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


class Service:
    """Answers ``open``, ``page``, ``layer`` and ``close``.

    Args:
        line: To the reading process.
        seconds: What a call may take.
    """

    def __init__(self, line: Line, seconds: float) -> None:
        self._line = line
        self._seconds = seconds
        self._documents: dict[int, tuple[Document, ExitStack]] = {}

    def serve(self) -> None:
        """Say that it is ready, then answer call after call.

        Raises:
            LineBroken: The other side is gone.
        """
        self._line.send({"ready": True})
        while True:
            call = self._line.receive()
            body = bytes(self._line.receive_bytes(call.get("bytes", 0)))
            pixels = memoryview(b"")
            try:
                with at_most(self._seconds + GRACE_SECONDS):
                    reply, pixels = self._answer(call, body)
            except OcrqError as error:
                reply = {"error": error.to_json()}
            self._line.send(reply, pixels)

    def _answer(self, call: dict[str, Any], body: bytes) -> tuple[dict[str, Any], memoryview]:
        handle = call["handle"]
        match call["call"]:
            case "open":
                return self._open(handle, body, Limits(**call["limits"])), memoryview(b"")
            case "page":
                page = self._documents[handle][0].read_page(call["number"])
                return {"shape": page.pixels.shape, "dpi": page.dpi, "warnings": page.warnings}, page.pixels.data.cast(
                    "B"
                )
            case "layer":
                return _packed(self._documents[handle][0].read_layer(call["number"]))
            case "close":
                self._documents.pop(handle)[1].close()
                return {}, memoryview(b"")
        raise LineBroken("no such call")

    def _open(self, handle: int, data: bytes, limits: Limits) -> dict[str, Any]:
        stack = ExitStack()
        document = stack.enter_context(open_document(data, limits))
        self._documents[handle] = document, stack
        return {"kind": document.kind, "page_count": document.page_count}


def _packed(layer: TextLayer | None) -> tuple[dict[str, Any], memoryview]:
    """A layer as the body of a reply; none where it is past what the other side takes."""
    body = json.dumps(layer.to_json()).encode() if layer else b""
    return {"bytes": len(body)}, memoryview(body)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End this process if the block takes longer, whatever native code it is in."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
