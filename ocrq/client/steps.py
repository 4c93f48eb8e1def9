"""What a client does, told step by step and without doing it.

A flow is a generator: it yields steps, is sent what came of them, and returns the end of it. ``Client`` carries steps
out with threads, ``AsyncClient`` with asyncio; what to do is decided once, in the modules that build flows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import httpx

from ocrq.contracts import Batch, Job

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """A request to be sent. Comes to an ``httpx.Response``, or raises an ``httpx.RequestError``.

    Attributes:
        url: Whole.
        held: Seconds the server may hold the answer, beyond the client's timeout.
        content: Further arguments of httpx: ``json``, or ``data`` and ``files``.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    held: float = 0.0
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pause:
    """A wait; cut short where the client is closed meanwhile. Comes to nothing."""

    seconds: float


@dataclass(frozen=True)
class ProgressUpdate:
    """A job as it is now, for whoever watches. Comes to nothing."""

    job: Job | Batch


class Closed(httpx.RequestError):
    """The client was closed while it was at work."""


Step: TypeAlias = Send | Pause | ProgressUpdate
Flow: TypeAlias = Generator[Step, Any, T]


def answer_to(send: Send) -> Flow[httpx.Response]:
    """Send, with the type of what comes back."""
    answer = yield send
    assert isinstance(answer, httpx.Response)
    return answer
