"""A server without keys answers this machine's user alone: not a page of another site in the user's browser.

A page elsewhere can send requests to 127.0.0.1, and with a name of its own that resolves there (DNS rebinding) read the
answers. So the Host has to be one of the server's own, and the browser must not say that another site asks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Request, request

from ocrq.errors import Forbidden
from ocrq.exposure import is_loopback
from tasks.settings import Settings

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_ANSWERED = frozenset({"service.livez", "service.readyz"})  # to whoever probes


def refuse_other_sites(app: Flask, settings: Settings) -> None:
    """Refuse what the pages of other sites send, where no key keeps them out and nobody else is to reach the server."""
    if settings.has_keys or not is_loopback(settings.host):
        return
    hosts = frozenset({*_LOCAL_NAMES, settings.host.lower(), *map(str.lower, settings.allowed_hosts)})

    def check() -> None:
        if request.endpoint not in _ANSWERED:
            check_host(request, hosts)
            check_site(request, settings.cors_origins)

    app.before_request(check)


def check_host(asked: Request, hosts: Iterable[str]) -> None:
    """Refuse a Host that is not one of the server's own.

    Raises:
        Forbidden: It is another name.
    """
    name = (urlsplit(f"//{asked.host}").hostname or "").lower()
    if name not in hosts and not _is_loopback_address(name):
        raise Forbidden(
            f"the Host {name[:80]!r} is not this server's; use localhost, or let the operator list it in "
            "OCRQ_ALLOWED_HOSTS",
            field="Host",
        )


def check_site(asked: Request, origins: Iterable[str]) -> None:
    """Refuse a browser's request from a page of another site; following a link to the web page is not one.

    Raises:
        Forbidden: Another site asks, and it is not one that may.
    """
    origin = asked.headers.get("Origin")
    if origin is not None and (origin in origins or urlsplit(origin).netloc == asked.host):
        return
    opened = asked.method == "GET" and asked.headers.get("Sec-Fetch-Mode") == "navigate"
    if opened or (origin is None and asked.headers.get("Sec-Fetch-Site") in (None, "same-origin", "none")):
        return
    raise Forbidden(
        "a page of another site may not call this server; let the operator list its origin in OCRQ_CORS_ORIGINS",
        field="Origin",
    )


def _is_loopback_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
