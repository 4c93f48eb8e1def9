from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import SecretStr

from ocrq.errors import JobCancelled, ModelUnavailable, TimeLimitExceeded
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.stops import stops
from tests.unit.engines.openai_stub import (
    StandIn,
    babbles,
    cut_after,
    drips,
    is_silent_until,
    picture_of,
    refuses,
    says,
    standing_in,
)
from worker.engines.openai.circuit_breaker import Breaker
from worker.engines.openai.engine import OpenAIReader, load
from worker.page import PageImage, PageReading

OLMOCR = "allenai/olmOCR-2-7B-1025"
MATTER = "---\nprimary_language: en\nis_rotation_valid: True\nrotation_correction: 0\nis_table: False\n---\n"


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


def reader(server: StandIn, model: str = "reducto/RolmOCR", **settings: Any) -> OpenAIReader:
    return load(model, Settings(openai_url=server.url, **settings))


def page(number: int = 1, width: int = 40, height: int = 30) -> PageImage:
    return PageImage(number, np.full((height, width, 3), 255, np.uint8))


def read(engine: OpenAIReader, *pages: PageImage, **context: Any) -> list[PageReading]:
    return engine.read(pages or [page()], context.pop("prompt", None), ReadContext(**context))


def test_an_answer_is_read_with_the_servers_certainty(server: StandIn) -> None:
    server.answers = [says("Invoice", " ", "42", probability=0.9)]
    [reading] = read(reader(server))
    assert reading.text == "Invoice 42"
    assert math.prod(reading.probabilities) == pytest.approx(0.9**3)
    assert reading.probability == pytest.approx(0.9)  # the mean of its two words'
    assert reading.warnings == ()


def test_a_page_is_asked_as_the_models_preset_says(server: StandIn) -> None:
    server.answers = [says(MATTER, "Dear reader")]
    [reading] = read(reader(server, OLMOCR), page(width=2576, height=1000))
    [asked] = server.asked
    assert reading.text == "Dear reader"
    assert reading.probability is None  # the server told none
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == (OLMOCR, 0.0, 8000)
    assert "front matter" in asked["messages"][0]["content"][0]["text"]
    assert cv2.imdecode(np.frombuffer(picture_of(asked), np.uint8), 1).shape == (500, 1288, 3)


def test_a_page_that_the_model_says_stands_turned_is_turned_and_read_again(server: StandIn) -> None:
    turned = MATTER.replace("is_rotation_valid: True", "is_rotation_valid: False").replace(
        "correction: 0", "correction: 90"
    )
    server.answers = [says(turned, "sideways"), says(MATTER, "upright")]
    sent = np.full((30, 40, 3), 255, np.uint8)
    sent[0, 0] = 0  # a black corner at the top left
    [reading] = read(reader(server, OLMOCR), PageImage(1, sent))
    again = cv2.imdecode(np.frombuffer(picture_of(server.asked[1]), np.uint8), 1)
    assert again.shape == (40, 30, 3)
    assert again[0, -1].max() == 0  # a quarter clockwise: at the top right
    assert (reading.text, reading.turns) == ("upright", 3)


def test_a_loop_and_nothing_else_is_a_failed_page(server: StandIn) -> None:
    server.answers = [says(*(["\n"] * 3000))]
    [reading] = read(reader(server))
    assert (reading.text, reading.failure is not None) == ("", True)


def test_the_callers_prompt_and_options_are_passed_on_and_what_cannot_be_is_reported(server: StandIn) -> None:
    server.answers = [says("x")]
    options = {"temperature": 0.5, "top_k": 3, "max_new_tokens": 9000, "num_beams": 4}
    [reading] = read(reader(server), prompt="Only the total", options=options)
    [asked] = server.asked
    assert [part["text"] for part in asked["messages"][0]["content"] if part["type"] == "text"] == ["Only the total"]
    assert (asked["temperature"], asked["top_k"], asked["max_tokens"]) == (0.5, 3, 4096)
    assert "num_beams" not in asked
    assert any("num_beams" in warning for warning in reading.warnings)
    assert any("4096 tokens" in warning for warning in reading.warnings)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(cut_after("Half an an"), id="cut mid-way"),
        pytest.param(refuses(429, Retry_After="0"), id="429"),
        pytest.param(refuses(500), id="500"),
        pytest.param(babbles("{not json"), id="wrong json"),
        pytest.param(babbles('{"choices": "none"}'), id="wrong shape"),
        pytest.param(babbles('{"error": {"message": "CUDA out of memory"}}'), id="an error in the stream"),
    ],
)
def test_a_fault_that_passes_is_outlived(server: StandIn, fault: Any) -> None:
    server.answers = [fault, says("whole")]
    assert [reading.text for reading in read(reader(server))] == ["whole"]
    assert len(server.asked) == 2


def test_a_server_that_says_nothing_is_asked_again(server: StandIn) -> None:
    released = threading.Event()
    server.answers = [is_silent_until(released), says("whole")]
    try:
        assert read(reader(server, openai_silence_seconds=0.3))[0].text == "whole"
    finally:
        released.set()


def test_a_server_that_asks_to_wait_is_not_asked_before(server: StandIn) -> None:
    server.answers = [refuses(503, Retry_After="1"), says("whole")]
    began = time.monotonic()
    read(reader(server))
    assert time.monotonic() - began >= 1


