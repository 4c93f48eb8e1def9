"""The client's protocol without I/O: requests to send, pauses, retries, and classes of failure.

An operation is a generator of effects: it yields each effect, is sent its outcome, and returns the result. ``Client``
carries the effects out with threads, ``AsyncClient`` with asyncio.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import httpx

from ocrq.contracts import Batch, Job
from ocrq.errors import OcrqError, ServerUnreachable, ServiceError, from_json
from ocrq.retry_after import asked_seconds

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """A request to be sent. Comes to an ``httpx.Response``, or raises an ``httpx.RequestError``.

    Attributes:
        url: Whole.
        held: Seconds the server may hold the response, beyond the client's timeout.
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


Effect: TypeAlias = Send | Pause | ProgressUpdate
Effects: TypeAlias = Generator[Effect, Any, T]


def response_to(send: Send) -> Effects[httpx.Response]:
    """Send a request; typed."""
    response = yield send
    assert isinstance(response, httpx.Response)
    return response


_SPREAD = 0.1  # of what the server asked for, added at random, so that not all it turned away come back at once


@dataclass(frozen=True)
class Retries:
    """How a client retries: after connection errors, and responses 429, 502, 503 and 504.

    Attributes:
        attempts: In all; 1 never retries.
        first_seconds: Before the second attempt; doubles from there, each time between a half and all of it.
        longest_seconds: Of one wait that the server did not ask for.
        longest_asked_seconds: Of one it did ask for; where it asks for more, the error is raised at once.
        outage_seconds: Waits for jobs, and batches under way, retry for at least so long, beyond ``attempts``:
            time for a server to be restarted.
    """

    attempts: int = 6
    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    longest_asked_seconds: float = 300.0
    outage_seconds: float = 180.0

    def delay(self, attempt: int, asked: float | None = None) -> float | None:
        """How long to wait before the next attempt.

        Args:
            attempt: Number of the one that failed, from 1.
            asked: Seconds the server asked for.

        Returns:
            Seconds, never fewer than the server asked for; None where it asks for more than makes sense to wait.
        """
        if asked is not None and asked > self.longest_asked_seconds:
            return None
        doublings = min(attempt - 1, 32)  # beyond, the longest wait has long been reached
        backoff: float = min(self.first_seconds * 2**doublings, self.longest_seconds) * random.uniform(0.5, 1.0)
        return max(backoff, (asked or 0.0) * random.uniform(1.0, 1.0 + _SPREAD))


RetryClass = Literal["refused", "lost", "useless", "final"]
"""Refused: not accepted for now; retry anywhere. Lost: perhaps accepted; retry at the same endpoint, with the same
key. Useless: not here, but perhaps elsewhere. Final: no endpoint will accept it."""

REFUSALS = frozenset({429, 503})
_LOSSES = frozenset({502, 504})  # a proxy's: what stands behind it may have taken the request
_NEVER_CAME = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Failure(Exception):
    """A request without a usable response.

    Args:
        error: What to raise if no other endpoint answers.
        retry_class: Whether and where to retry.
        asked: Seconds of the server's ``Retry-After``.
    """

    def __init__(self, error: OcrqError, retry_class: RetryClass, asked: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_class: RetryClass = retry_class
        self.asked = asked


def exchange(
    send: Send, base: str, expected: Callable[[httpx.Response], bool] | None = None
) -> Effects[httpx.Response]:
    """Send once.

    Args:
        send: The request.
        base: The endpoint's address, for error messages.
        expected: Further answers to be taken as one.

    Raises:
        Failure: No response, or a response with an error.
    """
    try:
        response = yield from response_to(send)
    except Closed as error:
        raise Failure(unreachable(base, error), "final") from None
    except httpx.UnsupportedProtocol as error:
        raise Failure(unreachable(base, error), "useless") from None
    except httpx.RequestError as error:
        raise Failure(unreachable(base, error), "refused" if isinstance(error, _NEVER_CAME) else "lost") from None
    if response.is_success or (expected and expected(response)):
        return response
    raise failure_of(response, problem(response, base))


def failure_of(response: httpx.Response, error: OcrqError) -> Failure:
    """How to retry after an error response."""
    asked = asked_seconds(response.headers.get("Retry-After"))
    if response.status_code in REFUSALS and (error.retryable or isinstance(error, ServerUnreachable)):
        return Failure(error, "refused", asked)
    if response.status_code in _LOSSES and isinstance(error, ServerUnreachable):
        return Failure(error, "lost", asked)
    return Failure(error, "useless" if isinstance(error, ServiceError) else "final")


def persistently(
    tries: Sequence[Callable[[], Effects[T]]], retries: Retries, through_outages: bool = False
) -> Effects[T]:
    """Try until one succeeds.

    Args:
        tries: In order of preference: the same operation at several endpoints.
        retries: How often, and after what pauses. A round of refusals by all counts as one attempt.
        through_outages: Keep retrying for ``outage_seconds``.

    Raises:
        OcrqError: The error of the last attempt.
    """
    left = list(tries)
    place, attempt, began = 0, 1, time.monotonic()
    while True:
        try:
            return (yield from left[place]())
        except Failure as failure:
            error = failure
        if error.retry_class == "final":
            raise error.error
        if error.retry_class == "useless":
            del left[place]
            if not left:
                raise error.error
            place %= len(left)
            continue
        if error.retry_class == "refused" and place + 1 < len(left):
            place += 1
            continue
        outlasted = attempt >= retries.attempts and not (
            through_outages and retries.attempts > 1 and time.monotonic() - began < retries.outage_seconds
        )
        delay = None if outlasted else retries.delay(attempt, error.asked)
        if delay is None:
            if error.retry_class == "lost" and place + 1 < len(left):  # whether it accepted the document stays unknown
                del left[: place + 1]
                place, attempt, began = 0, 1, time.monotonic()
                continue
            raise error.error
        yield Pause(delay)
        attempt += 1
        place = 0 if error.retry_class == "refused" else place


def problem(response: httpx.Response, base: str) -> OcrqError:
    """The error of a response: that of its problem document, or that what answers there is not an ocrq server."""
    try:
        facts = response.json()
        return from_json({**facts, "code": facts["code"], "detail": facts["detail"]})
    except (ValueError, KeyError, TypeError):
        return not_ours(base, f"HTTP {response.status_code}")


def unreachable(base: str, error: Exception) -> ServerUnreachable:
    """Nothing answers."""
    return ServerUnreachable(
        f"no server answers at {base} ({error or type(error).__name__}); start one with `ocrq up`, or correct the "
        "address"
    )


def not_ours(base: str, why: str) -> ServerUnreachable:
    """Something answers, and it is not what the client talks to."""
    return ServerUnreachable(f"what answers at {base} is not an ocrq server ({why}); correct the address")
