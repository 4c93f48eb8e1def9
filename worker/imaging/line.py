"""What a reading process and its decoder say to each other: JSON with its length before it, and raw bytes."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

_LENGTH = struct.Struct(">I")
MAX_MESSAGE = 64 * 1024  # bytes of JSON; the longest is an error's sentence
LAST_LOOK_SECONDS = 0.001  # what is there already is taken even when the time is over


class LineBroken(Exception):
    """The other side is gone, or says what it cannot mean."""


class Line:
    """One end of a stream socket.

    Args:
        end: The socket; owned from here on.
        seconds: What each message and each body may take, TimeoutError beyond it; None waits for ever.
    """

    def __init__(self, end: socket.socket, seconds: float | None = None) -> None:
        self._end = end
        self.seconds = seconds

    def send(self, message: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Send a message, and bytes after it.

        Raises:
            LineBroken: The other side is gone.
            TimeoutError: It does not take them.
        """
        text = json.dumps(message).encode()
        self._end.settimeout(self.seconds)
        try:
            self._end.sendall(_LENGTH.pack(len(text)) + text)
            self._end.sendall(body)
        except TimeoutError:
            raise
        except OSError as error:
            raise LineBroken(str(error)) from None

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            LineBroken: The other side is gone, or this is no message.
            TimeoutError: It says nothing.
        """
        (length,) = _LENGTH.unpack(self.receive_bytes(_LENGTH.size))
        if length > MAX_MESSAGE:
            raise LineBroken(f"a message of {length} bytes")
        try:
            message = json.loads(self.receive_bytes(length))
        except ValueError:
            raise LineBroken("no JSON") from None
        if not isinstance(message, dict):
            raise LineBroken("no JSON object")
        return message

    def receive_bytes(self, length: int) -> bytearray:
        """The next ``length`` bytes; raises as :meth:`receive` does."""
        buffer = bytearray(length)
        self.fill(memoryview(buffer))
        return buffer

    def fill(self, buffer: memoryview) -> None:
        """Receive into a buffer of bytes until it is full; raises as :meth:`receive` does."""
        began, at = time.monotonic(), 0
        while at < len(buffer):
            if self.seconds is not None:
                self._end.settimeout(max(began + self.seconds - time.monotonic(), LAST_LOOK_SECONDS))
            try:
                taken = self._end.recv_into(buffer[at:])
            except TimeoutError:
                raise
            except OSError as error:
                raise LineBroken(str(error)) from None
            if not taken:
                raise LineBroken("the other side is gone")
            at += taken

    def close(self) -> None:
        """Hang up: the other side's next receive ends."""
        self._end.close()
