"""A worker of threads in front of a server that reads: many jobs in one process, each with its own lease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from ocrq.contracts import Job, parse_request
from tasks.documents.submission import Submission
from tasks.jobs.queue import queue_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, text_page
from tests.live.processes import Parts, until
from tests.unit.engines.openai_stub import Answer, Handler, StandIn, drips, refuses, says, standing_in

pytestmark = pytest.mark.live

MODEL = "reducto/RolmOCR"
THREADS = 4
PAGE = as_png(text_page(["hello"], size=(60, 40)))


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def parts(server: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    settings = {
        "OCRQ_MODEL": MODEL,
        "OCRQ_FALLBACK_MODEL": "fake",
        "OCRQ_OPENAI_URL": server.url,
        "OCRQ_OPENAI_KEY": "sk-very-secret",
        "OCRQ_WORKER_POOL": "threads",
        "OCRQ_LEASE_SECONDS": "2",
        "OCRQ_DRAIN_SECONDS": "1",
    }
    parts = Parts(tmp_path_factory.mktemp("threads"), settings)
    try:
        parts.start_redis()
        parts.control.start()
        parts.add_worker(THREADS)
        parts.until_reading(1)
        yield parts
    finally:
        parts.end()


@pytest.fixture(scope="module")
def backend(parts: Parts, server: StandIn) -> JobService:
    blobs = parts.directory / "blobs"
    settings = Settings(redis_url=SecretStr(parts.url), model=MODEL, openai_url=server.url, blob_dir=blobs)
    return queue_service(settings)


def submit(backend: JobService) -> str:
    return backend.submit(Submission("extract_text", parse_request({"cache": False}), PAGE)).id


def ended(backend: JobService, job_id: str) -> Job:
    job = backend.wait(job_id, 60)
    assert isinstance(job, Job)
    return job


def result_of(job: Job) -> dict[str, Any]:
    assert job.status == "succeeded", job.error
    assert job.result is not None
    return job.result


MARKUP = (
    "# Trial of alloys\n\n<table><tr><th rowspan=2>Alloy</th><th colspan=2>Mass</th></tr><tr><th>old</th><th>new</th>"
    "</tr><tr><td>Iron</td><td>7.87</td><td>7.88</td></tr></table>\n\nwhere $m$ is\n\n\\[ m = F / a \\]"
    "\n\n- light\n- cheap"
)
WRITTEN = """\
# Trial of alloys

<table>
<thead>
<tr><th rowspan="2">Alloy</th><th colspan="2">Mass</th></tr>
<tr><th>old</th><th>new</th></tr>
</thead>
<tbody>
<tr><td>Iron</td><td>7.87</td><td>7.88</td></tr>
</tbody>
</table>

where $m$ is

$$
m = F / a
$$

- light
- cheap
"""


def test_markup_that_the_server_writes_is_the_pages_tree(backend: JobService, server: StandIn) -> None:
    server.answers = [says(*(MARKUP[at : at + 7] for at in range(0, len(MARKUP), 7)), probability=0.9)]
    request = parse_request({"cache": False, "output": ["markdown"]})
    result = result_of(ended(backend, backend.submit(Submission("extract_text", request, PAGE)).id))
    assert result["outputs"]["markdown"] == WRITTEN
    types = ["title", "table", "text", "formula", "list_item", "list_item"]
    (page,) = result["pages"]
    assert [block["type"] for block in page["blocks"]] == types
    assert page["blocks"][3]["latex"] == "m = F / a"
    assert page["blocks"][1]["text"] == "Alloy Mass\nold new\nIron 7.87 7.88"
    assert 0 < result["confidence"] < 1


def once_all_ask(callers: int) -> Answer:
    """An answer that is given when so many ask at the same time."""
    barrier = threading.Barrier(callers)

    def answer(handler: Handler) -> None:
        barrier.wait(60)
        says("together")(handler)

    return answer


def test_as_many_jobs_are_read_at_a_time_as_there_are_threads(
    backend: JobService, server: StandIn, parts: Parts
) -> None:
    until(lambda: server.open_now == 0, "what other tests' callers left is noticed")
    server.answers, server.at_once = [once_all_ask(THREADS)], 0
    jobs = [ended(backend, job_id) for job_id in [submit(backend) for _ in range(2 * THREADS)]]
    assert [result_of(job)["text"] for job in jobs] == ["together"] * len(jobs)
    assert {job.attempts for job in jobs} == {1}
    assert server.at_once == THREADS
    assert "sk-very-secret" not in parts.workers[0].output()


def test_one_job_is_cancelled_and_the_others_go_on(backend: JobService, server: StandIn) -> None:
    go_on = threading.Event()

    def waits(handler: Handler) -> None:
        go_on.wait(60)
        says("went on")(handler)

    server.answers = [waits, waits, drips("word ", 0.05)]
    asked = len(server.asked)
    others = [submit(backend) for _ in range(2)]
    until(lambda: len(server.asked) == asked + 2, "the others are asked for")
    stopped = submit(backend)
    until(lambda: len(server.asked) == asked + 3, "the one is asked for")
    backend.cancel(stopped)
    assert server.left.acquire(timeout=30)  # the server was hung up on
    go_on.set()
    assert [result_of(ended(backend, job_id))["text"] for job_id in others] == ["went on"] * 2
    assert ended(backend, stopped).status == "cancelled"


def test_the_fallback_reads_while_the_server_does_not(backend: JobService, server: StandIn) -> None:
    server.answers = [refuses(404)]
    result = result_of(ended(backend, submit(backend)))
    assert result["metadata"]["served_by"] == "fake/fixed"
    assert any(MODEL in warning for warning in result["metadata"]["warnings"])


def test_a_worker_that_is_asked_to_stop_hands_back_what_it_has_not_finished(
    backend: JobService, server: StandIn, parts: Parts
) -> None:
    server.answers = [drips("word ", 0.05)]
    asked = len(server.asked)
    job_id = submit(backend)
    until(lambda: len(server.asked) > asked, "it is asked for")
    server.answers = [says("by the next")]
    parts.workers[0].stop()
    parts.add_worker(THREADS)
    job = ended(backend, job_id)
    assert (result_of(job)["text"], job.attempts) == ("by the next", 1)
