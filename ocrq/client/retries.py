"""When to ask again: how often, after how long, and what a server's ``Retry-After`` says."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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


def asked_seconds(retry_after: str | None) -> float | None:
    """What a ``Retry-After`` header asks for in seconds: a number or an HTTP date; None where it is neither."""
    if not retry_after:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:  # "-0000" of RFC 5322; HTTP dates are in UTC
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
