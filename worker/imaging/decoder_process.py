"""The process that decodes untrusted documents: ``python -m worker.imaging.decoder_process MEMORY SECONDS PARENT``.

Started by :class:`worker.imaging.decoder.Decoder`, which calls it over a socket on its standard input. A
fault in a decoder's native code, such as an invalid access or unbounded memory, ends only this process. It exits when
the socket closes, when its parent dies, or when a call takes longer than allowed.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import worker.imaging.image_file  # noqa: F401  at start-up, not during the first call
from ocrq.errors import OcrqError
from worker.imaging.channel import Channel, ChannelError
from worker.imaging.decode import Document, open_document
from worker.imaging.limits import Limits
from worker.imaging.sandbox import confine_to, readable_directories
from worker.imaging.text_layer import TextLayer

MAX_FILES = 64  # PDFium opens fonts, one after the other
GRACE_SECONDS = 1.0  # after its time limit a call is ended here, where the parent is gone
OOM_SCORE = 500  # of 1000: short of memory, the system ends this process before one that has models in memory
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_IGNORED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGQUIT,
    signal.SIGHUP,
)  # a worker that shuts down still needs its pages


def main() -> None:
    """Serve until the other side closes the socket."""
    memory, seconds, parent = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    if parent:
        leave_with(parent)
    confine(memory)
    confine_to(readable_directories())  # where the kernel can; `ocrq doctor` tells where it cannot
    with suppress(ChannelError):
        Service(Channel(socket.socket(fileno=0)), seconds).serve()


def leave_with(parent: int) -> None:
    """Ask for SIGKILL when the parent's thread that started this process ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it died before the call
        raise SystemExit(1)


def confine(memory: int) -> None:
    """Limit this process's resources, and ignore signals for its group.

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
        seconds: Limit of a call.
    """

    def __init__(self, channel: Channel, seconds: float) -> None:
        self._channel = channel
        self._seconds = seconds
        self._documents: dict[int, tuple[Document, ExitStack]] = {}

    def serve(self) -> None:
        """Report that it is ready, then answer calls.

        Raises:
            ChannelError: The other side is gone.
        """
        self._channel.send({"ready": True})
        while True:
            call = self._channel.receive()
            body = bytes(self._channel.receive_bytes(call.get("bytes", 0)))
            pixels = memoryview(b"")
            try:
                with at_most(self._seconds + GRACE_SECONDS):
                    reply, pixels = self._answer(call, body)
            except OcrqError as error:
                reply = {"error": error.to_json()}
            self._channel.send(reply, pixels)

    def _answer(self, call: dict[str, Any], body: bytes) -> tuple[dict[str, Any], memoryview]:
        handle = call["handle"]
        match call["call"]:
            case "open":
                return self._open(handle, body, Limits(**call["limits"])), memoryview(b"")
            case "page":
                page = self._documents[handle][0].read_page(call["number"], call["shrink"])
                about = {"shape": page.pixels.shape, "dpi": page.dpi, "warnings": page.warnings, "size": page.size}
                return about, page.pixels.data.cast("B")
            case "layer":
                return _packed(self._documents[handle][0].read_layer(call["number"]))
            case "close":
                self._documents.pop(handle)[1].close()
                return {}, memoryview(b"")
        raise ChannelError("no such call")

    def _open(self, handle: int, data: bytes, limits: Limits) -> dict[str, Any]:
        stack = ExitStack()
        document = stack.enter_context(open_document(data, limits))
        self._documents[handle] = document, stack
        return {"kind": document.kind, "page_count": document.page_count}


def _packed(layer: TextLayer | None) -> tuple[dict[str, Any], memoryview]:
    """A layer as the body of a reply; none where it is past what the other side takes."""
    body = layer.to_bytes() if layer else b""
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
