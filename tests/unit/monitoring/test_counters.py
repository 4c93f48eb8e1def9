from __future__ import annotations

import fakeredis
import pytest
import redis

from tasks.monitoring.counters import COUNTERS, KEY, Counters, SharedCounters
from tasks.monitoring.stages import stage


def test_what_processes_count_is_added_up() -> None:
    client, one, other = fakeredis.FakeRedis(), Counters(), Counters()
    for counters, pages in ((one, 2), (other, 3)):
        counters.add("pages", pages, engine="fake")
        SharedCounters(client, counters).flush()
        SharedCounters(client, counters).flush()
    assert SharedCounters(client).sums()["pages|engine=fake"] == 5


def test_a_duration_is_counted_in_its_bucket() -> None:
    counters = Counters()
    for seconds in (0.05, 0.1, 3.0, 10_000.0):
        counters.observe("job_seconds", seconds, operation="extract_text")
    assert counters.snapshot() == {
        "job_seconds|le=0.1|operation=extract_text": 2,
        "job_seconds|le=5|operation=extract_text": 1,
        "job_seconds|le=inf|operation=extract_text": 1,
        "job_seconds_sum|operation=extract_text": pytest.approx(10_003.15),
    }


def test_what_redis_does_not_take_stays_counted() -> None:
    counters, server = Counters(), fakeredis.FakeServer()
    client = fakeredis.FakeRedis(server=server)
    counters.add("attempts")
    server.connected = False
    with pytest.raises(redis.ConnectionError):
        SharedCounters(client, counters).flush()
    server.connected = True
    counters.add("attempts")
    SharedCounters(client, counters).flush()
    assert client.hgetall(KEY) == {b"attempts": b"2"}


def test_a_label_s_value_cannot_break_a_series() -> None:
    counters = Counters()
    counters.add("model_loads", model="a|b=c")
    assert list(counters.snapshot()) == ["model_loads|model=a_b=c"]


def test_a_stage_within_another_is_counted_for_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 1.0, 5.0, 7.0))
    monkeypatch.setattr("tasks.monitoring.stages.time.perf_counter", lambda: next(clock))
    COUNTERS.take()
    with stage("fields"), stage("recognise"):
        pass
    assert COUNTERS.take() == {"stage_seconds|stage=recognise": 4.0, "stage_seconds|stage=fields": 3.0}
