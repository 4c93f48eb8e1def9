"""The four synchronous routes."""

from __future__ import annotations

import threading
import time

import pytest

from app import create_app
from ocrq.contracts import STRUCTURED, TextResult
from ocrq.errors import BrokerUnavailable, ReadFailed


def test_a_document_in_json_is_answered_with_its_result(client, image):
    response = client.post("/extract_text", json={"image": image})
    assert response.status_code == 200
    assert response.content_type == "application/json"
    result = TextResult.model_validate_json(response.data)
    assert result.text == "Hello from page 1\nGrüße, 世界 £9"
    assert result.metadata.model_name == "fake"


def test_the_answer_is_utf_8_as_it_stands(client, image):
    assert "Grüße, 世界 £9".encode() in client.post("/extract_text", json={"image": image}).data


def test_options_reach_the_reader(client, image, runner):
    client.post("/extract_text", json={"image": image, "ensemble_size": 4, "prompt": "read", "use_preprocessing": True})
    request = runner.requests[0]
    assert (request.ensemble_size, request.prompt, request.use_preprocessing) == (4, "read", True)
    assert request.image == ""


@pytest.mark.parametrize("operation", STRUCTURED)
def test_a_structured_read_without_a_schema_is_422(client, image, problem, operation):
    problem_json = problem(client.post(f"/{operation}", json={"image": image}), 422, "invalid_schema", "schema")
    assert "missing" in problem_json["detail"]


def test_a_document_that_the_reader_cannot_open_is_422(client, png, problem):
    response = client.post("/extract_text", data=png[:60], content_type="image/png")
    problem_json = problem(response, 422, "unreadable_document", "image")
    assert client.get(f"/jobs/{problem_json['job_id']}").get_json()["status"] == "failed"


def test_a_failed_read_answers_with_its_own_status(client, image, runner, problem):
    runner.fail = ReadFailed("no page could be read; send a sharper scan", field="image")
    problem(client.post("/extract_text", json={"image": image}), 500, "read_failed", "image")


def test_what_nobody_foresaw_in_the_reader_shows_an_id_and_nothing_else(client, image, runner, problem, caplog):
    runner.fail = RuntimeError("a secret of the inside")
    problem_json = problem(client.post("/extract_text", json={"image": image}), 500, "internal_error")
    assert "secret" not in str(problem_json)
    assert problem_json["error_id"] in caplog.text


def test_a_wait_that_runs_out_says_where_the_job_is_and_the_job_goes_on(client, image, runner, problem):
    runner.gate.clear()
    response = client.post("/extract_text", json={"image": image}, headers={"Prefer": "wait=0"})
    problem_json = problem(response, 504, "wait_timeout")
    assert response.headers["Location"] == f"/jobs/{problem_json['job_id']}"
    assert response.headers["Retry-After"] == "1"
    assert problem_json["retryable"] is True
    runner.gate.set()
    assert client.get(response.headers["Location"] + "?wait=10").get_json()["status"] == "succeeded"


def test_the_operators_longest_wait_bounds_the_callers(backend, image, runner, problem, settings):
    runner.gate.clear()
    client = create_app(backend, settings.model_copy(update={"sync_seconds": 0.05})).test_client()
    started = time.monotonic()
    response = client.post("/extract_text", json={"image": image}, headers={"Prefer": "wait=60"})
    problem(response, 504, "wait_timeout")
    assert time.monotonic() - started < 5


def test_respond_async_answers_with_the_job_at_once(client, image, runner):
    runner.gate.clear()
    response = client.post("/extract_text", json={"image": image}, headers={"Prefer": "respond-async"})
    job = response.get_json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/jobs/{job['id']}"
    assert response.headers["Preference-Applied"] == "respond-async"
    assert job["status"] in {"queued", "running"}


def test_respond_async_with_a_wait_answers_with_the_result_if_it_comes_in_time(client, image, runner):
    prefer = {"Prefer": "respond-async, wait=10"}
    assert client.post("/extract_text", json={"image": image}, headers=prefer).status_code == 200
    runner.gate.clear()
    late = client.post("/extract_text", json={"image": image}, headers={"Prefer": "respond-async, wait=0"})
    assert late.status_code == 202


def test_a_job_cancelled_while_its_caller_waits_is_reported(client, app, image, runner, problem):
    runner.gate.clear()
    answers = []
    caller = threading.Thread(
        target=lambda: answers.append(app.test_client().post("/extract_text", json={"image": image}))
    )
    caller.start()
    deadline = time.monotonic() + 10
    while not client.get("/health").get_json()["busy"]:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    started = client.post("/extract_text", json={"image": image}, headers={"Idempotency-Key": "k", "Prefer": "wait=0"})
    client.delete(started.headers["Location"])
    problem_json = problem(
        client.post("/extract_text", json={"image": image}, headers={"Idempotency-Key": "k"}), 409, "job_cancelled"
    )
    assert problem_json["job_id"] in started.headers["Location"]
    runner.gate.set()
    caller.join()
    assert answers[0].status_code == 200


def test_a_repeated_request_with_a_key_is_read_once(client, image, runner):
    for _ in range(3):
        response = client.post("/extract_text", json={"image": image}, headers={"Idempotency-Key": "order-7"})
        assert response.status_code == 200
    assert len(runner.reads) == 1


def test_a_wait_that_breaks_off_still_says_where_the_job_is(client, image, backend, problem, monkeypatch):
    def broken(job_id, seconds, owner=None, **_):
        raise BrokerUnavailable("the queue does not answer; try again")

    monkeypatch.setattr(backend, "wait", broken)
    response = client.post("/extract_text", json={"image": image})
    problem(response, 503, "broker_unavailable")
    assert response.headers["Location"].startswith("/jobs/")
    assert int(response.headers["Retry-After"]) > 0


def test_no_more_callers_wait_than_may_and_the_refused_one_has_submitted_nothing(app, image, runner, backend, problem):
    runner.gate.clear()
    callers = [
        threading.Thread(target=lambda: app.test_client().post("/extract_text", json={"image": image, "cache": False}))
        for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + 10
    while backend.health().busy + backend.health().queued["local"] < 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    response = app.test_client().post("/extract_text", json={"image": image})
    problem(response, 429, "too_many_waiting")
    assert int(response.headers["Retry-After"]) > 0
    assert backend.health().queued["local"] == 2
    assert app.test_client().get("/health").status_code == 200
    runner.gate.set()
    for caller in callers:
        caller.join()
    assert app.test_client().post("/extract_text", json={"image": image}).status_code == 200
