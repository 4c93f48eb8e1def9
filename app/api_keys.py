"""API keys: read from the settings, kept as digests, found in constant time."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from app.limits import Allowance
from ocrq.errors import ServiceError
from ocrq.keys import HASHED, NAME, SCOPES, Scope, digest_of
from tasks.settings import Settings

logger = logging.getLogger(__name__)

SHORTEST = 8  # characters of a secret; below, it is a slip of the pen, such as a digest that a shell cut off at its $
WEAK = 20  # characters below which even a random secret had better be longer
_DEFAULT_SCOPES: frozenset[Scope] = frozenset({"read", "submit"})
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_SECRET = re.compile(r"[!-~]+")  # what a header carries: printable ASCII without spaces
_FORMS = "write name:secret, name:secret:read+submit or name:sha256$digest, as `ocrq keys new` does"


@dataclass(frozen=True)
class ApiKey:
    """One key.

    Attributes:
        name: Owns the jobs it submits; keys of one name are one owner, so that a key can be changed for a new one.
        digest: SHA-256 of the secret, 32 bytes.
        scopes: What it may do; ``admin`` may everything, with everybody's jobs.
        allowance: What it may send in a time.
    """

    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope] = _DEFAULT_SCOPES
    allowance: Allowance = Allowance()

    def may(self, scope: Scope) -> bool:
        """Whether it has a scope."""
        return scope in self.scopes or self.is_admin

    @property
    def is_admin(self) -> bool:
        """Whether it sees everybody's jobs."""
        return "admin" in self.scopes


class KeyRing:
    """All keys; it holds none of their secrets."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> KeyRing | None:
        """The keys of OCRQ_API_KEYS and OCRQ_API_KEYS_FILE; None where neither is set.

        Raises:
            ServiceError: An entry is wrong, reported by its number and never by its content; or the file is unreadable.
        """
        entries: list[tuple[str, str]] = []
        if settings.api_keys is not None:
            parts = re.split(r"[,\n]", settings.api_keys.get_secret_value())
            entries += _entries(parts, "entry {} of OCRQ_API_KEYS")
        if settings.api_keys_file is not None:
            entries += _entries(_lines(settings.api_keys_file), "line {} of OCRQ_API_KEYS_FILE")
        if not settings.has_keys:
            return None
        if not entries:
            raise ServiceError(f"OCRQ_API_KEYS is set but contains no key; {_FORMS}, or unset it")
        return cls(_checked(entries))

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret, after comparing all of them, so that the time taken tells nothing."""
        digest = digest_of(secret.encode())
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found

    @property
    def metered(self) -> bool:
        """Whether any key has limits."""
        return any(not key.allowance.unlimited for key in self._keys)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ServiceError(f"OCRQ_API_KEYS_FILE cannot be read ({reason}): {path}") from None


def _entries(parts: Sequence[str], place: str) -> list[tuple[str, str]]:
    """Entries with the place each stands at; empty ones and comments are passed over."""
    stripped = ((place.format(number), part.strip()) for number, part in enumerate(parts, 1))
    return [(where, part) for where, part in stripped if part and not part.startswith("#")]


def _checked(entries: Sequence[tuple[str, str]]) -> list[ApiKey]:
    keys: list[ApiKey] = []
    made_up: set[str] = set()
    for position, (where, entry) in enumerate(entries, 1):
        try:
            name, key = _parse(entry, position, where)
            if any(key.digest == other.digest for other in keys):
                raise ValueError("its key is listed twice; remove one")
            if (name is None and any(key.name == other.name for other in keys)) or key.name in made_up:
                raise ValueError("its name is the default name of an unnamed entry; name all entries")
        except ValueError as error:
            raise ServiceError(f"{where}: {error}") from None
        if name is None:
            made_up.add(key.name)
        keys.append(key)
    return keys


def _parse(entry: str, position: int, where: str) -> tuple[str | None, ApiKey]:
    """One entry: the name it gives itself, and its key.

    Raises:
        ValueError: Says what is wrong without a word of the entry, which is a secret in the wrong place perhaps.
    """
    written, *options = entry.split(";")
    parts = written.strip().split(":")
    if len(parts) > 3:
        raise ValueError(f"has more than three parts; {_FORMS}")
    name, secret = (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if name is not None and not NAME.fullmatch(name):
        raise ValueError("its name may have letters, digits, '.', '_' and '-', at most 64")
    if len(parts) == 2 and set(secret.split("+")) <= set(SCOPES):
        raise ValueError("has scopes where its secret should be; write name:secret:scopes")
    scopes = _scopes(parts[2]) if len(parts) == 3 else _DEFAULT_SCOPES
    digest = _digest(secret, where)
    return name, ApiKey(name or f"key{position}", digest, scopes, Allowance.parse(options))


def _scopes(text: str) -> frozenset[Scope]:
    scopes = {part.strip() for part in text.split("+")}
    if not scopes <= set(SCOPES):
        raise ValueError(f"its scopes are unknown; join some of {', '.join(SCOPES)} with '+'")
    return frozenset(cast(set[Scope], scopes))


def _digest(secret: str, where: str) -> bytes:
    if secret.startswith(HASHED):
        if not _DIGEST.fullmatch(secret.removeprefix(HASHED)):
            raise ValueError(f"after {HASHED} must come the 64 hexadecimal digits of a SHA-256")
        return bytes.fromhex(secret.removeprefix(HASHED))
    if not _SECRET.fullmatch(secret):
        raise ValueError("its secret is empty, or has characters that a header cannot carry")
    if len(secret) < SHORTEST:
        raise ValueError(
            f"its secret has fewer than {SHORTEST} characters; make one with `ocrq keys new`, and put an "
            "entry with a $ into single quotes"
        )
    if len(secret) < WEAK:
        logger.warning("%s: the secret is short enough to be guessed; make one with `ocrq keys new`", where)
    return digest_of(secret.encode())
