"""Where a service is: its address, its key, and what speaks there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import httpx

from ocrq.errors import ServerUnreachable

Kind = Literal["http", "direct", "runpod"]
"""Our HTTP API; its synchronous routes alone, where a job may not be found again; RunPod's queue."""

_RUNPOD_HOST = "api.runpod.ai"
_BALANCED = ".api.runpod.ai"  # a load-balancing endpoint: any worker may get the next request
_RUNPOD_PREFIX = "runpod+"
_RUNPOD_CALLS = ("/run", "/runsync")


@dataclass(frozen=True)
class Endpoint:
    """One service.

    Attributes:
        url: ``http://127.0.0.1:8000`` of our HTTP API, or ``https://api.runpod.ai/v2/ID`` of a RunPod endpoint.
        api_key: Sent as a bearer token, to this endpoint alone.
        kind: What speaks there; :meth:`of` tells it from the address.
    """

    url: str
    api_key: str | None = field(default=None, repr=False)
    kind: Kind = "http"

    @classmethod
    def of(cls, address: str | Endpoint, api_key: str | None = None) -> Endpoint:
        """An endpoint by its address.

        Args:
            address: Of ``api.runpod.ai``, or with ``runpod+`` before it (``runpod+http://127.0.0.1:8000``, the SDK's
                local API), it speaks RunPod's; of ``ID.api.runpod.ai``, our synchronous routes; all others, our API.
            api_key: Of this endpoint.

        Raises:
            ServerUnreachable: It is no URL.
        """
        if isinstance(address, Endpoint):
            return address
        text = address.strip().rstrip("/")
        plain = text.removeprefix(_RUNPOD_PREFIX)
        try:
            url = httpx.URL(plain)
        except (httpx.InvalidURL, ValueError) as error:
            raise _no_url(address, str(error)) from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise _no_url(address, "http:// or https:// is missing")
        if plain == text and url.host != _RUNPOD_HOST:
            return cls(plain, api_key, "direct" if url.host.endswith(_BALANCED) else "http")
        for call in _RUNPOD_CALLS:
            plain = plain.removesuffix(call)
        return cls(plain, api_key, "runpod")

    def headers(self) -> dict[str, str]:
        """What every request to it carries."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def endpoints_of(addresses: Iterable[str | Endpoint], api_key: str | None) -> tuple[Endpoint, ...]:
    """Endpoints in order of preference, the key given to those that have none of their own."""
    return tuple(Endpoint.of(address, api_key) for address in addresses)


def _no_url(address: str, why: str) -> ServerUnreachable:
    return ServerUnreachable(f"{address!r} is no URL ({why}); write it like http://127.0.0.1:8000")