def test_what_takes_too_long_in_all_is_given_up(server: StandIn) -> None:
    server.answers = [drips("word ", 0.05)]
    with pytest.raises(ModelUnavailable):
        read(reader(server, openai_seconds=0.5))
    assert server.left.acquire(timeout=10)


def test_a_server_that_keeps_failing_is_left_alone(server: StandIn) -> None:
    server.answers = [refuses(500)]
    engine = reader(server)
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            read(engine)
    assert len(server.asked) == 5  # four tries of the first page, one of the second, and the circuit is open
    with pytest.raises(ModelUnavailable) as refused:
        read(engine)
    assert len(server.asked) == 5
    assert refused.value.retry_after is not None


def test_no_server_at_all_is_a_model_that_cannot_be_served(server: StandIn) -> None:
    engine = load("a/model", Settings(openai_url="http://127.0.0.1:9/v1", openai_seconds=1))
    with pytest.raises(ModelUnavailable):
        read(engine)


def test_a_model_the_server_does_not_have_is_asked_for_once(server: StandIn) -> None:
    server.answers = [refuses(404)]
    with pytest.raises(ModelUnavailable):
        read(reader(server))
    assert len(server.asked) == 1


def test_a_refused_page_fails_alone_without_internals(server: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = [refuses(400, "prompt is too long at /srv/models/x"), says("the other one")]
    readings = read(reader(server, openai_concurrency=1), page(1), page(2))
    assert sorted(reading.text for reading in readings) == ["", "the other one"]
    [failure] = [reading.failure for reading in readings if reading.failure]
    assert "/srv" not in failure
    assert "/srv" in caplog.text


def test_a_server_without_probabilities_is_asked_without(server: StandIn) -> None:
    server.answers = [refuses(400, "logprobs are not supported"), says("whole")]
    engine = reader(server)
    assert read(engine)[0].text == "whole"
    read(engine)
    assert [asked.get("logprobs", False) for asked in server.asked] == [True, False, False]


@pytest.mark.parametrize("probability", [0.9, None], ids=["tokens", "characters"])
def test_a_loop_is_stopped_and_reported(server: StandIn, probability: float | None) -> None:
    server.answers = [says("Total 42\n", *(["again "] * 3000), probability=probability)]
    [reading] = read(reader(server))
    assert reading.text.startswith("Total 42")
    assert reading.text.count("again") < 10
    assert any("repeated itself" in warning for warning in reading.warnings)


def test_an_answer_that_was_too_long_says_so(server: StandIn) -> None:
    server.answers = [says("The first half", end="length")]
    [reading] = read(reader(server))
    assert any("max_new_tokens" in warning for warning in reading.warnings)


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "talking"])
def test_cancelling_hangs_up_at_once(server: StandIn, silent: bool) -> None:
    released = threading.Event()
    server.answers = [is_silent_until(released) if silent else drips("word ", 0.02)]
    engine = reader(server)
    cancelled = threading.Event()

    def cancel_once_asked() -> None:
        while not server.asked:
            time.sleep(0.01)
        cancelled.set()

    threading.Thread(target=cancel_once_asked).start()
    with stops(JobCancelled):
        read(engine, cancelled=cancelled.is_set)
    released.set()
    if not silent:
        assert server.left.acquire(timeout=10)


def test_the_deadline_ends_a_read(server: StandIn) -> None:
    server.answers = [drips("word ", 0.02)]
    with stops(TimeLimitExceeded):
        read(reader(server), deadline=time.monotonic() + 0.3)
    assert server.left.acquire(timeout=10)


def test_pages_are_asked_for_together_within_the_bound_and_come_back_in_order(server: StandIn) -> None:
    server.answers = [_after(0.15, says(f"page {n}")) for n in range(6)]
    engine = reader(server, openai_concurrency=3)
    readings = read(engine, *(page(number, width=20 + number) for number in range(6)))
    assert server.at_once == 3
    widths = [cv2.imdecode(np.frombuffer(picture_of(asked), np.uint8), 1).shape[1] for asked in server.asked]
    answered = {width: f"page {place}" for place, width in enumerate(widths)}
    assert [reading.text for reading in readings] == [answered[20 + number] for number in range(6)]


def _after(seconds: float, answer: Any) -> Any:
    def late(handler: Any) -> None:
        time.sleep(seconds)
        answer(handler)

    return late


def test_the_key_is_sent_and_never_logged(server: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = [refuses(401)]
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelUnavailable):
        read(reader(server, openai_key=SecretStr("sk-very-secret")))
    assert server.headers[0]["Authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in caplog.text


def test_a_circuit_opens_after_failures_and_lets_one_through_to_see() -> None:
    now = 0.0
    breaker = Breaker(failures=2, open_seconds=10, clock=lambda: now)
    breaker.failed()
    assert not breaker.seconds_left()
    breaker.failed()
    assert breaker.seconds_left() == 10
    now = 10.5
    assert not breaker.seconds_left()
    assert breaker.seconds_left()  # the second waits for what the first finds
    breaker.failed()
    assert breaker.seconds_left() == 10
    now = 21
    assert not breaker.seconds_left()
    breaker.abandoned()
    assert not breaker.seconds_left()
    breaker.succeeded()
    assert not breaker.seconds_left()
