"""Preferences, seats, and what happens around every request."""

from __future__ import annotations

import io

import pytest

from app.paths import PathNormalizer
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


class Endless(io.RawIOBase):
    """Sends and sends."""

    sent = 0

    def read(self, size: int = -1) -> bytes:
        self.sent += size
        return bytes(size)


class Gone(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise TimeoutError


def refusing(environ, start_response):
    start_response("413 Too Large", [])
    return [b"too large"]


def answered(body: io.RawIOBase) -> bytes:
    environ = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "9", "PATH_INFO": "/"}
    answer = PathNormalizer(refusing)(environ, lambda *_: None)
    text = b"".join(answer)
    answer.close()
    return text


def test_what_a_refused_request_still_sends_is_read_away_after_the_answer():
    body = io.BytesIO(bytes(3_000_000))
    assert answered(body) == b"too large"
    assert body.read() == b""


def test_but_not_for_ever(monkeypatch):
    monkeypatch.setattr("app.paths.DRAIN_BYTES", 5_000_000)
    body = Endless()
    assert answered(body) == b"too large"
    assert 5_000_000 <= body.sent < 8_000_000
    monkeypatch.setattr("app.paths.DRAIN_SECONDS", 0.0)
    body = Endless()
    answered(body)
    assert body.sent == 0


def test_a_client_that_went_away_meanwhile_does_no_harm():
    assert answered(Gone()) == b"too large"


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("localhost", "localhost:80")],
)
def test_addresses_of_both_kinds_can_be_bound(host, address):
    assert bind_address(host, 80) == address
