"""Preferences, wait slots, and what happens around every request."""

from __future__ import annotations

import pytest

from app.server import bind_address
from app.waiting import Preferences, WaitLimiter
from ocrq.errors import TooManyWaiting


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Preferences()),
        (["respond-async"], Preferences(True)),
        (["Respond-Async, wait=5"], Preferences(True, 5)),
        (["wait=5", "respond-async"], Preferences(True, 5)),
        (['wait="7"'], Preferences(False, 7)),
        (["wait=5, wait=9"], Preferences(False, 5)),
        (["respond-async; foo=bar"], Preferences(True)),
        (["wait=soon, wait=-3, wait=1.5, handling=lenient"], Preferences()),
        (["", ",,,", "=;="], Preferences()),
    ],
)
def test_what_is_not_understood_in_prefer_is_passed_over(headers, expected):
    assert Preferences.of(headers) == expected


def test_a_wait_slot_is_free_again_when_its_caller_failed():
    waiters = WaitLimiter(1)
    with pytest.raises(ValueError, match="on the way"), waiters.taken():
        raise ValueError("on the way")
    with waiters.taken(), pytest.raises(TooManyWaiting), waiters.taken():
        pass


def test_no_key_holds_more_than_half_of_the_wait_slots():
    waiters = WaitLimiter(4)
    with waiters.taken("ann"), waiters.taken("ann"):
        with pytest.raises(TooManyWaiting), waiters.taken("ann"):
            pass
        with waiters.taken("bob"), waiters.taken("bob"), pytest.raises(TooManyWaiting), waiters.taken("eve"):
            pass
    with waiters.taken("ann"):
        pass


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("localhost", "localhost:80")],
)
def test_addresses_of_both_kinds_can_be_bound(host, address):
    assert bind_address(host, 80) == address
