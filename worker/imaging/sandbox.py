"""Landlock for the process that decodes: it reads program files and fonts, writes nothing, and reaches no network.

Linux 5.13 or newer; the more of the kernel's versions of it, the more is denied. The calls are made by number, since
neither the C library nor a maintained package has them (docs.kernel.org/userspace-api/landlock.html).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ocrq.landlock import CREATE_RULESET, landlock_version

_ADD_RULE, _RESTRICT_SELF = 445, 446  # the same on every architecture
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_READ = 1 << 2 | 1 << 3  # files, directories
_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # of files, by the version that brought them
_TCP = 1 << 0 | 1 << 1  # bind, connect
_TCP_VERSION = 4
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets and signals of processes outside
_SCOPES_VERSION = 6
ROOT = Path(__file__).parents[2]


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("directory", ctypes.c_int32)]


def readable_directories() -> list[Path]:
    """What a decoder reads while it works: Python, its packages and this code; the system's libraries and fonts."""
    code = [ROOT / part for part in ("ocrq", "tasks", "worker")]
    python = [sys.prefix, sys.base_prefix, *(entry for entry in sys.path if entry.endswith("-packages"))]
    system = ["/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/proc/self", "/sys/devices/system/cpu"]
    return [*code, *map(Path, (*python, *system))]


def confine_to(directories: Iterable[Path]) -> bool:
    """Let this thread, and those it starts, read beneath these paths alone, write nowhere, and use no TCP.

    Returns:
        Whether the kernel does so; False where it has no Landlock.
    """
    version = landlock_version()
    if not version:
        return False
    files = sum(rights for since, rights in _RIGHTS.items() if version >= since)
    ruleset = _Ruleset(files, _TCP, _SCOPES)
    size = 24 if version >= _SCOPES_VERSION else 16 if version >= _TCP_VERSION else 8
    descriptor = _call(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if descriptor < 0:
        return False
    try:
        for directory in directories:
            _allow_reading(descriptor, directory)
        no_new_rights = ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return no_new_rights == 0 and _call(_RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0)) == 0
    finally:
        os.close(descriptor)


def _allow_reading(ruleset: int, path: Path) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this machine
        return
    try:
        rule = _Beneath(_READ if path.is_dir() else _READ & ~(1 << 3), opened)
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *arguments))
