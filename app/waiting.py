"""Callers that wait: how many may, for how long, and what they prefer (RFC 7240)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.http import parse_list_header

from ocrq.errors import InvalidRequest, TooManyWaiting

MAX_WAIT_SECONDS = 60  # of ?wait: below what proxies cut idle connections at
_WAIT_DIGITS = 9  # thirty years
_SLOT_FREE_SECONDS = 2  # about when a waiting caller will have left


class WaitLimiter:
    """As many callers of this process as may wait at a time: each holds one of its threads.

    Of one API key half as many, so that no key keeps all others from waiting.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._taken: Counter[str | None] = Counter()

    @contextmanager
    def taken(self, owner: str | None = None) -> Iterator[None]:
        """Hold a slot.

        Args:
            owner: The API key's name; None where none is needed.

        Raises:
            TooManyWaiting: None is free.
        """
        most = self._count if owner is None else -(-self._count // 2)
        with self._lock:
            if self._taken.total() >= self._count or self._taken[owner] >= most:
                raise TooManyWaiting(
                    f"{self._taken[owner]} callers are waiting already; submit with 'Prefer: respond-async' and poll "
                    "the job later, or come again",
                    retry_after=_SLOT_FREE_SECONDS,
                )
            self._taken[owner] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[owner] -= 1
                if not self._taken[owner]:
                    del self._taken[owner]


@dataclass(frozen=True)
class Preferences:
    """The ``Prefer`` header.

    Attributes:
        respond_async: 202 and the job, rather than a wait for the result.
        wait: Seconds the caller is ready to wait; None if it did not say.
    """

    respond_async: bool = False
    wait: int | None = None

    @classmethod
    def of(cls, headers: Iterable[str]) -> Preferences:
        """Read the header's values; what is not understood is passed over, as the RFC has it.

        Raises:
            InvalidRequest: ``wait`` is a number beyond all sense.
        """
        respond_async, wait = False, None
        for preference in (part for header in headers for part in parse_list_header(header)):
            name, _, value = preference.partition(";")[0].partition("=")
            value = value.strip().strip('"')
            if name.strip().lower() == "respond-async":
                respond_async = True
            elif name.strip().lower() == "wait" and wait is None and value.isdecimal():
                wait = _seconds(value)
        return cls(respond_async, wait)


def _seconds(digits: str) -> int:
    if len(digits) > _WAIT_DIGITS:
        raise InvalidRequest(f"Prefer: wait has {len(digits):,} digits; send a number of seconds", field="Prefer")
    return int(digits)


def wait_seconds(text: str | None) -> float:
    """The seconds of ``?wait=``; 0 without it.

    Raises:
        InvalidRequest: It is not a number from 0 to 60.
    """
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise InvalidRequest(
            f"wait must be a number of seconds from 0 to {MAX_WAIT_SECONDS}; repeat the request for longer waits",
            field="wait",
        )
    return seconds
