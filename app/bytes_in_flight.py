"""Bodies and results that are in memory at a time: so many bytes, whoever sends or asks for them."""

from __future__ import annotations

import ctypes
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ocrq.errors import TooManyWaiting

AT_A_TIME = 192 * 1024 * 1024  # bytes; with what the process takes by itself, it stays below 400 MB
# Measured: a body of base64 is there as JSON, as text and as bytes at a time, and a packed result becomes six times
# as much JSON, which takes eight times its length as objects.
PER_BODY_BYTE = 4
PER_RESULT_BYTE = 48
_M_MMAP_THRESHOLD = -3  # of glibc's mallopt
_OWN_MAPPING = 1024 * 1024  # bytes from which on a piece of memory is mapped by itself, and given back when freed
_LONGEST_SECONDS = 30.0  # a large body takes a second; whoever waits longer has many before it
_RETRY_SECONDS = 5


def return_freed_memory() -> None:
    """Have large pieces of memory mapped by themselves, so that they go back to the system when freed.

    glibc raises its threshold to the largest piece ever freed, 32 MB at most, and each of its arenas then keeps twice
    that: after sixteen uploads the process held 650 MB. Another C library has no such call, and is left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING)


class MemoryLimiter:
    """Lets as much into memory at a time as may be, first come, first served; what is larger than that comes alone.

    Args:
        most: Bytes.
    """

    def __init__(self, most: int = AT_A_TIME) -> None:
        self._most = most
        self._held = 0
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Wait until there is room, and take it.

        Raises:
            TooManyWaiting: There is none for too long.
        """
        size = min(size, self._most)
        with self._changed:
            place = object()
            self._line.append(place)
            try:
                self._wait(place, size)
            finally:
                self._line.remove(place)
                self._changed.notify_all()
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()

    def _wait(self, place: object, size: int) -> None:
        ends = time.monotonic() + _LONGEST_SECONDS
        while self._line[0] is not place or self._held + size > self._most:
            left = ends - time.monotonic()
            if left <= 0:
                raise TooManyWaiting(
                    "too many large documents and results are under way; try again shortly",
                    retry_after=_RETRY_SECONDS,
                )
            self._changed.wait(left)
