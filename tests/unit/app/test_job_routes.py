"""Jobs over HTTP: submit, look, wait, cancel."""

from __future__ import annotations

import io
import time

import pytest

from app.uploads import MAX_BATCH
from ocrq.contracts import Batch, Job
from ocrq.errors import BrokerUnavailable, JobExpired


def submit(client, image, **more):
    return client.post("/jobs", json={"endpoint": "/extract_text", "request": {"image": image}}, **more)


def test_a_submitted_document_becomes_a_job(client, image):
    response = submit(client, image)
    job = Job.model_validate_json(response.data)
    assert response.status_code == 202
    assert response.headers["Location"] == f"/jobs/{job.id}"
    assert job.status in {"queued", "running", "succeeded"}


def test_a_wait_holds_the_answer_until_the_job_has_ended(client, image):
    location = submit(client, image).headers["Location"]
    job = client.get(f"{location}?wait=10").get_json()
    assert job["status"] == "succeeded"
    assert job["result"]["text"].startswith("Hello")
    assert job["progress"] == {"done": 1, "total": 1, "unit": "page"}


def test_a_wait_ends_when_its_seconds_have_passed(client, image, runner):
    runner.gate.clear()
    location = submit(client, image).headers["Location"]
    started = time.monotonic()
    assert client.get(f"{location}?wait=0.1").get_json()["status"] in {"queued", "running"}
    assert 0.1 <= time.monotonic() - started < 5


def test_without_a_wait_the_answer_comes_at_once(client, image, runner):
    runner.gate.clear()
    location = submit(client, image).headers["Location"]
    for path in (location, f"{location}?wait=0"):
        assert client.get(path).get_json()["status"] in {"queued", "running"}


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan", "inf", "", "1e9", "²"])
def test_a_wait_out_of_bounds_is_refused(client, image, problem, wait):
    location = submit(client, image).headers["Location"]
    problem(client.get(location, query_string={"wait": wait}), 400, "invalid_request", "wait")


def test_a_failed_job_is_found_with_its_error(client, png):
    response = client.post("/jobs", data=png[:60], content_type="image/png")
    found = client.get(response.headers["Location"] + "?wait=10")
    assert found.status_code == 200
    assert found.get_json()["error"]["code"] == "unreadable_document"


def test_a_cancelled_job_stays_cancelled(client, image, runner):
    runner.gate.clear()
    location = submit(client, image).headers["Location"]
    assert client.delete(location).status_code == 200
    assert client.get(f"{location}?wait=10").get_json()["status"] == "cancelled"
    assert client.delete(location).get_json()["status"] == "cancelled"


def test_an_unknown_job_is_404_whatever_is_asked_of_it(client, problem):
    for method, path in [("GET", ""), ("GET", "?wait=5"), ("DELETE", ""), ("GET", "/events")]:
        problem(client.open(f"/jobs/none{path}", method=method), 404, "job_not_found")


def test_an_expired_job_is_410(client, image, backend, problem, monkeypatch):
    def expired(*_args, **_more):
        raise JobExpired("the job ended and its result was removed; submit the document again")

    for name in ("get", "wait", "cancel"):
        monkeypatch.setattr(backend, name, expired)
    for method, path in [("GET", ""), ("GET", "?wait=5"), ("DELETE", ""), ("GET", "/events")]:
        problem(client.open(f"/jobs/old{path}", method=method), 410, "job_expired")


def test_a_queue_that_does_not_answer_is_503_with_retry_after(client, image, backend, problem, monkeypatch):
    def silent(*_args, **_more):
        raise BrokerUnavailable("the queue does not answer; try again")

    for name in ("submit", "submit_batch", "get"):
        monkeypatch.setattr(backend, name, silent)
    for response in (submit(client, image), client.get("/jobs/a"), client.post("/extract_text", json={"image": image})):
        problem(response, 503, "broker_unavailable")
        assert int(response.headers["Retry-After"]) > 0


def test_a_full_queue_is_429_with_retry_after(client, image, runner, settings, problem):
    runner.gate.clear()
    body = {"endpoint": "/extract_text", "request": {"image": image, "cache": False}}
    while (response := client.post("/jobs", json=body)).status_code == 202:
        pass
    problem(response, 429, "queue_full")
    assert int(response.headers["Retry-After"]) >= 1


