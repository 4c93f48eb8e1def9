"""The Backend of one process, through a real Runner."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image

from ocrq.contracts import Batch, Job, parse_request
from ocrq.errors import (
    InvalidImage,
    InvalidRequest,
    JobConflict,
    JobExpired,
    JobNotFound,
    ModelNotAllowed,
    NoWorker,
    QueueFull,
)
from tasks.catalogue import Catalogue
from tasks.jobs.backend import Backend, Submission
from tasks.jobs.local import LocalBackend
from tasks.settings import Settings
from tests.documents import as_png, as_tiff
from tests.page_runner import PageRunner

PNG = as_png(Image.new("RGB", (60, 40), "white"))
THREE_PAGES = as_tiff([Image.new("RGB", (60, 40), "white") for _ in range(3)])
SETTINGS = Settings(model="fake", job_ttl=100, max_queued=3)
LONG = 10.0  # seconds; no wait here takes so long unless something is broken


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend(runner: PageRunner, clock: Clock) -> Iterator[LocalBackend]:
    made = LocalBackend(runner, SETTINGS, Catalogue.from_settings(SETTINGS), threads=1, clock=clock)
    yield made
    runner.gate.set()
    made.close()


def a_submission(document: bytes = PNG, key: str | None = None, owner: str | None = None, **fields) -> Submission:
    return Submission("extract_text", parse_request(fields), document, key, owner)


def until_running(backend: LocalBackend, job_id: str) -> None:
    deadline = time.monotonic() + LONG
    while backend.get(job_id).status == "queued":
        assert time.monotonic() < deadline
        time.sleep(0.002)


def finished(backend: Backend, submission: Submission) -> Job:
    job = backend.wait(backend.submit(submission).id, LONG, submission.owner)
    assert isinstance(job, Job)
    return job


def test_a_job_ends_with_the_runners_result(backend):
    job = finished(backend, a_submission(THREE_PAGES))
    assert job.status == "succeeded"
    assert [page["page"] for page in job.result["pages"]] == [1, 2, 3]
    assert job.progress.model_dump() == {"done": 3, "total": 3, "unit": "page"}
    assert job.created_at <= job.started_at <= job.finished_at
    assert job.attempts == 1
    assert job.error is None


def test_a_job_that_cannot_be_read_fails_with_the_readers_error(backend):
    job = finished(backend, a_submission(PNG[:60]))
    assert job.status == "failed"
    assert job.result is None
    assert (job.error.code, job.error.field) == ("unreadable_document", "image")


def test_what_nobody_foresaw_is_told_by_an_id_that_is_in_the_log(runner, backend, caplog):
    runner.fail = KeyError("a secret of the inside")
    with caplog.at_level(logging.ERROR):
        error = finished(backend, a_submission()).error
    assert error.code == "internal_error"
    assert "secret" not in error.model_dump_json()
    assert error.model_extra["error_id"] in error.detail
    assert error.model_extra["error_id"] in caplog.text
    assert "a secret of the inside" in caplog.text


def test_a_wait_that_runs_out_answers_the_job_as_it_is(runner, backend):
    runner.gate.clear()
    job = backend.submit(a_submission())
    assert backend.wait(job.id, 0.02).status in {"queued", "running"}


def test_pages_are_told_as_they_are_read_and_the_stream_ends_with_the_job(backend):
    job = backend.submit(a_submission(THREE_PAGES))
    events = [event for event in backend.events(job.id) if event]
    assert [event.name for event in events] == ["status", "status", "progress", *["page", "progress"] * 3, "status"]
    assert [event.data["page"] for event in events if event.name == "page"] == [1, 2, 3]
    assert events[-1].data["status"] == "succeeded"


def test_a_stream_goes_on_after_the_last_event_seen(backend):
    job = finished(backend, a_submission(THREE_PAGES))
    events = list(backend.events(job.id))
    assert list(backend.events(job.id, after=events[4].id)) == events[5:]
    assert list(backend.events(job.id, after=events[-1].id)) == []
    assert list(backend.events(job.id, after="nonsense")) == events


def test_a_silent_stream_says_that_it_lives(runner, backend, monkeypatch):
    monkeypatch.setattr("tasks.jobs.local.HEARTBEAT_SECONDS", 0.02)
    runner.gate.clear()
    job = backend.submit(a_submission())
    until_running(backend, job.id)
    stream = backend.events(job.id)
    assert [next(stream).name for _ in range(3)] == ["status", "status", "progress"]
    assert next(stream) is None


def test_a_job_that_waits_is_cancelled_at_once_and_never_read(runner, backend):
    runner.gate.clear()
    first, second = backend.submit(a_submission()), backend.submit(a_submission())
    assert backend.cancel(second.id).status == "cancelled"
    runner.gate.set()
    assert backend.wait(first.id, LONG).status == "succeeded"
    assert backend.get(second.id).error.code == "job_cancelled"
    assert len(runner.reads) == 1


def test_a_job_being_read_stops_at_its_next_step(runner, backend):
    runner.gate.clear()
    job = backend.submit(a_submission())
    until_running(backend, job.id)
    backend.cancel(job.id)
    assert backend.wait(job.id, LONG).status == "cancelled"
    assert runner.reads == []


def test_a_job_that_has_ended_stays_as_it_is_when_cancelled(backend):
    job = finished(backend, a_submission())
    assert backend.cancel(job.id) == job


def test_a_job_over_its_time_fails(runner):
    settings = Settings(model="fake", job_seconds=1)
    backend = LocalBackend(runner, settings, Catalogue.from_settings(settings))
    runner.gate.clear()
    assert finished(backend, a_submission()).error.code == "time_limit_exceeded"


def test_a_full_queue_says_when_to_come_again(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    for _ in range(3):
        backend.submit(a_submission())
    with pytest.raises(QueueFull) as caught:
        backend.submit(a_submission())
    assert caught.value.retry_after >= 1
    assert backend.health().status == "degraded"


def test_a_batch_that_does_not_fit_is_refused_whole(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    with pytest.raises(QueueFull):
        backend.submit_batch([a_submission()] * 4)
    assert backend.health().queued == {"local": 0}


def test_cancelling_makes_room(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    waiting = [backend.submit(a_submission()) for _ in range(3)]
    backend.cancel(waiting[0].id)
    assert backend.submit(a_submission()).status == "queued"


def test_an_unknown_job_is_not_found_and_an_ended_one_expires(backend, clock):
    with pytest.raises(JobNotFound):
        backend.get("nothing")
    job = finished(backend, a_submission())
    clock.now = SETTINGS.job_ttl - 1
    assert backend.get(job.id).status == "succeeded"
    clock.now = SETTINGS.job_ttl
    with pytest.raises(JobExpired):
        backend.get(job.id)


def test_a_job_is_its_owners_alone(backend):
    job = finished(backend, a_submission(owner="ann"))
    for ask in (backend.get, backend.cancel, partial(backend.events, after=None)):
        with pytest.raises(JobNotFound):
            ask(job.id, owner="bob")
    assert backend.get(job.id, "ann") == backend.get(job.id) == job


def test_an_idempotency_key_returns_the_first_job_while_it_is_kept(backend, clock, runner):
    first = finished(backend, a_submission(key="k"))
    assert backend.submit(a_submission(key="k")).id == first.id
    assert backend.submit(a_submission(key="k", owner="ann")).id != first.id
    clock.now = SETTINGS.job_ttl
    assert backend.submit(a_submission(key="k")).id != first.id


@pytest.mark.parametrize("other", [{"pages": "1"}, {"document": THREE_PAGES}], ids=["options", "document"])
def test_an_idempotency_key_of_another_request_is_a_conflict(backend, other):
    backend.submit(a_submission(key="k"))
    with pytest.raises(JobConflict) as caught:
        backend.submit(a_submission(key="k", **other))
    assert caught.value.field == "Idempotency-Key"


def test_a_batch_goes_on_past_its_bad_items(backend):
    items = [a_submission(), InvalidImage("not base64", field="image"), a_submission(PNG[:60])]
    batch = backend.wait(backend.submit_batch(items).id, LONG)
    assert isinstance(batch, Batch)
    assert [job.status for job in batch.jobs] == ["succeeded", "failed", "failed"]
    assert [job.error.code for job in batch.jobs[1:]] == ["invalid_image", "unreadable_document"]
    assert batch.status == "failed"
    assert batch.progress.model_dump() == {"done": 3, "total": 3, "unit": "job"}
    assert backend.get(batch.jobs[0].id) == batch.jobs[0]


def test_a_batch_item_that_is_not_served_fails_alone(backend):
    batch = backend.submit_batch([a_submission(model_name="gpt"), a_submission(webhook="https://a.example/")])
    assert [job.error.code for job in batch.jobs] == ["model_not_allowed", "invalid_request"]
    assert batch.status == "failed"


def test_a_batch_tells_each_item_that_ends(backend):
    batch = backend.submit_batch([a_submission(), a_submission()])
    events = [event for event in backend.events(batch.id) if event]
    assert [event.name for event in events] == ["progress", "progress", "status"]
    assert {event.data["job"] for event in events[:2]} == {job.id for job in batch.jobs}
    assert events[-1].data["status"] == "succeeded"


def test_a_cancelled_batch_cancels_its_items(runner, backend):
    runner.gate.clear()
    batch = backend.submit_batch([a_submission(), a_submission()])
    until_running(backend, batch.id)
    backend.cancel(batch.id)
    assert backend.wait(batch.id, LONG).status == "cancelled"


def test_a_batch_repeats_under_its_key_and_expires_with_its_items(backend, clock):
    items = [a_submission(key="k"), InvalidImage("empty", field="image")]
    first = backend.wait(backend.submit_batch(items).id, LONG)
    assert backend.submit_batch(items).id == first.id
    clock.now = SETTINGS.job_ttl
    with pytest.raises(JobExpired):
        backend.get(first.id)


def test_what_is_not_served_is_refused_at_the_door(backend):
    with pytest.raises(ModelNotAllowed):
        backend.submit(a_submission(model_name="gpt"))
    with pytest.raises(InvalidRequest) as caught:
        backend.submit(a_submission(webhook="https://a.example/"))
    assert caught.value.field == "webhook"


def test_without_a_runner_nothing_is_accepted_and_health_says_so():
    backend = LocalBackend(None, SETTINGS, Catalogue.from_settings(SETTINGS))
    with pytest.raises(NoWorker):
        backend.submit(a_submission())
    assert backend.health().status == "unhealthy"
    assert backend.health().reasons
    assert not backend.ready()
    assert backend.models().models[0].served_by is None


def test_health_and_models_tell_what_is_loaded(backend):
    health = backend.health()
    assert (health.status, health.models_loaded, health.workers, health.busy) == ("healthy", ["fake"], 1, 0)
    assert health.memory_info["workers_rss"] > 1_000_000
    assert backend.models().models[0].model_dump() == {
        "name": "fake",
        "engine": "fake",
        "pool": "cpu",
        "default": True,
        "loaded": True,
        "served_by": "fake",
    }


def test_many_threads_submit_and_each_job_ends_once(runner, clock):
    settings = replace_settings(max_queued=1000)
    backend = LocalBackend(runner, settings, Catalogue.from_settings(settings), threads=4, clock=clock)
    ids: list[str] = []

    def submit_some() -> None:
        ids.extend(backend.submit(a_submission()).id for _ in range(10))

    threads = [threading.Thread(target=submit_some) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {backend.wait(job_id, LONG).status for job_id in ids} == {"succeeded"}
    assert len(runner.reads) == len(ids) == 50
    backend.close()


def replace_settings(**changes) -> Settings:
    return SETTINGS.model_copy(update=changes)


def test_closing_cancels_what_is_left(runner, backend):
    runner.gate.clear()
    jobs = [backend.submit(a_submission()) for _ in range(2)]
    backend.close()
    assert {backend.get(job.id).status for job in jobs} == {"cancelled"}


def test_decoding_options_reach_the_reader_through_its_request(runner, backend):
    finished(backend, replace(a_submission(), request=parse_request({"decoding_options": {"num_beams": 4}})))
    assert runner.requests[0].decoding_options.num_beams == 4


def test_progress_inside_a_unit_is_the_documents(backend, monkeypatch, runner):
    def read_telling(*what):
        for done in range(1, len(what[3]) + 1):
            what[4].progress(done, len(what[3]))
        return PageRunner.read(runner, *what)

    monkeypatch.setattr(runner, "read", read_telling)
    runner.slice_pages = 2
    job = backend.submit(a_submission(THREE_PAGES))
    events = [event for event in backend.events(job.id) if event and event.name in {"page", "progress"}]
    told = [event.data.get("done", event.data.get("page")) for event in events]
    assert told == [0, 1, 2, 1, 2, 3, 3]
    assert {event.data["total"] for event in events if event.name == "progress"} == {3}
