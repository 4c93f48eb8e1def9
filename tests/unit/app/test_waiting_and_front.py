"""Preferences, seats, and what happens around every request."""

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


def test_a_seat_is_free_again_when_its_caller_failed():
    seats = WaitLimiter(1)
    with pytest.raises(ValueError, match="on the way"), seats.taken():
        raise ValueError("on the way")
    with seats.taken(), pytest.raises(TooManyWaiting), seats.taken():
        pass


def test_no_key_holds_more_than_half_of_the_seats():
    seats = WaitLimiter(4)
    with seats.taken("ann"), seats.taken("ann"):
        with pytest.raises(TooManyWaiting), seats.taken("ann"):
            pass
        with seats.taken("bob"), seats.taken("bob"), pytest.raises(TooManyWaiting), seats.taken("eve"):
            pass
    with seats.taken("ann"):
        pass


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("localhost", "localhost:80")],
)
def test_addresses_of_both_kinds_can_be_bound(host, address):
    assert bind_address(host, 80) == address
