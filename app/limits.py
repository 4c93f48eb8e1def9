"""What each API key may send in a time: counted in Redis, for all API processes together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItem
from limits import parse as parse_item
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from ocrq.errors import RateLimited, TooLarge
from tasks.connection import API_TIMEOUT, broker_errors, connect
from tasks.settings import Settings

_PREFIX = "ocrq:limits"
_MARGIN_SECONDS = 0.01  # the counts weigh down to whole numbers, and a number is only less than itself a moment later
_ALLOWANCE = re.compile(r"(\d{1,12})(kB|KB|MB|GB)?/(\d{1,4})?(second|minute|hour|day)s?")
_UNITS = {"": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


@dataclass(frozen=True)
class Allowance:
    """What one key may send; None for as much as it likes.

    Attributes:
        rate: Submits, each document of a batch counted.
        bytes: Of documents.
    """

    rate: RateLimitItem | None = None
    bytes: RateLimitItem | None = None

    @property
    def unlimited(self) -> bool:
        """Whether there is nothing to count."""
        return self.rate is None and self.bytes is None

    @classmethod
    def parse(cls, options: Sequence[str]) -> Allowance:
        """Read ``rate=60/minute`` and ``bytes=100MB/hour``.

        Raises:
            ValueError: Says what such an option looks like, and shows nothing of what came.
        """
        found: dict[str, RateLimitItem] = {}
        for option in options:
            name, _, value = option.strip().partition("=")
            match = _ALLOWANCE.fullmatch(value.strip())
            if name not in {"rate", "bytes"} or name in found or match is None or (name == "rate" and match[2]):
                raise ValueError("its limits cannot be parsed; write them like ;rate=60/minute;bytes=100MB/hour")
            amount = int(match[1]) * _UNITS[(match[2] or "").upper()]
            every = int(match[3] or 1)
            if not amount or not every:
                raise ValueError("a limit of zero would block the key; remove the entry instead")
            found[name] = parse_item(f"{amount} per {every} {match[4]}")
        return cls(**found)


class Meter:
    """Counts what keys send.

    The window slides by the weighted count of two: two numbers a key, however large the limit, where an exact log
    would keep an entry for each byte.

    Args:
        storage: Where the counts are.
    """

    def __init__(self, storage: RedisStorage | MemoryStorage) -> None:
        self._storage = storage
        self._window = SlidingWindowCounterRateLimiter(storage)

    @classmethod
    def in_redis(cls, settings: Settings) -> Meter:
        """One count for all processes; no connection is made before the first."""
        return cls(RedisStorage("redis://", connect(settings, API_TIMEOUT).connection_pool, _PREFIX))

    @classmethod
    def in_memory(cls) -> Meter:
        """A count of this process alone."""
        return cls(MemoryStorage())

    def charge(self, name: str, allowance: Allowance, documents: int, size: int, counted: int = 0) -> None:
        """Count what a key sends.

        Args:
            name: The key's.
            allowance: What it may send.
            documents: Submits to count.
            size: Bytes of documents to count.
            counted: How many of the submits have been counted already.

        Raises:
            RateLimited: It has sent as much as it may for now; nothing was counted for the limit that refuses.
            TooLarge: It is more than the key may ever send at once.
            BrokerUnavailable: Redis does not answer.
        """
        with broker_errors():
            for item, whole, cost, what, field in (
                (allowance.rate, documents, documents - counted, "documents", "requests"),
                (allowance.bytes, size, size, "bytes", "image"),
            ):
                if item is not None and cost and not self._window.hit(item, what, name, cost=cost):
                    self._refuse(item, whole, what, field, name)

    def _refuse(self, item: RateLimitItem, cost: int, what: str, field: str, name: str) -> None:
        allowed = f"{item.amount:,} {what} in {_period(item.get_expiry())}"
        if cost > item.amount:
            raise TooLarge(f"this has {cost:,}, and the API key may send {allowed}; send less at a time", field=field)
        seconds = ceil(self._seconds_until_allowed(item, cost, what, name) + _MARGIN_SECONDS)
        raise RateLimited(f"the API key may send {allowed}; try again in {seconds:,} s", retry_after=seconds)

    def _seconds_until_allowed(self, item: RateLimitItem, cost: int, what: str, name: str) -> float:
        """Seconds until ``cost`` fits, if nothing else is sent; see ``acquire_sliding_window.lua`` of `limits`."""
        length = item.get_expiry()
        before, before_ends, now, now_ends = self._storage.get_sliding_window(item.key_for(what, name), length)
        room = item.amount - cost - now  # for what the window before still weighs
        if room >= 0:
            return before_ends - length * (room + 1) / before if before else 0.0
        shifts = max(0.0, now_ends - length)  # when this window becomes the one before
        return shifts + length - length * (item.amount - cost + 1) / now


def _period(seconds: int) -> str:
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {name}s" if count > 1 else f"a{'n' if name == 'hour' else ''} {name}"
    return f"{seconds} s"
