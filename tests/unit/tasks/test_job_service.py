"""One life of a job over both stores: memory, and Redis by its Lua scripts on fakeredis; a real Runner reads."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
    QueueFull,
)
from tasks.documents.submission import Submission
from tasks.jobs.service import JobService
from tests.documents import as_png, as_tiff
from tests.job_stores import SETTINGS, STORES, Jobs
from tests.page_runner import PageRunner

PNG = as_png(Image.new("RGB", (60, 40), "white"))
THREE_PAGES = as_tiff([Image.new("RGB", (60, 40), "white") for _ in range(3)])
LONG = 10.0  # seconds; no wait here takes so long unless something is broken


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest, runner: PageRunner) -> Iterator[Callable[..., Jobs]]:
    with ExitStack() as stack:
        yield lambda threads=1, **changes: stack.enter_context(
            STORES[request.param](runner, SETTINGS.model_copy(update=changes), threads)
        )


@pytest.fixture
def jobs(make: Callable[..., Jobs]) -> Jobs:
    return make()


@pytest.fixture
def backend(jobs: Jobs) -> JobService:
    return jobs.service


@pytest.fixture
def expire(jobs: Jobs) -> Callable[..., None]:
    return jobs.expire


def a_submission(document: bytes = PNG, key: str | None = None, owner: str | None = None, **fields) -> Submission:
    return Submission("extract_text", parse_request({"cache": False, **fields}), document, key, owner)


def until_running(backend: JobService, job_id: str) -> None:
    deadline = time.monotonic() + LONG
    while backend.get(job_id).status == "queued":
        assert time.monotonic() < deadline
        time.sleep(0.002)


def finished(backend: JobService, submission: Submission) -> Job:
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


def test_an_unexpected_error_is_reported_by_an_id_that_is_in_the_log(runner, backend, caplog):
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


def test_pages_are_reported_as_they_are_read_and_the_stream_ends_with_the_job(backend):
    job = backend.submit(a_submission(THREE_PAGES))
    events = [event for event in backend.events(job.id) if event]
    assert [event.name for event in events] == ["status", "progress", *["progress", "page"] * 3, "status"]
    assert [event.data["page"] for event in events if event.name == "page"] == [1, 2, 3]
    assert events[-1].data["status"] == "succeeded"


def test_a_stream_goes_on_after_the_last_event_seen(backend):
    job = finished(backend, a_submission(THREE_PAGES))
    events = list(backend.events(job.id))
    assert list(backend.events(job.id, after=events[3].id)) == events[4:]
    assert list(backend.events(job.id, after=events[-1].id)) == []
    assert list(backend.events(job.id, after="nonsense")) == events
    assert list(backend.events(job.id, after="9" * 20)) == events


def test_a_silent_stream_says_that_it_lives(runner, backend, monkeypatch):
    monkeypatch.setattr("tasks.jobs.service.POLL_SECONDS", 0.02)
    runner.gate.clear()
    job = backend.submit(a_submission())
    until_running(backend, job.id)
    stream = backend.events(job.id)
    assert next(stream).name == "status"
    assert any(event is None for event in itertools.islice(stream, 3))


def test_a_job_that_waits_is_cancelled_at_once_and_never_read(runner, backend):
    runner.gate.clear()
    first, second = backend.submit(a_submission()), backend.submit(a_submission())
    assert backend.cancel(second.id).status == "cancelled"
    runner.gate.set()
    assert backend.wait(first.id, LONG).status == "succeeded"
    assert backend.get(second.id).result is None
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


def test_a_job_over_its_time_fails(runner, make):
    runner.gate.clear()
    assert finished(make(job_seconds=0).service, a_submission()).error.code == "time_limit_exceeded"


def test_owners_are_served_in_turn(make, runner):
    backend = make(max_queued=100).service
    runner.gate.clear()
    ann = [backend.submit(replace(a_submission(prompt=f"a{n}"), owner="ann")).id for n in range(6)]
    bob = backend.submit(replace(a_submission(prompt="b"), owner="bob")).id
    runner.gate.set()
    started = {job_id: backend.wait(job_id, LONG).started_at for job_id in [*ann, bob]}
    assert sum(started[job_id] < started[bob] for job_id in ann) <= 2


def test_jobs_that_ended_count_among_those_kept_of_an_owner(make):
    backend = make(max_kept=3).service
    errors = [InvalidImage("not base64", field="image")] * 2
    backend.submit_batch([replace(a_submission(), owner="ann"), *errors], "ann")
    with pytest.raises(QueueFull, match="OCRQ_MAX_KEPT") as caught:
        backend.submit(replace(a_submission(), owner="ann"))
    assert caught.value.retry_after
    assert backend.submit(replace(a_submission(), owner="bob")).id


def test_bytes_of_an_owners_documents_are_bounded_while_they_wait(make, runner):
    backend = make(max_waiting_mb=1, max_queued=100).service
    runner.gate.clear()
    large = PNG + bytes(600_000)
    first = backend.submit(replace(a_submission(large), owner="ann"))
    with pytest.raises(QueueFull, match="OCRQ_MAX_WAITING_MB"):
        backend.submit(replace(a_submission(large + b"2"), owner="ann"))
    backend.submit(replace(a_submission(large), owner="bob"))
    runner.gate.set()
    assert backend.wait(first.id, LONG).status == "succeeded"
    assert backend.submit(replace(a_submission(large + b"2"), owner="ann")).id


def test_reading_time_of_an_owner_is_bounded(make, runner):
    backend = make(max_owner_seconds=1).service
    runner.gate.clear()
    first = backend.submit(replace(a_submission(), owner="ann"))
    until_running(backend, first.id)
    time.sleep(1.1)
    runner.gate.set()
    assert backend.wait(first.id, LONG).status == "succeeded"
    with pytest.raises(QueueFull, match="OCRQ_MAX_OWNER_SECONDS"):
        backend.submit(replace(a_submission(prompt="more"), owner="ann"))
    assert backend.submit(replace(a_submission(prompt="more"), owner="bob")).id


def test_a_full_queue_says_when_to_come_again(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    for _ in range(3):
        backend.submit(a_submission())
    with pytest.raises(QueueFull) as caught:
        backend.submit(a_submission())
    assert caught.value.retry_after >= 1


def test_a_batch_that_does_not_fit_is_refused_whole(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    with pytest.raises(QueueFull):
        backend.submit_batch([a_submission()] * 4)
    assert sum(backend.health().queued.values()) == 0


def test_cancelling_frees_queue_capacity(runner, backend):
    runner.gate.clear()
    until_running(backend, backend.submit(a_submission()).id)
    waiting = [backend.submit(a_submission()) for _ in range(3)]
    backend.cancel(waiting[0].id)
    assert backend.submit(a_submission()).status == "queued"


def test_an_unknown_job_is_not_found_and_an_ended_one_expires(backend, expire):
    with pytest.raises(JobNotFound):
        backend.get("nothing")
    job = finished(backend, a_submission())
    assert backend.get(job.id).status == "succeeded"
    expire(job.id)
    with pytest.raises(JobExpired):
        backend.get(job.id)


def test_a_job_is_its_owners_alone(backend):
    job = finished(backend, a_submission(owner="ann"))
    for ask in (backend.get, backend.cancel, partial(backend.events, after=None)):
        with pytest.raises(JobNotFound):
            ask(job.id, owner="bob")
    assert backend.get(job.id, "ann") == backend.get(job.id) == job


def test_an_idempotency_key_returns_the_first_job_while_it_is_kept(backend, expire):
    first = finished(backend, a_submission(key="k"))
    assert backend.submit(a_submission(key="k")).id == first.id
    assert backend.submit(a_submission(key="k", owner="ann")).id != first.id
    expire(first.id)
    assert backend.submit(a_submission(key="k")).id != first.id


@pytest.mark.parametrize("other", [{"pages": "1"}, {"document": THREE_PAGES}], ids=["options", "document"])
def test_an_idempotency_key_of_another_request_is_a_conflict(backend, other):
    first = backend.submit(a_submission(key="k"))
    with pytest.raises(JobConflict) as caught:
        backend.submit(a_submission(key="k", **other))
    assert (caught.value.field, caught.value.extra) == ("Idempotency-Key", {"job_id": first.id})


def test_an_idempotency_key_of_another_batch_is_the_same_conflict(backend):
    first = backend.submit_batch([a_submission(key="k")])
    with pytest.raises(JobConflict) as caught:
        backend.submit_batch([a_submission(key="k"), a_submission(key="k", pages="1")])
    assert (caught.value.field, caught.value.extra) == ("Idempotency-Key", {"job_id": first.id})


def test_a_batch_goes_on_past_its_bad_items(backend):
    items = [a_submission(), InvalidImage("not base64", field="image"), a_submission(PNG[:60])]
    batch = backend.wait(backend.submit_batch(items).id, LONG)
    assert isinstance(batch, Batch)
    assert [job.status for job in batch.jobs] == ["succeeded", "failed", "failed"]
    assert [job.error.code for job in batch.jobs[1:]] == ["invalid_image", "unreadable_document"]
    assert batch.status == "failed"
    assert batch.progress.model_dump() == {"done": 3, "total": 3, "unit": "job"}
    whole = backend.get(batch.jobs[0].id)
    assert whole.result["text"]
    assert whole.model_copy(update={"result": None}) == batch.jobs[0], "a batch's results are at their jobs"


def test_a_batch_item_that_is_not_served_fails_alone(backend):
    batch = backend.submit_batch([a_submission(model_name="gpt"), a_submission(webhook="https://a.example/")])
    assert [job.error.code for job in batch.jobs] == ["model_not_allowed", "invalid_request"]
    assert batch.status == "failed"


def test_a_batch_reports_how_many_have_ended_and_then_its_status(backend):
    batch = backend.submit_batch([a_submission(), a_submission()])
    events = [event for event in backend.events(batch.id) if event]
    assert {event.name for event in events[:-1]} == {"progress"}
    assert events[-2].data == {"done": 2, "total": 2, "unit": "job"}
    assert (events[-1].name, events[-1].data) == ("status", {"status": "succeeded"})
    assert list(backend.events(batch.id, after=events[-2].id)) == events[-1:]
    assert list(backend.events(batch.id, after=events[-1].id)) == []


def test_a_cancelled_batch_cancels_its_items(runner, backend):
    runner.gate.clear()
    batch = backend.submit_batch([a_submission(), a_submission()])
    until_running(backend, batch.id)
    backend.cancel(batch.id)
    assert backend.wait(batch.id, LONG).status == "cancelled"


def test_a_batch_repeats_under_its_key_and_expires_with_its_items(backend, expire):
    items = [a_submission(key="k"), InvalidImage("empty", field="image")]
    first = backend.wait(backend.submit_batch(items).id, LONG)
    assert backend.submit_batch(items).id == first.id
    expire(*(job.id for job in first.jobs))
    with pytest.raises(JobExpired):
        backend.get(first.id)


def test_what_is_not_served_is_refused_at_submission(backend):
    with pytest.raises(ModelNotAllowed):
        backend.submit(a_submission(model_name="gpt"))
    with pytest.raises(InvalidRequest) as caught:
        backend.submit(a_submission(webhook="https://a.example/"))
    assert caught.value.field == "webhook"


def test_an_equal_request_is_answered_by_the_first_ones_result(backend, runner):
    first = finished(backend, a_submission(cache=True))
    second = backend.submit(a_submission(cache=True))
    assert (second.status, second.result["text"]) == ("succeeded", first.result["text"])
    assert (second.result["metadata"]["cached"], first.result["metadata"]["cached"]) == (True, False)
    assert len(runner.reads) == 1
    assert finished(backend, a_submission(cache=True, pages="1")).result["metadata"]["cached"] is False


def test_an_equal_document_in_another_format_is_made_of_the_pages_that_were_read(runner, backend):
    first = finished(backend, a_submission(THREE_PAGES, cache=True, output=["hocr"]))
    reads = len(runner.reads)
    for output in (["markdown", "alto"], [], ["hocr", "alto"]):
        again = finished(backend, a_submission(THREE_PAGES, cache=True, output=output))
        assert (again.status, again.result["metadata"]["cached"]) == ("succeeded", True)
        assert again.progress.done == again.progress.total == 3
        assert set(again.result["outputs"] or ()) == set(output)
        assert again.result["pages"] == first.result["pages"]
    assert len(runner.reads) == reads
    assert first.result["metadata"]["cached"] is False


def test_pages_are_taken_from_no_other_reading(runner, backend):
    finished(backend, a_submission(THREE_PAGES, cache=True, output=["hocr"]))
    for other in ({"pages": "1"}, {"use_preprocessing": True}, {"cache": False}):
        job = finished(backend, a_submission(THREE_PAGES, **{"cache": True, "output": ["alto"], **other}))
        assert job.result["metadata"]["cached"] is False


def test_one_owners_result_answers_nobody_else(backend, runner):
    for owner in ("ann", "bob"):
        assert finished(backend, a_submission(cache=True, owner=owner)).result["metadata"]["cached"] is False
    assert len(runner.reads) == 2


def test_an_equal_request_follows_the_one_that_is_read(backend, runner):
    runner.gate.clear()
    first, second = (backend.submit(a_submission(cache=True)) for _ in range(2))
    until_running(backend, second.id)  # it is as far as the one it follows
    runner.gate.set()
    assert {backend.wait(job.id, LONG).status for job in (first, second)} == {"succeeded"}
    assert len(runner.reads) == 1


def test_a_follower_is_read_where_its_leader_was_cancelled(jobs, runner):
    backend = jobs.service
    runner.gate.clear()
    first, second = (backend.submit(a_submission(cache=True)) for _ in range(2))
    backend.cancel(first.id)
    runner.gate.set()
    jobs.settle()
    assert backend.wait(second.id, LONG).result["metadata"]["cached"] is False


def test_a_followers_failure_is_its_leaders(backend, runner):
    runner.gate.clear()
    runner.fail = RuntimeError("inside")
    ids = [backend.submit(a_submission(cache=True)).id for _ in range(2)]
    runner.gate.set()
    assert {backend.wait(job_id, LONG).error.code for job_id in ids} == {"internal_error"}


def test_a_job_that_has_not_failed_is_not_tried_again(backend):
    job = finished(backend, a_submission())
    with pytest.raises(JobConflict, match="succeeded"):
        backend.retry(job.id)


def test_many_threads_submit_and_each_job_ends_once(runner, make):
    backend = make(threads=4, max_queued=1000).service
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


def test_decoding_options_reach_the_reader_through_its_request(runner, backend):
    finished(backend, replace(a_submission(), request=parse_request({"decoding_options": {"num_beams": 4}})))
    assert runner.requests[0].decoding_options.num_beams == 4
