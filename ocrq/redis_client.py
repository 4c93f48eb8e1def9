"""A Redis client for REDIS_URL: of one server, or of the primary that Sentinels name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    import redis


@dataclass(frozen=True)
class Sentinels:
    """The Sentinels that watch a primary.

    Attributes:
        addresses: Hosts and ports.
        master_name: What the Sentinels call the primary.
        database: Number of the primary's database.
        login: ``username`` and ``password`` for the primary and its replicas, where there are any.
        own_login: The same for the Sentinels themselves.
    """

    addresses: tuple[tuple[str, int], ...]
    master_name: str
    database: int
    login: Mapping[str, str]
    own_login: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> Sentinels | None:
        """Those of a URL as :func:`ocrq.redis_url.normalised` gives it; None where it names one server."""
        parts = urlsplit(url)
        if parts.scheme != "sentinel":
            return None
        credentials, _, hosts = parts.netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        query = dict(parse_qsl(parts.query))
        given = {"username": unquote(user), "password": unquote(password)}
        own = {name: query.get(f"sentinel_{name}", "") for name in given}
        return cls(
            tuple((host.strip("[]"), int(port)) for host, _, port in (one.rpartition(":") for one in hosts.split(","))),
            query["master_name"],
            int(parts.path.strip("/")),
            {name: value for name, value in given.items() if value},
            {name: value for name, value in own.items() if value},
        )

    def celery_url(self) -> str:
        """The form that Celery and kombu take: a URL for each Sentinel, and the name in their transport options."""
        login = ":".join(quote(self.login.get(name, ""), safe="") for name in ("username", "password"))
        at = f"{login}@" if self.login else ""
        return ";".join(
            f"sentinel://{at}{f'[{host}]' if ':' in host else host}:{port}/{self.database}"
            for host, port in self.addresses
        )

    def celery_options(self, timeout: float) -> dict[str, Any]:
        """For Celery's ``broker_transport_options`` and ``result_backend_transport_options``.

        Args:
            timeout: Seconds one answer of a Sentinel may take.
        """
        return {"master_name": self.master_name, "sentinel_kwargs": self._own_options(timeout)}

    def client(self, **options: Any) -> redis.Redis:
        """A client of the primary, which is asked for at each new connection; options as ``redis.Redis`` takes them."""
        from redis.sentinel import Sentinel

        own = self._own_options(options.get("socket_timeout"))
        untyped: Any = Sentinel
        sentinel = untyped(list(self.addresses), sentinel_kwargs=own, db=self.database, **self.login, **options)
        client: redis.Redis = sentinel.master_for(self.master_name)
        return client

    def _own_options(self, timeout: float | None) -> dict[str, Any]:
        return {**self.own_login, "socket_timeout": timeout, "socket_connect_timeout": timeout}


def redis_client(url: str, **options: Any) -> redis.Redis:
    """A client with a pool of its own.

    Args:
        url: As :func:`ocrq.redis_url.normalised` gives it.
        options: As ``redis.Redis`` takes them.
    """
    import redis

    sentinels = Sentinels.of(url)
    return redis.Redis.from_url(url, **options) if sentinels is None else sentinels.client(**options)
