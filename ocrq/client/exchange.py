"""What a client does, step by step and without doing it: requests, waits, when to ask again, and what failed.

A flow is a generator: it yields steps, is sent what came of them, and returns the end of it. ``Client`` carries steps
out with threads, ``AsyncClient`` with asyncio; what to do is decided once, in the modules that build flows.
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


_SPREAD = 0.1  # of what the server asked for, added at random, so that not all it turned away come back at once


@dataclass(frozen=True)
class Retries:
    """How a client asks again: after connection errors, and answers 429, 502, 503 and 504.

    Attributes:
        attempts: In all; 1 never asks again.
        first_seconds: Before the second attempt; doubles from there, each time between a half and all of it.
        longest_seconds: Of one wait that the server did not ask for.
        longest_asked_seconds: Of one it did ask for; where it asks for more, the error is raised at once.
        outage_seconds: Waits for jobs, and batches under way, go on asking at least so long, beyond ``attempts``:
            time for a server to be restarted.
    """

    attempts: int = 6
    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    longest_asked_seconds: float = 300.0
    outage_seconds: float = 180.0

    def delay(self, attempt: int, asked: float | None = None) -> float | None:
        """How long to wait before asking again.

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


Fate = Literal["refused", "lost", "useless", "final"]
"""Refused: not taken, for now; ask again, anywhere. Lost: perhaps taken; ask again where it was asked, with the same
key. Useless: not here, but perhaps elsewhere. Final: nobody will do it."""

REFUSALS = frozenset({429, 503})
_LOSSES = frozenset({502, 504})  # a proxy's: what stands behind it may have taken the request
_NEVER_CAME = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Failure(Exception):
    """A request that came to no answer worth having.

    Args:
        error: What to raise if nobody does better.
        fate: Whether to ask again.
        asked: Seconds the server asked to be left alone for.
    """

    def __init__(self, error: OcrqError, fate: Fate, asked: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.fate: Fate = fate
        self.asked = asked


def exchange(send: Send, base: str, expected: Callable[[httpx.Response], bool] | None = None) -> Flow[httpx.Response]:
    """Send once.

    Args:
        send: The request.
        base: The endpoint's address, for what is said about it.
        expected: Further answers to be taken as one.

    Raises:
        Failure: No answer, or one that says no.
    """
    try:
        answer = yield from answer_to(send)
    except Closed as error:
        raise Failure(unreachable(base, error), "final") from None
    except httpx.UnsupportedProtocol as error:
        raise Failure(unreachable(base, error), "useless") from None
    except httpx.RequestError as error:
        raise Failure(unreachable(base, error), "refused" if isinstance(error, _NEVER_CAME) else "lost") from None
    if answer.is_success or (expected and expected(answer)):
        return answer
    raise failure_of(answer, problem(answer, base))


def failure_of(answer: httpx.Response, error: OcrqError) -> Failure:
    """What an answer that says no means for asking again."""
    asked = asked_seconds(answer.headers.get("Retry-After"))
    if answer.status_code in REFUSALS and (error.retryable or isinstance(error, ServerUnreachable)):
        return Failure(error, "refused", asked)
    if answer.status_code in _LOSSES and isinstance(error, ServerUnreachable):
        return Failure(error, "lost", asked)
    return Failure(error, "useless" if isinstance(error, ServiceError) else "final")


def persistently(tries: Sequence[Callable[[], Flow[T]]], retries: Retries, steadfast: bool = False) -> Flow[T]:
    """Try until one comes to something.

    Args:
        tries: What may be tried, in order of preference: the same thing at several endpoints.
        retries: How often, and after what pauses. A round of refusals by all counts as one attempt.
        steadfast: Sit out an outage, too.

    Raises:
        OcrqError: What the last one that could have done it said.
    """
    left = list(tries)
    place, attempt, began = 0, 1, time.monotonic()
    while True:
        try:
            return (yield from left[place]())
        except Failure as failure:
            error = failure
        if error.fate == "final":
            raise error.error
        if error.fate == "useless":
            del left[place]
            if not left:
                raise error.error
            place %= len(left)
            continue
        if error.fate == "refused" and place + 1 < len(left):
            place += 1
            continue
        outlasted = attempt >= retries.attempts and not (
            steadfast and retries.attempts > 1 and time.monotonic() - began < retries.outage_seconds
        )
        delay = None if outlasted else retries.delay(attempt, error.asked)
        if delay is None:
            if error.fate == "lost" and place + 1 < len(left):  # it will not say whether it took it: so be it
                del left[: place + 1]
                place, attempt, began = 0, 1, time.monotonic()
                continue
            raise error.error
        yield Pause(delay)
        attempt += 1
        place = 0 if error.fate == "refused" else place


def problem(answer: httpx.Response, base: str) -> OcrqError:
    """The error of an answer: the one its problem document tells, or that no server of ours answers there."""
    try:
        told = answer.json()
        return from_json({**told, "code": told["code"], "detail": told["detail"]})
    except (ValueError, KeyError, TypeError):
        return not_ours(base, f"HTTP {answer.status_code}")


def unreachable(base: str, error: Exception) -> ServerUnreachable:
    """Nothing answers."""
    return ServerUnreachable(
        f"no server answers at {base} ({error or type(error).__name__}); start one with `ocrq up`, or correct the "
        "address"
    )


def not_ours(base: str, why: str) -> ServerUnreachable:
    """Something answers, and it is not what the client talks to."""
    return ServerUnreachable(f"what answers at {base} is not an ocrq server ({why}); correct the address")
