from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from PIL import Image

from ocrq.contracts import Batch, Job, parse_request
from ocrq.errors import InvalidSchema, JobConflict, JobNotFound, ModelNotAllowed
from tasks.documents.submission import Submission
from tasks.jobs.service import JobService
from tests.documents import as_png, as_tiff, text_page, truncated
from tests.live.processes import Parts

pytestmark = pytest.mark.live

PAGE = as_png(text_page(["hello"], size=(200, 100)))


def submission(document: bytes = PAGE, **request: Any) -> Submission:
    return Submission("extract_text", parse_request(request), document)


def ended(backend: JobService, job_id: str) -> Job:
    job = backend.wait(job_id, 30)
    assert isinstance(job, Job)
    return job


def read(backend: JobService, document: bytes, **request: Any) -> dict[str, Any]:
    job = ended(backend, backend.submit(submission(document, **request)).id)
    assert job.status == "succeeded", job.error
    assert job.result is not None
    return job.result


def frames(count: int) -> bytes:
    return as_tiff([text_page([f"frame {number}"], size=(200, 100)) for number in range(count)])


def test_a_page_goes_through_the_queue(backend: JobService) -> None:
    result = read(backend, PAGE)
    assert "page 1" in result["text"]
    assert result["metadata"]["served_by"] == "fake/fixed"
    assert result["metadata"]["model_name"] == "fake"


def test_many_pages_spread_over_the_workers_and_come_back_in_order(backend: JobService, parts: Parts) -> None:
    job = ended(backend, backend.submit(submission(frames(12))).id)
    result = job.result
    assert result
    assert [page["page"] for page in result["pages"]] == list(range(1, 13))
    assert result["text"].count("\f") == 11
    with parts.client() as client:
        workers = {client.hget(key, "worker") for key in client.scan_iter(f"ocrq:job:{job.id}.*")}
    assert len(workers) == 2


def test_only_the_pages_asked_for_are_read(backend: JobService) -> None:
    assert [page["page"] for page in read(backend, frames(5), pages="2,4-5")["pages"]] == [2, 4, 5]
    job = ended(backend, backend.submit(submission(frames(2), pages="3")).id)
    assert job.error is not None
    assert (job.error.code, job.error.field) == ("invalid_request", "pages")


