"""What a key may send in a time, counted in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from limits.storage import MemoryStorage
from pydantic import SecretStr

from app import create_app
from app.api_keys import KeyRing
from app.authorization import Access
from app.limits import Allowance, Meter
from ocrq.errors import RateLimited, TooLarge

ANN, BOB = "ann-0123456789-abcdefgh", "bob-0123456789-abcdefgh"
RATE = Allowance.parse(["rate=3/minute"])


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Time that stands still in the counters until it is moved."""
    at = SimpleNamespace(now=60_000.0)
    monkeypatch.setattr("limits.storage.memory.time", SimpleNamespace(time=lambda: at.now))
    return at


@pytest.fixture
def meter(clock) -> Iterator[Meter]:
    storage = MemoryStorage()
    yield Meter(storage)
    storage.timer.cancel()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
            thread.join()


@pytest.mark.parametrize(
    ("option", "amount", "seconds"),
    [
        ("rate=60/minute", 60, 60),
        ("rate=5/second", 5, 1),
        ("rate=100/2hours", 100, 7200),
        ("bytes=100MB/hour", 100_000_000, 3600),
        ("bytes=500kB/day", 500_000, 86_400),
        ("bytes=2GB/day", 2_000_000_000, 86_400),
        ("bytes=12345/minute", 12_345, 60),
    ],
)
def test_limits_are_written_as_people_say_them(option, amount, seconds):
    allowance = Allowance.parse([option])
    item = allowance.rate or allowance.bytes
    assert (item.amount, item.get_expiry()) == (amount, seconds)


def test_without_limits_nothing_is_counted():
    assert Allowance.parse([]).unlimited
    keys = KeyRing.from_settings(SimpleNamespace(has_keys=True, api_keys=SecretStr(ANN), api_keys_file=None))
    assert Access(keys)._meter is None


def test_a_key_past_its_limit_gets_429_with_retry_after(meter, clock):
    for _ in range(3):
        meter.charge("ann", RATE, 1, 0)
    with pytest.raises(RateLimited) as refused:
        meter.charge("ann", RATE, 1, 0)
    assert (refused.value.status, refused.value.retryable, refused.value.code) == (429, True, "rate_limited")
    assert "3 documents in a minute" in refused.value.detail
    assert refused.value.retry_after
    meter.charge("bob", RATE, 3, 0)


@pytest.mark.parametrize("sent", [1, 2, 3])
@pytest.mark.parametrize("cost", [1, 2, 3])
@pytest.mark.parametrize("into", [0, 17, 59])
def test_a_limited_key_is_admitted_after_retry_after_and_not_before(meter, clock, sent, cost, into):
    clock.now += into
    for _ in range(sent):
        meter.charge("ann", RATE, 1, 0)
    try:
        meter.charge("ann", RATE, cost, 0)
    except RateLimited as refused:
        early = max(0.0, refused.retry_after - 1.1)
        clock.now += early
        with pytest.raises(RateLimited):
            meter.charge("ann", RATE, cost, 0)
        clock.now += refused.retry_after - early
        meter.charge("ann", RATE, cost, 0)


def test_no_minute_holds_more_than_twice_and_the_mean_is_what_it_may(meter, clock):
    passed = []
    for second in range(600):
        clock.now = 60_000 + second
        try:
            meter.charge("ann", RATE, 1, 0)
            passed.append(second)
        except RateLimited:
            pass
    assert len(passed) <= 3 * 10 + 3
    assert len(passed) >= 3 * 10 - 3
    assert max(sum(start <= at < start + 60 for at in passed) for start in range(540)) <= 4


def test_bytes_are_counted_by_themselves(meter):
    allowance = Allowance.parse(["rate=99/minute", "bytes=1kB/minute"])
    meter.charge("ann", allowance, 1, 600)
    with pytest.raises(RateLimited, match="1,000 bytes in a minute"):
        meter.charge("ann", allowance, 1, 500)
    meter.charge("ann", allowance, 1, 400)


def test_what_can_never_fit_is_too_large_rather_than_later(meter):
    with pytest.raises(TooLarge, match="this has 1,001") as refused:
        meter.charge("ann", Allowance.parse(["bytes=1kB/minute"]), 0, 1001)
    assert refused.value.field == "image"
    with pytest.raises(TooLarge) as refused:
        meter.charge("ann", RATE, 4, 0)
    assert refused.value.field == "requests"


@pytest.fixture
def client(backend, settings, meter):
    keys = f"ann:{ANN};rate=3/minute,bob:{BOB};bytes=2kB/hour,eve:eve-{ANN}"
    ring = KeyRing.from_settings(settings.model_copy(update={"api_keys": SecretStr(keys)}))
    return create_app(backend, settings, Access(ring, meter)).test_client()


def test_a_submit_over_the_limit_is_429_with_retry_after(client, image, problem):
    for path in ("/extract_text", "/jobs", "/extract_text"):
        body = {"image": image} if path != "/jobs" else {"endpoint": "/extract_text", "request": {"image": image}}
        assert client.post(path, json=body, headers=by(ANN)).status_code in {200, 202}
    response = client.post("/extract_text", json={"image": image}, headers=by(ANN))
    assert problem(response, 429, "rate_limited")["retryable"] is True
    assert 1 <= int(response.headers["Retry-After"]) <= 120
    assert client.post("/extract_text", json={"image": image}, headers=by(f"eve-{ANN}")).status_code == 200


def test_looking_costs_nothing(client):
    for _ in range(9):
        assert client.get("/jobs/none", headers=by(ANN)).status_code == 404
    assert client.get("/models", headers=by(ANN)).status_code == 200


def test_nonsense_counts_too(client, problem):
    for _ in range(3):
        problem(client.post("/extract_text", json={"image": "%"}, headers=by(ANN)), 400, "invalid_image", "image")
    problem(client.post("/extract_text", json={"image": "%"}, headers=by(ANN)), 429, "rate_limited")


def test_a_batch_counts_as_its_documents(client, image, problem):
    def send(count):
        body = {"endpoint": "/extract_text", "requests": [{"image": image}] * count}
        return client.post("/jobs", json=body, headers=by(ANN))

    assert send(2).status_code == 202
    problem(send(2), 429, "rate_limited")


def test_a_batch_that_never_fits_says_so(client, image, problem):
    for count in (4, 9):
        body = {"endpoint": "/extract_text", "requests": [{"image": image}] * count}
        problem_json = problem(client.post("/jobs", json=body, headers=by(ANN)), 413, "too_large", "requests")
        assert f"this has {count}" in problem_json["detail"]


def test_a_batch_fits_after_two_retry_after_answers(client, image, clock):
    # The first refusal comes before the body is read, and does not know how many documents there are.
    body = {"endpoint": "/extract_text", "requests": [{"image": image}] * 3}
    assert client.post("/jobs", json=body, headers=by(ANN)).status_code == 202
    for _ in range(2):
        refused = client.post("/jobs", json=body, headers=by(ANN))
        assert refused.status_code == 429
        clock.now += int(refused.headers["Retry-After"])
    assert client.post("/jobs", json=body, headers=by(ANN)).status_code == 202


def test_documents_count_by_their_bytes_however_they_come(client, png):
    document = png + bytes(600 - len(png))
    answers = [client.post("/extract_text", data=document, content_type="image/png", headers=by(BOB)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert "2,000 bytes in an hour" in answers[-1].get_json()["detail"]
    assert int(answers[-1].headers["Retry-After"]) > 60


def test_the_clock_of_these_tests_is_the_counters_own(meter, clock):
    assert clock.now < time.time()
