"""A request's body while it arrives: decoded where it is chunked, in memory while small, in a temporary file beyond."""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import IO

MEMORY_BYTES = 64 * 1024  # of a body that arrives; a thousand slow senders then hold 64 MB at most
_LONGEST_LINE = 1024
_LONGEST_TRAILERS = 8192
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(;[^\r\n]*)?")


class ChunkError(ValueError):
    """The chunked coding is broken; where the next request starts is unknown."""


class ChunkedDecoder:
    """Decodes the chunked transfer coding (RFC 9112, section 7.1) of pieces as they come; trailers are dropped."""

    def __init__(self) -> None:
        self._pending = b""  # the start of a line whose end has not come
        self._left = 0  # bytes of the current chunk
        self._expects = "size"  # the next line: a chunk's size, the empty one after a chunk, or a trailer
        self._trailers = 0
        self.done = False
        """Whether the last chunk has come."""

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Decode a piece.

        Returns:
            The body's bytes in it, and what follows the body.

        Raises:
            ChunkError: It is not the chunked coding.
        """
        pieces: list[bytes] = []
        data, self._pending = self._pending + data, b""
        while data and not self.done:
            if self._left:
                pieces.append(data[: self._left])
                data = data[self._left :]
                self._left -= len(pieces[-1])
                continue
            line, end, rest = data.partition(b"\r\n")
            if end:
                self._take_line(line)
                data = rest
            elif len(line) > _LONGEST_LINE:
                raise ChunkError("a line of the chunked body is too long")
            else:
                self._pending, data = data, b""
        return pieces, data

    def _take_line(self, line: bytes) -> None:
        if self._expects == "trailer":
            self._trailers += len(line)
            if self._trailers > _LONGEST_TRAILERS:
                raise ChunkError("the trailers are too long")
            self.done = not line
        elif self._expects == "end":
            if line:
                raise ChunkError("a chunk does not end where its size says")
            self._expects = "size"
        else:
            match = _CHUNK_HEAD.fullmatch(line)
            if match is None:
                raise ChunkError("the size of a chunk cannot be read")
            self._left = int(match[1], 16)
            self._expects = "end" if self._left else "trailer"


class ReceivedBody:
    """See the module.

    Args:
        length: From ``Content-Length``; None for a chunked body.
        limit: Bytes from which on the rest is not taken.
    """

    def __init__(self, length: int | None, limit: int) -> None:
        self._length = length
        self._limit = limit
        self._decoder = None if length is not None else ChunkedDecoder()
        self._file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  see close
        self.size = 0
        """Bytes that have come."""

    @property
    def complete(self) -> bool:
        """Whether all of it has come."""
        return self._decoder.done if self._decoder else self.size == self._length

    @property
    def too_long(self) -> bool:
        """Whether more has come than is taken."""
        return self.size > self._limit

    def feed(self, data: bytes) -> bytes:
        """Keep what has come; returns what follows the body.

        Raises:
            ChunkError: See :meth:`ChunkedDecoder.feed`.
            OSError: No room for it.
        """
        if self._decoder:
            pieces, rest = self._decoder.feed(data)
        else:
            missing = (self._length or 0) - self.size
            pieces, rest = [data[:missing]], data[missing:]
        for piece in pieces:
            self._file.write(piece)
            self.size += len(piece)
        return rest

    def opened(self) -> IO[bytes]:
        """The body, to be read from its start."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Give its room back."""
        self._file.close()
