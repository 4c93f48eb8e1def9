"""API keys as they are written: made here, and kept as digests by the server."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Literal, get_args

Scope = Literal["read", "submit", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
HASHED = "sha256$"  # before a digest that stands in for its secret
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")

_MARK = "ocrq_"  # lets scanners of repositories and logs know a key when they see one
_SECRET_BYTES = 32  # 256 bits


def new_secret() -> str:
    """A key beyond guessing."""
    return _MARK + secrets.token_urlsafe(_SECRET_BYTES)


def digest_of(secret: bytes) -> bytes:
    """What is kept and compared in place of a key: its SHA-256, 32 bytes.

    No salt and no slow hash: those protect what people choose from being guessed, and a random key of 256 bits is
    beyond guessing at any speed. A slow one would let whoever sends wrong keys keep the server busy.
    """
    return hashlib.sha256(secret).digest()


def hashed_entry(name: str, secret: str, scopes: Sequence[Scope] = ()) -> str:
    """The entry of OCRQ_API_KEYS for a key, without the key in it."""
    entry = f"{name}:{HASHED}{digest_of(secret.encode()).hex()}"
    return f"{entry}:{'+'.join(scopes)}" if scopes else entry
