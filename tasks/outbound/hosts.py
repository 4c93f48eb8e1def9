"""The operator's lists of hosts that webhooks are sent to and images are fetched from, and the target of a URL.

URLs are read by one strict expression, and only its pieces are used to connect: no second parser can read another
host out of the same text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ocrq.errors import InvalidRequest

Scheme = Literal["https", "http"]
_PORTS: dict[Scheme, int] = {"https": 443, "http": 80}
_LAST_PORT = 65_535
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_AUTHORITY = rf"(?P<host>\[[0-9a-f:.]+\]|{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[0-9]{{1,5}}))?"
_URL = re.compile(rf"(?P<scheme>https?)://{_AUTHORITY}(?P<path>[/?][!-~]*)?", re.IGNORECASE)
_RULE = re.compile(rf"(?:(?P<scheme>https?)://)?(?P<any>\*\.)?{_AUTHORITY}/?", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Where a request goes.

    Attributes:
        host: A name or an IP address, in lower case, without brackets.
        path: With the query, from the slash; it may hold the receiver's own secret.
        trusted: The operator listed this very IP address.
    """

    scheme: Scheme
    host: str
    port: int
    path: str = field(repr=False)
    trusted: bool = False

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


@dataclass(frozen=True)
class Rule:
    """One entry of the list: ``name``, ``*.name`` (every name below it), ``name:port`` or ``http(s)://host:port``."""

    scheme: Scheme
    host: str
    port: int
    below: bool

    @classmethod
    def parse(cls, entry: str) -> Rule:
        """Read an entry.

        Raises:
            ValueError: It is none.
        """
        match = _RULE.fullmatch(entry)
        if not match or (match["any"] and _is_address(_host(match))):
            raise ValueError(f"{entry!r} is not a host; write hooks.example.com, *.example.com or http://10.0.0.7:9000")
        scheme = _scheme(match["scheme"] or "https")
        port = _port(match, scheme)
        if not 1 <= port <= _LAST_PORT:
            raise ValueError(f"{entry!r} has no port that can be; write one from 1 to {_LAST_PORT:,}")
        return cls(scheme, _host(match), port, below=bool(match["any"]))

    def allows(self, target: Target) -> bool:
        """Whether a target is of this entry."""
        named = target.host.endswith("." + self.host) if self.below else target.host == self.host
        return named and (target.scheme, target.port) == (self.scheme, self.port)


@dataclass(frozen=True)
class AllowList:
    """The list; an empty one allows nothing."""

    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowList:
        """Read the operator's entries.

        Raises:
            ValueError: One of them is not a host.
        """
        return cls(tuple(Rule.parse(entry) for entry in entries))

    def target(self, url: str) -> Target:
        """Where a URL points.

        Raises:
            InvalidRequest: It is no URL of an allowed host.
        """
        match = _URL.fullmatch(url)
        if not match:
            raise InvalidRequest(
                "webhook is not a URL that can be called; send one like https://hooks.example.com/path, in ASCII and "
                "without a name or password in it",
                field="webhook",
            )
        scheme = _scheme(match["scheme"])
        path = (match["path"] or "/").partition("#")[0]
        target = Target(scheme, _host(match), _port(match, scheme), path if path.startswith("/") else f"/{path}")
        if not any(rule.allows(target) for rule in self.rules):
            raise InvalidRequest(
                f"webhook: {scheme}://{target.authority} is not allowed here; use a host that the operator lists in "
                "OCRQ_WEBHOOK_HOSTS",
                field="webhook",
            )
        return Target(scheme, target.host, target.port, target.path, trusted=_is_address(target.host))


def _scheme(text: str) -> Scheme:
    return "https" if text.lower() == "https" else "http"


def _host(match: re.Match[str]) -> str:
    host = match["host"].lower().strip("[]")
    return str(ipaddress.ip_address(host)) if _is_address(host) else host


def _port(match: re.Match[str], scheme: Scheme) -> int:
    return int(match["port"] or _PORTS[scheme])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
