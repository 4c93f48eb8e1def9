"""Whether the kernel confines processes by Landlock (docs.kernel.org/userspace-api/landlock.html)."""

from __future__ import annotations

import ctypes

CREATE_RULESET = 444  # the same on every architecture
_ASK_VERSION = 1


def landlock_version() -> int:
    """The version that the kernel offers; 0 where it has none, or it is turned off."""
    answer = ctypes.CDLL(None).syscall(
        ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)
    )
    return max(0, int(answer))
