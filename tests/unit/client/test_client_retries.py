from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ocrq.client import Client, Retries
from ocrq.errors import BrokerUnavailable, InternalError, QueueFull, ServerUnreachable, TimeLimitExceeded
from ocrq.retry_after import asked_seconds
from tests.scripted_server import Answer, Asked, job, listening, problem
from tests.unit.cli.conftest import QUICK


@pytest.mark.parametrize("attempt", range(1, 12))
def test_the_wait_doubles_up_to_a_bound_and_no_two_are_alike(attempt: int) -> None:
    retries = Retries(first_seconds=0.5, longest_seconds=8)
    longest = min(8, 0.5 * 2 ** (attempt - 1))
    delays = {retries.delay(attempt) for _ in range(50)}
    assert all(delay is not None and longest / 2 <= delay <= longest for delay in delays)
    assert len(delays) > 40


def test_a_server_is_never_asked_before_its_retry_after() -> None:
    delays = [Retries(first_seconds=0.5).delay(1, 20) for _ in range(50)]
    assert all(delay is not None and 20 <= delay <= 22 for delay in delays)
    assert len(set(delays)) > 40


def test_nobody_waits_for_a_server_that_asks_for_a_day() -> None:
    assert Retries().delay(1, 86400) is None


def test_many_attempts_do_not_overflow() -> None:
    assert Retries().delay(10_000) is not None


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (" 0 ", 0.0), ("", None), (None, None), ("soon", None), ("-3", None)]
)
def test_retry_after_is_read_as_a_number(header: str | None, seconds: float | None) -> None:
    assert asked_seconds(header) == seconds


def test_retry_after_is_read_as_a_date() -> None:
    asked = asked_seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    assert asked is not None and 60 < asked <= 90
    assert asked_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_retry_after_beyond_the_deadline_fails_at_once() -> None:
    full = problem(429, "queue_full", {"Retry-After": "86400"}, retryable=True, retry_after=86400)
    with listening(lambda _n, _asked: full) as server, Client(server.url) as client, pytest.raises(QueueFull) as raised:
        client.submit(b"x")
    assert raised.value.retry_after == 86400
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_lost_its_server_is_asked_again_with_the_same_key(status: int) -> None:
    def answer(number: int, _asked: Asked) -> Answer:
        return (status, {"Content-Type": "text/html"}, "bad gateway") if number < 2 else (202, {}, job("queued"))

    with listening(answer) as server, Client(server.url, retries=QUICK) as client:
        client.submit(b"x")
    assert len(server.keys) == 3
    assert len(set(server.keys)) == 1


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(500, "internal_error", InternalError), (504, "time_limit_exceeded", TimeLimitExceeded)],
)
def test_what_would_fail_again_is_not_asked_again(status: int, code: str, error: type[Exception]) -> None:
    with (
        listening(lambda _n, _asked: problem(status, code)) as server,
        Client(server.url, retries=QUICK) as client,
        pytest.raises(error),
    ):
        client.submit(b"x")
    assert len(server.asked) == 1


def test_a_wait_sits_out_an_outage_that_a_single_question_would_not() -> None:
    broken = problem(503, "broker_unavailable", retryable=True)
    retries = Retries(attempts=2, first_seconds=0.001, longest_seconds=0.002)

    def answer(number: int, _asked: Asked) -> Answer:
        return broken if number < 30 else (200, {}, job("succeeded"))

    with listening(answer) as server, Client(server.url, retries=retries) as client:
        with pytest.raises(BrokerUnavailable):
            client.job("a")
        assert len(server.asked) == 2
        assert client.wait("a").status == "succeeded"


def test_a_wait_does_not_sit_out_what_lasts_longer_than_it_may() -> None:
    retries = Retries(attempts=2, first_seconds=0.001, outage_seconds=0.05)
    with Client("http://127.0.0.1:1", retries=retries) as client, pytest.raises(ServerUnreachable):
        client.wait("a")
