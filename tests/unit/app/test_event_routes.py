"""Jobs as server-sent events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocrq.errors import BrokerUnavailable


def events_of(text: str) -> list[dict[str, Any]]:
    """The events of a stream, as a browser's EventSource would give them."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            events.append({**fields, "data": json.loads(fields["data"])})
    return events


@pytest.fixture
def location(client, three_pages) -> str:
    return client.post("/jobs", data=three_pages, content_type="image/tiff").headers["Location"]


def test_a_stream_reports_every_page_and_ends_with_the_job(client, location):
    response = client.get(f"{location}/events")
    assert response.status_code == 200
    assert response.content_type == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    events = events_of(response.text)
    assert [event["data"]["page"] for event in events if event["event"] == "page"] == [1, 2, 3]
    assert events[-1]["event"] == "status"
    assert events[-1]["data"] == client.get(location).get_json()
    assert len({event["id"] for event in events}) == len(events)
    assert "Grüße, 世界" in response.text


def test_a_broken_stream_goes_on_where_it_broke(client, location):
    events = events_of(client.get(f"{location}/events").text)
    rest = client.get(f"{location}/events", headers={"Last-Event-ID": events[3]["id"]})
    assert events_of(rest.text) == events[4:]


def test_a_finished_stream_stops_the_browser_from_reconnecting(client, location):
    events = events_of(client.get(f"{location}/events").text)
    response = client.get(f"{location}/events", headers={"Last-Event-ID": events[-1]["id"]})
    assert (response.status_code, response.data) == (204, b"")


def test_an_unknown_last_event_id_replays_all_events(client, location):
    whole = events_of(client.get(f"{location}/events").text)
    for strange in ("'; drop", "1-2-3", "é"):
        response = client.get(f"{location}/events", headers={"Last-Event-ID": strange})
        assert events_of(response.text) == whole


def test_silence_is_filled_with_comments(client, png, runner, monkeypatch):
    monkeypatch.setattr("tasks.jobs.service.POLL_SECONDS", 0.02)
    runner.gate.clear()
    location = client.post("/jobs", data=png, content_type="image/png").headers["Location"]
    stream = client.get(f"{location}/events").iter_encoded()
    blocks = [next(stream) for _ in range(5)]
    assert blocks[-1] == b": still here\n\n"
    stream.close()


def test_a_listener_that_left_frees_its_wait_slot(client, png, runner, settings, problem):
    runner.gate.clear()
    location = client.post("/jobs", data=png, content_type="image/png").headers["Location"]
    open_streams = [client.get(f"{location}/events") for _ in range(settings.max_waiting)]
    problem(client.get(f"{location}/events"), 429, "too_many_waiting")
    for stream in open_streams:
        stream.close()
    with client.get(f"{location}/events") as response:
        assert response.status_code == 200


def test_a_stream_that_breaks_off_says_why(client, location, backend, monkeypatch):
    def breaking(job_id, after=None, owner=None):
        yield None
        raise BrokerUnavailable("the queue does not answer; try again")

    monkeypatch.setattr(backend, "events", breaking)
    last = events_of(client.get(f"{location}/events").text)[-1]
    assert last["event"] == "problem"
    assert last["data"]["code"] == "broker_unavailable"


def test_a_stream_that_breaks_unforeseen_says_an_id(client, location, backend, monkeypatch, caplog):
    def breaking(job_id, after=None, owner=None):
        yield None
        raise KeyError("a secret of the inside")

    monkeypatch.setattr(backend, "events", breaking)
    text = client.get(f"{location}/events").text
    assert "secret" not in text
    assert events_of(text)[-1]["data"]["error_id"] in caplog.text


def test_a_batch_reports_each_item(client, image):
    body = {"endpoint": "/extract_text", "requests": [{"image": image}, {"image": "%"}]}
    location = client.post("/jobs", json=body).headers["Location"]
    events = events_of(client.get(f"{location}/events").text)
    assert {event["event"] for event in events[:-1]} == {"progress"}
    assert events[-2]["data"] == {"done": 2, "total": 2, "unit": "job"}
    assert events[-1]["data"] == client.get(location).get_json()
