"""Bounds what a process keeps for its networks between pages: buffers for the largest shapes they have seen."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress

from tasks.monitoring.health import resident_bytes
from worker.engines.ppocr.network import Network

GROWTH = 260 << 20
"""Bytes by which a process may grow beyond what it held after loading; an A4 page at full size takes as much."""

KEPT_GROWTH = 360 << 20
"""Bytes of growth, with the buffers released, from which the networks are loaded again. Two recognisers that have met
all widths of lines stay below it; to compile these again costs a second."""

LARGE_BLOCK, KEPT_FREE = 4 << 20, 16 << 20
"""Bytes from which a block of memory is the system's again once it is freed, and that are kept at the heap's end for
the next page. glibc raises the first up to 32 MB by itself, and buffers of pages of different sizes then leave gaps
that no other fits; with less of either, a page takes twice as many page faults, a twentieth of its time."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h

ROOM = 120 << 20
"""Bytes that are left to grow where something else fills the process, so that it is not emptied on every page."""


class MemoryLimit:
    """Releases the networks' buffers where the process has grown too much.

    The next page allocates them again, which costs as much as a third of its detection: so it is done seldom. Where
    that is not enough, the networks are loaded again when they are called, which takes a fifth of a second each.

    Args:
        networks: Of one engine, just loaded.
        resident: Bytes of memory that this process holds.
    """

    def __init__(self, networks: Sequence[Network], resident: Callable[[], int] = resident_bytes) -> None:
        self._networks, self._resident = networks, resident
        trim()
        loaded = resident()
        self._limit = self._first_limit = loaded + GROWTH
        self._most_kept = loaded + KEPT_GROWTH

    def enforce(self) -> None:
        """Release the buffers if the process holds more than it may."""
        if self._resident() <= self._limit:
            return
        for network in self._networks:
            network.release_memory()
        trim()
        if self._resident() > self._most_kept:  # what is compiled for each width of a line, once for each network
            for network in self._networks:
                network.drop()
            trim()
        self._limit = max(self._first_limit, self._resident() + ROOM)


def return_large_blocks() -> None:
    """Let the C library give large blocks back when they are freed, where it has a setting for that."""
    with suppress(AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE_BLOCK)
        library.mallopt(_TRIM_THRESHOLD, KEPT_FREE)  # which setting the other leaves at 128 KiB


def trim() -> None:
    """Give freed memory back to the system, where the C library can: glibc keeps it, in pieces of all sizes."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
