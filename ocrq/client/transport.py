"""A service: its address and key, the Transport Protocol of every kind of service, and options of httpx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from ocrq import __version__
from ocrq.client.exchange import Effects, Failure, Send, not_ours
from ocrq.contracts import Batch, Health, Job, ModelList, Operation
from ocrq.errors import ServerUnreachable
from ocrq.exposure import is_loopback

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
            ServerUnreachable: It is not a URL.
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
    return ServerUnreachable(f"{address!r} is not a URL ({why}); write it like http://127.0.0.1:8000")


Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class DocumentRequest:
    """A document to be read.

    Attributes:
        operation: What to do with it.
        request: The other fields of the request.
        content: Its bytes; None where ``request`` has an ``image`` by URL.
        name: Of its file.
        key: The same for every attempt, so that no two of them make two jobs.
    """

    operation: Operation
    request: Mapping[str, Any]
    content: bytes | None
    name: str
    key: str


class Transport(Protocol):
    """One service. Its operations try once, and raise :class:`~ocrq.client.exchange.Failure`."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""

    def submit(self, document: DocumentRequest) -> Effects[Job]:
        """Submit a document; the job may have ended already."""

    def job(self, job_id: str, wait: float) -> Effects[Job | Batch]:
        """A job as it is, or as it is once it has ended, or ``wait`` seconds have passed."""

    def cancel(self, job_id: str) -> Effects[Job | Batch]:
        """Stop a job."""

    def health(self) -> Effects[Health]:
        """How the service is."""

    def models(self) -> Effects[ModelList]:
        """The models that a request may name."""


def parsed(model: type[Document], data: object, base: str) -> Document:
    """An answer as the contract it is; members that a newer server adds are kept, not refused.

    Raises:
        Failure: It is none.
    """
    try:
        return model.model_validate(data, extra="allow")
    except ValidationError:
        error = ServerUnreachable(
            f"what answers at {base} is not an ocrq server of a supported version; correct the address, or "
            "bring client and server to the same version"
        )
        raise Failure(error, "useless") from None


def decoded(response: httpx.Response, base: str) -> Any:
    """The JSON of a response.

    Raises:
        Failure: It has none.
    """
    try:
        return response.json()
    except ValueError:
        raise Failure(not_ours(base, f"HTTP {response.status_code}"), "useless") from None


CONNECT_SECONDS = 10.0  # then the next endpoint is tried
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=32)  # the caller bounds what is under way


def options(local: bool) -> dict[str, Any]:
    """What makes an httpx client.

    Args:
        local: Of this machine's own addresses, which no proxy of the environment stands before.
    """
    return {
        "headers": {"User-Agent": f"ocrq/{__version__}", "Accept": "application/json"},
        "trust_env": not local,
        "follow_redirects": False,
        "limits": _LIMITS,
    }


def arguments(send: Send, timeout: float) -> dict[str, Any]:
    """The arguments of httpx for a request.

    Args:
        send: The request.
        timeout: Seconds for one response, beyond what the server is to hold it.
    """
    return {
        "method": send.method,
        "url": send.url,
        "headers": dict(send.headers),
        "params": dict(send.params) or None,
        "timeout": httpx.Timeout(timeout + send.held, connect=min(timeout, CONNECT_SECONDS), pool=None),
        **send.content,
    }


def is_local(url: str) -> bool:
    """Whether an address is this machine's own."""
    return is_loopback(httpx.URL(url).host)
