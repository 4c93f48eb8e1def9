"""`/metrics`, the access log and the ids of requests, over both stores."""

from __future__ import annotations

import base64
import logging

import fakeredis
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from tasks.monitoring.counters import COUNTERS
from tasks.monitoring.metrics import COUNTED, GAUGES, TIMED
from tasks.settings import Settings
from tests.redis_service import reading_from


@pytest.fixture(autouse=True)
def _from_zero():
    COUNTERS.take()


def measured(client):
    response = client.get("/metrics")
    assert response.status_code == 200 and response.mimetype == "text/plain"
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def read(client, image, **fields):
    body = {"endpoint": "/extract_text", "request": {"image": image, **fields}}
    location = client.post("/jobs", json=body).headers["Location"]
    return client.get(f"{location}?wait=30").get_json()


@pytest.fixture(params=["memory", "redis"])
def either(request, runner, client):
    if request.param == "memory":
        yield client
        return
    settings = Settings(model="fake")
    with reading_from(fakeredis.FakeServer(), runner, settings, 1) as (service, _, _):
        yield create_app(service, settings).test_client()


def test_what_was_read_is_counted(either, image, png):
    assert read(either, image)["status"] == "succeeded"
    read(either, image)
    assert read(either, base64.b64encode(png[:60]).decode())["status"] == "failed"
    found = measured(either)
    text = ("operation", "extract_text")
    assert found["ocrq_jobs_total", ("code", ""), text, ("status", "succeeded")] == 2
    (code,) = [dict(key[1:])["code"] for key in found if key[0] == "ocrq_jobs_total" and ("status", "failed") in key]
    assert code == "unreadable_document"
    assert found["ocrq_cache_hits_total", text] == 1
    assert sum(value for key, value in found.items() if key[0] == "ocrq_pages_total") == 1
    assert found["ocrq_job_seconds_count", text] == 2
    assert found["ocrq_job_seconds_bucket", ("le", "+Inf"), text] == 2
    assert 0 < found["ocrq_job_seconds_sum", text] < 60
    route = ("route", "/jobs")
    assert found["ocrq_http_requests_total", ("method", "POST"), route, ("status", "202")] == 3
    assert found["ocrq_http_request_seconds_count", route] == 3


def test_the_queue_is_measured(either, image, runner):
    runner.gate.clear()
    body = {"endpoint": "/extract_text", "request": {"image": image, "cache": False}}
    ids = [either.post("/jobs", json=body).get_json()["id"] for _ in range(3)]
    while either.get(f"/jobs/{ids[0]}").get_json()["status"] == "queued":
        pass
    found = measured(either)
    assert sum(value for key, value in found.items() if key[0] == "ocrq_queue_jobs") == 2
    runner.gate.set()


def test_every_metric_is_reported_with_its_help(client):
    text = client.get("/metrics").text
    assert not [name for name in (*COUNTED, *TIMED, *GAUGES) if f"# HELP ocrq_{name}" not in text]


def test_without_redis_the_metrics_say_so(runner):
    server = fakeredis.FakeServer()
    with reading_from(server, runner, Settings(model="fake"), 1) as (service, _, _):
        client = create_app(service, Settings(model="fake")).test_client()
        assert measured(client)[("ocrq_redis_up",)] == 1
        server.connected = False
        assert measured(client)[("ocrq_redis_up",)] == 0
        server.connected = True


def test_ids_in_paths_make_no_series_of_their_own(client):
    for path in ("/jobs/a", "/jobs/b", "/nothing/a"):
        client.get(path)
    routes = {key for key in COUNTERS.snapshot() if key.startswith("http_requests")}
    assert {key.split("route=")[1].split("|")[0] for key in routes} == {"/jobs/<job_id>", "none"}


def test_a_request_is_logged_with_its_id_and_without_its_query(client, caplog):
    caplog.set_level(logging.INFO, "ocrq.access")
    response = client.get("/jobs/unknown?key=secret", headers={"X-Request-ID": "from-a-proxy-1"})
    assert response.headers["X-Request-ID"] == "from-a-proxy-1"
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ocrq.access"]
    assert '"GET /jobs/unknown" 404' in line and "from-a-proxy-1" in line and "secret" not in line


def test_an_id_that_could_forge_a_line_is_replaced(client):
    sent = "x" * 100
    assert client.get("/livez", headers={"X-Request-ID": sent}).headers["X-Request-ID"] != sent
