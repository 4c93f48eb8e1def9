"""What the service says of itself, and what every route has in common."""

from __future__ import annotations

import pytest

from app import create_app
from ocrq.contracts import Health
from tasks.catalogue import Catalogue
from tasks.execution.inline import inline_service


@pytest.fixture
def without_worker(settings):
    return create_app(inline_service(settings, Catalogue.from_settings(settings))[0], settings).test_client()


def test_health_is_200_while_something_reads(client):
    response = client.get("/health")
    assert response.status_code == 200
    assert Health.model_validate(response.get_json()).status == "healthy"


def test_a_degraded_service_still_answers_200(client, backend, monkeypatch):
    degraded = backend.health().model_copy(update={"status": "degraded"})
    monkeypatch.setattr(backend, "health", lambda: degraded)
    assert client.get("/health").status_code == 200


def test_an_unhealthy_service_answers_503_with_the_whole_health(without_worker):
    response = without_worker.get("/health")
    assert response.status_code == 503
    health = Health.model_validate(response.get_json())
    assert health.status == "unhealthy" and health.reasons


def test_readiness_and_liveness_are_two_things(client, without_worker, problem):
    assert client.get("/readyz").status_code == 200
    assert without_worker.get("/livez").status_code == 200
    response = without_worker.get("/readyz")
    problem(response, 503, "no_worker")
    assert int(response.headers["Retry-After"]) > 0


def test_without_a_worker_nothing_is_accepted(without_worker, image, problem):
    problem(without_worker.post("/extract_text", json={"image": image}), 503, "no_worker")


def test_models_are_listed(client):
    assert [model["name"] for model in client.get("/models").get_json()["models"]] == ["fake"]


@pytest.mark.parametrize("path", ["//health", "/health/", "///health//"])
def test_doubled_and_trailing_slashes_do_no_harm(client, path):
    assert client.get("/", environ_overrides={"PATH_INFO": path}).get_json()["status"] == "healthy"


@pytest.mark.parametrize("path", ["//extract_text", "/extract_text/", "//extract_text//"])
def test_a_post_keeps_its_body_through_them(client, image, path):
    response = client.post("/", json={"image": image}, environ_overrides={"PATH_INFO": path})
    assert response.status_code == 200
    assert response.get_json()["text"]


def test_jobs_take_them_too(client, image):
    body = {"endpoint": "/extract_text", "request": {"image": image}}
    job = client.post("/", json=body, environ_overrides={"PATH_INFO": "//jobs/"}).get_json()
    path = f"/jobs//{job['id']}/"
    assert client.get("/", environ_overrides={"PATH_INFO": path}).get_json()["id"] == job["id"]


def test_nothing_here_is_404(client, problem):
    for path in ("/nothing", "/jobs/a/b/c", "/static/nothing.js", "/static/../application.py"):
        problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/extract_text"), ("PUT", "/jobs"), ("GET", "/jobs/a/retry"), ("POST", "/health"), ("PATCH", "/jobs/a")],
)
def test_a_wrong_method_is_405_and_says_which_are_right(client, problem, method, path):
    response = client.open(path, method=method)
    problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"]


def test_options_and_head_are_answered(client):
    assert "POST" in client.options("/jobs").headers["Allow"]
    head = client.head("/health")
    assert (head.status_code, head.data) == (200, b"")


def test_what_nobody_foresaw_is_500_with_an_id_that_is_in_the_log(client, backend, problem, monkeypatch, caplog):
    def broken():
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(backend, "health", broken)
    problem_json = problem(client.get("/health"), 500, "internal_error")
    assert "secret" not in str(problem_json)
    assert problem_json["error_id"] in caplog.text
    assert "a secret of the inside" in caplog.text


def test_answers_are_not_stored_sniffed_or_followed_by_cookies(client, image):
    for response in (
        client.get("/health"),
        client.get("/nothing"),
        client.post("/extract_text", json={"image": image}),
    ):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in response.headers
        assert "Access-Control-Allow-Origin" not in response.headers


def test_the_page_runs_nothing_but_its_own_files(client):
    response = client.get("/")
    assert response.content_type == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "<script>" not in response.text and " style=" not in response.text and "onclick" not in response.text
    assert "://" not in response.text.replace("http://www.w3.org", "")
