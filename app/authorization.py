"""Who may do what: a key for every request, the scope of its route, and the owner of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import Flask, Request, g, request
from werkzeug.datastructures import Authorization

from app.api_keys import ApiKey, KeyRing
from app.limits import Meter
from ocrq.errors import Forbidden, Unauthorized
from ocrq.keys import Scope
from tasks.settings import Settings

HEADER = "X-API-Key"
# Probes, the description and the page tell nothing of anybody's documents. Whatever is not listed needs a key.
_OPEN = frozenset(
    {
        "service.health",
        "service.livez",
        "service.readyz",
        "service.openapi",
        "page.show",
        "page.docs",
        "page.asset",
        "static",
    }
)
_ANY_KEY = frozenset({"service.models", "service.metrics"})
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Caller:
    """Who asks; without a key, whoever reaches a server that has none.

    Attributes:
        key: The key that came.
    """

    key: ApiKey | None = None

    @property
    def owner(self) -> str | None:
        """Owns what the caller submits."""
        return self.key.name if self.key else None

    @property
    def sees(self) -> str | None:
        """The owner whose jobs the caller sees; None for everybody's."""
        return None if self.key is None or self.key.is_admin else self.key.name


class Access:
    """Lets requests in.

    Args:
        keys: None leaves everything open.
        meter: Counts what keys with limits send.
    """

    def __init__(self, keys: KeyRing | None, meter: Meter | None = None) -> None:
        self._keys = keys
        self._meter = meter or (Meter.in_memory() if keys and keys.metered else None)

    @classmethod
    def from_settings(cls, settings: Settings) -> Access:
        """Access by the settings' keys, counted in this process.

        Raises:
            ServiceError: The keys are wrong.
        """
        return cls(KeyRing.from_settings(settings))

    @property
    def requires_keys(self) -> bool:
        """Whether a request needs a key."""
        return self._keys is not None

    def takes_body(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may send its body: it has a key, or needs none.

        Args:
            headers: Their names in capitals.
        """
        if self._keys is None:
            return True
        secret = _secret(headers.get("AUTHORIZATION"), headers.get(HEADER.upper()))
        return secret is not None and self._keys.find(secret) is not None

    def guard(self, app: Flask) -> None:
        """Stand before every route of an application."""
        app.before_request(self._admit)

    def caller(self) -> Caller:
        """Who sent the request that is being answered."""
        return cast(Caller, g.caller)

    def charge(self, documents: int, size: int) -> None:
        """Count what the caller submits; the request itself was counted when it came, as one document.

        Args:
            documents: How many, from 1.
            size: Their bytes.

        Raises:
            RateLimited: The key may send no more for now.
            TooLarge: It may never send so much at once.
        """
        self._count(self.caller(), documents, size, counted=1)

    def _admit(self) -> None:
        if self._keys is None:
            g.caller = Caller()
            return
        if request.endpoint is None or request.endpoint in _OPEN or request.method == "OPTIONS":
            return  # nothing there; open to all; or a browser that asks what it may send, which it does without a key
        g.caller = Caller(_key_of(request, self._keys))
        if request.endpoint in _ANY_KEY:
            return
        scope: Scope = "read" if request.method in _READING else "submit"
        if not g.caller.key.may(scope):
            raise Forbidden(f"this needs a key with the scope {scope}; ask the operator for one")
        if request.method == "POST":
            self._count(g.caller, 1, 0)

    def _count(self, caller: Caller, documents: int, size: int, counted: int = 0) -> None:
        if self._meter is not None and caller.key is not None:
            self._meter.charge(caller.key.name, caller.key.allowance, documents, size, counted)


def _key_of(request: Request, keys: KeyRing) -> ApiKey:
    secret = _secret(request.headers.get("Authorization"), request.headers.get(HEADER))
    if not secret:
        raise Unauthorized(f"send an API key, as 'Authorization: Bearer KEY' or as '{HEADER}: KEY'")
    key = keys.find(secret)
    if key is None:
        raise Unauthorized("the API key is unknown; check that it is complete, or ask the operator for one")
    return key


def _secret(authorization: str | None, key: str | None) -> str | None:
    sent = Authorization.from_header(authorization)
    return (sent.token if sent is not None and sent.type == "bearer" else None) or key
