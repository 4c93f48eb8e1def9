"""What may come of a request instead of an answer, and whether to ask again, here or elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import httpx

from ocrq.client.retries import Retries, asked_seconds
from ocrq.client.steps import Closed, Flow, Pause, Send, answer_to
from ocrq.errors import OcrqError, ServerUnreachable, ServiceError, from_json

T = TypeVar("T")

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
        f"no server answers at {base} ({error or type(error).__name__}); start one with `ocrq up`, or mend the address"
    )


def not_ours(base: str, why: str) -> ServerUnreachable:
    """Something answers, and it is not what the client talks to."""
    return ServerUnreachable(f"what answers at {base} is no ocrq server ({why}); mend the address")
