"""Messages between a reading process and its decoder: length-prefixed JSON, and raw bytes."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

_LENGTH = struct.Struct(">I")
MAX_MESSAGE = 64 * 1024  # bytes of JSON; the longest is an error's sentence
MIN_TIMEOUT_SECONDS = 0.001  # data that has arrived is taken even when the time is over


class ChannelError(Exception):
    """The other side is gone, or its message is invalid."""


class Channel:
    """One end of a stream socket.

    Args:
        end: The socket; owned from here on.
        seconds: Limit of each message and each body, TimeoutError beyond it; None waits without limit.
    """

    def __init__(self, end: socket.socket, seconds: float | None = None) -> None:
        self._end = end
        self.seconds = seconds

    def send(self, message: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Send a message, and bytes after it.

        Raises:
            ChannelError: The other side is gone.
            TimeoutError: The other side does not receive them.
        """
        text = json.dumps(message).encode()
        self._end.settimeout(self.seconds)
        try:
            self._end.sendall(_LENGTH.pack(len(text)) + text)
            self._end.sendall(body)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelError(str(error)) from None

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            ChannelError: The other side is gone, or the message is invalid.
            TimeoutError: Nothing arrives.
        """
        (length,) = _LENGTH.unpack(self.receive_bytes(_LENGTH.size))
        if length > MAX_MESSAGE:
            raise ChannelError(f"a message of {length} bytes")
        try:
            message = json.loads(self.receive_bytes(length))
        except ValueError:
            raise ChannelError("not JSON") from None
        if not isinstance(message, dict):
            raise ChannelError("not a JSON object")
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
                self._end.settimeout(max(began + self.seconds - time.monotonic(), MIN_TIMEOUT_SECONDS))
            try:
                taken = self._end.recv_into(buffer[at:])
            except TimeoutError:
                raise
            except OSError as error:
                raise ChannelError(str(error)) from None
            if not taken:
                raise ChannelError("the other side is gone")
            at += taken

    def close(self) -> None:
        """Close the socket: the other side's next receive fails."""
        self._end.close()