def test_a_repeated_submit_returns_the_first_job_and_another_body_conflicts(client, image, problem):
    key = {"Idempotency-Key": "6f1c"}
    first = submit(client, image, headers=key).get_json()
    assert submit(client, image, headers=key).get_json()["id"] == first["id"]
    body = {"endpoint": "/extract_text", "request": {"image": image, "prompt": "other"}}
    problem_json = problem(client.post("/jobs", json=body, headers=key), 409, "job_conflict", "Idempotency-Key")
    assert problem_json["job_id"] == first["id"]


def test_a_batch_goes_on_past_its_bad_items(client, image):
    body = {"endpoint": "/extract_text", "requests": [{"image": image}, {"image": "%"}, "text", {"image": image}]}
    response = client.post("/jobs", json=body)
    assert response.status_code == 202
    batch = Batch.model_validate(client.get(response.headers["Location"] + "?wait=10").get_json())
    assert [job.status for job in batch.jobs] == ["succeeded", "failed", "failed", "succeeded"]
    assert [job.error.code for job in batch.jobs if job.error] == ["invalid_image", "invalid_request"]
    assert batch.status == "failed"
    assert client.get(f"/jobs/{batch.jobs[1].id}").get_json()["status"] == "failed"


def test_a_batch_of_one_is_a_batch(client, image):
    body = {"endpoint": "/extract_text", "requests": [{"image": image}]}
    assert len(client.post("/jobs", json=body).get_json()["jobs"]) == 1


def test_several_files_are_a_batch_and_one_is_a_job(client, png):
    form = {"file": [(io.BytesIO(png), "a.png"), (io.BytesIO(b"nonsense"), "b.png")], "prompt": "read"}
    batch = client.post("/jobs", data=form).get_json()
    batch = client.get(f"/jobs/{batch['id']}?wait=10").get_json()
    assert [job["status"] for job in batch["jobs"]] == ["succeeded", "failed"]
    assert "jobs" not in client.post("/jobs", data={"file": (io.BytesIO(png), "a.png")}).get_json()


def test_an_upload_may_name_its_endpoint(client, png, problem):
    form = {"file": (io.BytesIO(png), "a.png"), "endpoint": "extract_text", "request": '{"prompt": "read"}'}
    assert client.post("/jobs", data=form).status_code == 202
    assert client.post("/jobs?endpoint=/extract_text", data=png, content_type="image/png").status_code == 202
    form = {"file": (io.BytesIO(png), "a.png"), "endpoint": "/poem"}
    problem(client.post("/jobs", data=form), 404, "not_found", "endpoint")
    problem(client.post("/jobs?endpoint=x", data=png, content_type="image/png"), 404, "not_found", "endpoint")


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "invalid_request", "endpoint"),
        ({"endpoint": 4, "request": {}}, 400, "invalid_request", "endpoint"),
        ({"endpoint": "/poem", "request": {}}, 404, "not_found", "endpoint"),
        ({"endpoint": "/extract_text"}, 400, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "request": {}, "requests": [{}]}, 400, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "request": [1]}, 400, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "requests": []}, 400, "invalid_request", "requests"),
        ({"endpoint": "/extract_text", "requests": {}}, 400, "invalid_request", "requests"),
        ({"endpoint": "/extract_text", "requests": [{}] * (MAX_BATCH + 1)}, 400, "invalid_request", "requests"),
        ({"endpoint": "/extract_text", "image": "abc"}, 400, "invalid_request", "image"),
        ({"endpoint": "/extract_text", "priorty": 1}, 400, "invalid_request", "priorty"),
        ({"endpoint": "/extract_text", "request": {}}, 400, "invalid_image", "image"),
    ],
)
def test_a_wrong_submission_is_refused_with_the_reason(client, problem, body, status, code, field):
    problem(client.post("/jobs", json=body), status, code, field)


def test_waits_for_jobs_are_bounded_too(client, image, runner, settings, problem):
    runner.gate.clear()
    location = submit(client, image).headers["Location"]
    streams = [client.get(f"{location}/events") for _ in range(settings.max_waiting)]
    problem(client.get(f"{location}?wait=1"), 429, "too_many_waiting")
    assert client.get(location).status_code == 200
    for stream in streams:
        stream.close()
    assert client.get(f"{location}?wait=0.01").status_code == 200