@pytest.mark.parametrize("at_once", [1, 50])
def test_progress_and_pages_are_reported_as_events(
    backend: JobService, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.jobs.service.EVENTS_AT_ONCE", at_once)
    job_id = backend.submit(submission(frames(3), cache=False)).id
    events = [event for event in backend.events(job_id) if event]
    names = [event.name for event in events]
    assert names.count("page") == 3
    assert (names[0], names[-1]) == ("status", "status")
    assert events[-1].data == {"status": "succeeded"}
    again = [event for event in backend.events(job_id, after=events[-2].id) if event]
    assert again == events[-1:]
    late = [event.data for event in backend.events(job_id) if event and event.name == "page"]
    assert sorted(page["page"] for page in late) == [1, 2, 3]  # also where all had ended before anybody asked


def test_a_document_that_cannot_be_read_is_a_reported_failure(backend: JobService, parts: Parts) -> None:
    before = len(parts.workers[0].output())
    job = ended(backend, backend.submit(submission(truncated(PAGE))).id)
    assert job.error is not None
    assert (job.status, job.error.code, job.error.field) == ("failed", "unreadable_document", "image")
    assert "Traceback" not in parts.workers[0].output()[before:]


def test_a_batch_ends_item_by_item(backend: JobService) -> None:
    batch = backend.submit_batch([submission(), submission(truncated(PAGE)), ModelNotAllowed("no", field="model_name")])
    done = backend.wait(batch.id, 30)
    assert isinstance(done, Batch)
    assert [job.status for job in done.jobs] == ["succeeded", "failed", "failed"]
    assert (done.status, done.progress.done, done.progress.total) == ("failed", 3, 3)


def test_an_idempotency_key_makes_no_second_job(backend: JobService) -> None:
    once = Submission("extract_text", parse_request({}), PAGE, idempotency_key="a key")
    assert backend.submit(once).id == backend.submit(once).id


def test_what_cannot_be_served_is_refused_before_it_is_queued(backend: JobService) -> None:
    with pytest.raises(ModelNotAllowed):
        backend.submit(submission(model_name="evil/model"))
    with pytest.raises(InvalidSchema):
        Submission.of("extract_structured", {}, max_bytes=len(PAGE), document=PAGE)
    with pytest.raises(JobNotFound):
        backend.get("0" * 32)


def test_health_and_models_come_from_the_heartbeats(backend: JobService) -> None:
    health = backend.health()
    assert (health.status, health.workers, health.models_loaded) == ("healthy", 2, ["fake"])
    assert health.memory_info["workers_rss"] > 10_000_000
    assert backend.ready()
    assert [(model.name, model.loaded) for model in backend.models().models] == [("fake", True)]


OUTSIDE = """
import base64, json, sys
from celery import Celery, chain, chord, group
url, image = sys.argv[1], sys.stdin.read()
sys.modules["ocrq"] = None  # as where it is not installed
app = Celery(broker=url, backend=url)
def ask(name="ocr.extract_text", **request):
    return app.signature(name, kwargs={"request": request})
def outcome(result):
    try:
        return {"result": result.get(timeout=30)}
    except Exception as error:
        return {"type": type(error).__name__, "args": error.args}
print(json.dumps({
    "one": outcome(ask(image=image).apply_async()),
    "bad": outcome(ask(image="!").apply_async()),
    "model": outcome(ask(image=image, model_name="evil/model").apply_async()),
    "unasked": outcome(ask("ocr.extract_structured", image=image).apply_async()),
    "health": outcome(app.send_task("ocr.health")),
    "group": [outcome(r) for r in group(ask(image=image), ask(image=image)).apply_async().results],
}))
"""


def outside(parts: Parts, document: bytes) -> dict[str, Any]:
    """Run a program that has only celery installed: isolated from this checkout by ``-I``, in another directory."""
    script = parts.directory / "outside.py"
    script.write_text(textwrap.dedent(OUTSIDE))
    done = subprocess.run(
        [sys.executable, "-I", str(script), parts.url],
        input=base64.b64encode(document).decode(),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=parts.directory,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_program_that_has_only_celery_gets_results_and_errors(parts: Parts) -> None:
    answer = outside(parts, frames(2))
    assert [page["page"] for page in answer["one"]["result"]["pages"]] == [1, 2]
    assert answer["bad"]["args"][0] == "invalid_image"
    assert answer["bad"]["args"][2] == {"field": "image", "retryable": False}
    assert answer["model"]["args"][0] == "model_not_allowed"
    assert answer["unasked"]["args"][0] == "invalid_schema"
    assert answer["health"]["result"]["status"] == "healthy"
    assert all(len(item["result"]["pages"]) == 2 for item in answer["group"])


def test_a_batchs_idempotency_key_makes_no_second_batch(backend: JobService) -> None:
    items = [Submission("extract_text", parse_request({"pages": "1"}), PAGE, idempotency_key="batch") for _ in range(2)]
    first = backend.submit_batch(items)
    again = backend.submit_batch(items)
    assert (again.id, len(again.jobs)) == (first.id, 2)
    with pytest.raises(JobConflict):
        backend.submit_batch(items[:1])


def test_a_batch_reports_its_jobs_as_they_end(backend: JobService) -> None:
    batch = backend.submit_batch([submission(cache=False) for _ in range(3)])
    events = [event for event in backend.events(batch.id) if event]
    assert events[-1].data == {"status": "succeeded"}
    assert [event.data["done"] for event in events[:-1]] == sorted({event.data["done"] for event in events[:-1]})
    assert events[-2].data["done"] == 3


def test_a_job_sends_redis_a_few_kilobytes_whatever_its_document_weighs(backend: JobService, parts: Parts) -> None:
    jobs, heavy = 10, as_png(Image.frombytes("RGB", (300, 300), random.Random(5).randbytes(270_000)))
    for job_id in [backend.submit(submission(cache=False)).id for _ in range(4)]:
        ended(backend, job_id)  # each process has sent its scripts once
    with parts.client() as client:
        before = client.info("stats")["total_net_input_bytes"]
        for job_id in [backend.submit(submission(heavy, cache=False)).id for _ in range(jobs)]:
            assert ended(backend, job_id).status == "succeeded"
        sent = client.info("stats")["total_net_input_bytes"] - before
    # 1.5 KB to submit it, of which the message is 0.9, and 3 KB to run it; the rest are heartbeats and waits.
    assert sent / jobs < 10_000, f"{sent / jobs:.0f} bytes a job, of a document of {len(heavy)}"
