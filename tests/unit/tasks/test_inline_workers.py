"""What reads in the process without a queue: its health, its end, and its progress inside a unit."""

from __future__ import annotations

import pytest

from ocrq.contracts import parse_request
from ocrq.errors import NoWorker
from tasks.catalogue import Catalogue
from tasks.documents.submission import Submission
from tasks.execution.inline import inline_service
from tasks.settings import Settings
from tests.documents import as_png, as_tiff, text_page
from tests.inline import inline, reading
from tests.page_runner import PageRunner

PAGE = text_page(["x"], size=(60, 40))
SETTINGS = Settings(model="fake", max_queued=1)
LONG = 10.0  # seconds; no wait here takes so long unless something is broken


def a_submission(document: bytes = as_png(PAGE)) -> Submission:
    return Submission("extract_text", parse_request({"cache": False}), document)


def test_before_the_model_is_loaded_nothing_is_accepted_and_health_says_so() -> None:
    service, _ = inline_service(SETTINGS, Catalogue.from_settings(SETTINGS))
    with pytest.raises(NoWorker):
        service.submit(a_submission())
    assert service.health().status == "unhealthy"
    assert service.health().reasons
    assert not service.ready()
    assert service.models().models[0].served_by is None


def test_health_and_models_report_what_is_loaded() -> None:
    with reading(PageRunner(), SETTINGS) as service:
        health = service.health()
        assert (health.status, health.models_loaded, health.workers, health.busy) == ("healthy", ["fake"], 1, 0)
        assert health.memory_info["workers_rss"] > 1_000_000
        model = service.models().models[0]
        assert (model.name, model.pool, model.loaded, model.served_by) == ("fake", "cpu", True, "fake")


def test_closing_cancels_what_is_left() -> None:
    runner = PageRunner()
    runner.gate.clear()
    service, workers = inline(runner, SETTINGS)
    first = service.submit(a_submission())
    while service.get(first.id).status == "queued":
        pass
    second = service.submit(a_submission())
    assert service.health().status == "degraded"
    workers.close()
    assert {service.get(job.id).status for job in (first, second)} == {"cancelled"}


def test_progress_inside_a_unit_is_the_documents() -> None:
    with reading(PageRunner(slice_pages=2, tells=True), SETTINGS) as service:
        job = service.submit(a_submission(as_tiff([PAGE] * 3)))
        events = [event for event in service.events(job.id) if event and event.name in {"page", "progress"}]
    assert [event.data.get("done", event.data.get("page")) for event in events] == [0, 1, 2, 1, 2, 3, 3]
    assert {event.data["total"] for event in events if event.name == "progress"} == {3}


def test_a_documents_bytes_are_let_go_when_its_last_job_has_ended() -> None:
    runner = PageRunner()
    runner.gate.clear()
    service, workers = inline(runner, Settings(model="fake"))
    jobs = [service.submit(a_submission()) for _ in range(2)]
    name = a_submission().blob
    service.cancel(jobs[1].id)
    assert workers.documents.get(name) == as_png(PAGE)
    runner.gate.set()
    assert service.wait(jobs[0].id, LONG).status == "succeeded"
    assert name not in workers.documents._bytes
    workers.close()
