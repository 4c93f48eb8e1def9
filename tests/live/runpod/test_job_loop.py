"""The SDK's own job loop around the handler, against a stand-in of the platform, with kills and slow answers."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.documents import as_tiff
from tests.live.processes import until
from tests.live.runpod.pages import encoded, page, pages
from tests.live.runpod.platform import Platform
from tests.live.runpod.workers import Worker, parsed

pytestmark = pytest.mark.live

LONG = os.environ.get("OCRQ_CHAOS") == "1"
JOBS, KILLS = (100, 10) if LONG else (30, 3)


PAGE = page()
TWELVE_PAGES = pages(12)  # three seconds of reading


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    platform = Platform()
    try:
        yield platform
    finally:
        platform.close()


@pytest.fixture(scope="module")
def worker(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One for all tests that leave it as it was; a page takes a quarter of a second."""
    settings = {**platform.environment("one"), "OCRQ_FAKE_SECONDS": "0.25", "OCRQ_PROGRESS_SECONDS": "0.5"}
    worker = Worker("one", tmp_path_factory.mktemp("one") / "log", settings)
    try:
        yield worker
    finally:
        worker.kill()


def test_a_job_is_answered_as_through_every_other_transport(platform: Platform, worker: Worker) -> None:
    platform.submit("plain", endpoint="/extract_text", request={"image": PAGE})
    output = platform.answer("plain")["output"]
    assert output["text"].startswith("Fake reading of page 1")
    assert output["metadata"]["served_by"] == "fake/fixed"


def test_a_job_that_cannot_be_read_fails_with_a_code_a_caller_can_read(platform: Platform, worker: Worker) -> None:
    platform.submit("bad", endpoint="/extract_text", request={"image": "not base64!"})
    answer = platform.answer("bad")
    assert "output" not in answer
    error = parsed(answer["error"])
    assert (error["code"], error["field"], error["retryable"]) == ("invalid_image", "image", False)


def test_progress_is_reported_now_and_then_and_never_after_the_answer(platform: Platform, worker: Worker) -> None:
    platform.submit("long", endpoint="/extract_text", request={"image": TWELVE_PAGES})
    platform.answer("long")
    reports = [(kind, what) for job_id, kind, what in platform.reports if job_id == "long"]
    assert reports[-1] == ("answer", None)
    words = [what for _, what in reports[:-1]]
    assert 2 <= len(words) < 12, "fewer than there are pages, or it is not throttled"
    assert words == sorted(words, key=lambda word: word["done"])
    assert {(word["total"], word["unit"]) for word in words} == {(12, "page")}


def test_a_job_the_platform_stops_is_stopped_and_the_next_one_read(platform: Platform, worker: Worker) -> None:
    minutes = pages(900)
    platform.submit("stopped", endpoint="/extract_text", request={"image": minutes})
    platform.until(lambda: any(reports[0] == "stopped" for reports in platform.reports), "the long job is being read")
    platform.stop("stopped")
    platform.submit("next", endpoint="/extract_text", request={"image": PAGE})
    assert platform.answer("next")["output"]["text"]
    assert platform.stopped == ["stopped"]
    assert platform.answers["stopped"] == []


def test_the_platform_gets_the_list_of_a_workers_jobs(platform: Platform, worker: Worker) -> None:
    platform.submit("heard", endpoint="/extract_text", request={"image": TWELVE_PAGES})
    platform.until(lambda: any("heard" in (jobs or "") for jobs in platform.pings), "a ping names the job")
    platform.answer("heard")


def test_a_result_of_thirty_megabytes_is_refused_and_says_what_to_do(platform: Platform, worker: Worker) -> None:
    side = 4100  # pixels; noise hardly gets smaller in the PDF that is asked for
    frames = [Image.frombytes("L", (side, side), random.Random(seed).randbytes(side * side)) for seed in range(2)]
    noise = encoded(as_tiff(frames, "jpeg"))
    platform.submit("sync-large", endpoint="/extract_text", request={"image": noise, "output": ["pdf"]})
    answer = platform.answer("sync-large", 90)
    error = parsed(answer["error"])
    assert (error["code"], error["field"]) == ("too_large", "pages")
    assert error["result_bytes"] > 30_000_000
    assert "BUCKET_ENDPOINT_URL" in error["detail"]
    assert "20,000,000" in error["detail"]


def assert_that_stopping_answers(platform: Platform, workers: list[Worker]) -> None:
    """A worker that is told to stop answers what it has, and ends well."""
    for number in range(4):
        platform.submit(f"last-{number}", endpoint="/extract_text", request={"image": TWELVE_PAGES})
    platform.until(lambda: any(platform.taken[worker.name] for worker in workers), "a worker has a job")
    worker = next(worker for worker in workers if platform.taken[worker.name])
    taken = list(platform.taken[worker.name])
    # What the platform has handed out and the SDK has not begun is not the worker's yet: it would be delivered again.
    until(lambda: all(f"{job_id} | Started" in worker.output() for job_id in taken), "the worker has begun them")
    assert worker.terminate() == 0, worker.output()
    for job_id in taken:
        assert platform.answer(job_id, 1)["output"]["text"]


@pytest.mark.timeout(600 if LONG else 180)
def test_workers_are_killed_and_every_job_ends_once(tmp_path: Path) -> None:
    """Workers die with jobs at hand; the platform is slow, and at times refuses an answer."""
    dice = random.Random(20)
    platform = Platform(
        slow=lambda count: 1.0 if count % 9 == 0 else 0.05,
        refuse=lambda count: count % 13 == 0,
    )
    settings = {"OCRQ_FAKE_SECONDS": "0.05", "OCRQ_JOBS_AT_ONCE": "4"}
    started = 0
    workers: list[Worker] = []

    def start() -> None:
        nonlocal started
        started += 1
        name = f"w{started}"
        workers.append(Worker(name, tmp_path / f"{name}.log", {**platform.environment(name), **settings}))

    ids = [f"{'sync-' if number % 2 else ''}job-{number}" for number in range(JOBS)]
    redelivered = killed = 0
    try:
        start()
        start()
        for job_id in ids:
            platform.submit(job_id, endpoint="/extract_text", request={"image": PAGE})
        while killed < KILLS:
            # a worker that has jobs at hand, some moment into them
            platform.until(lambda: any(platform.taken[worker.name] for worker in workers), "a worker has a job", 90)
            time.sleep(dice.uniform(0, 0.3))
            busy = [worker for worker in workers if platform.taken[worker.name]]
            if not busy:
                continue
            victim = busy[0]
            victim.kill()
            workers.remove(victim)
            redelivered += platform.lost(victim.name)
            killed += 1
            start()
        platform.until(lambda: all(platform.answers[job_id] for job_id in ids), "each job ends", 180)
        assert_that_stopping_answers(platform, workers)
        logs = "\n".join(worker.output() for worker in workers)
    finally:
        for worker in workers:
            worker.kill()
        platform.close()
    assert {job_id: len(platform.answers[job_id]) for job_id in ids} == dict.fromkeys(ids, 1)
    assert all(answer["output"]["text"] for job_id in ids for answer in platform.answers[job_id])
    assert killed == KILLS
    assert redelivered, "no kill met a job"
    assert "Traceback" not in logs


def test_a_worker_whose_gpu_failed_says_so_and_ends(tmp_path: Path) -> None:
    """It reads two pages at a time, and so takes two jobs at once, by the platform's batch address."""
    platform = Platform()
    module = "tests.live.runpod.dying_worker"
    deadly = page(width=101)
    platform.submit("good", image=PAGE)
    platform.submit("deadly", image=deadly)
    worker = Worker("dying", tmp_path / "log", platform.environment("dying"), module=module)
    try:
        assert platform.answer("good")["output"]["text"] == "page 1"
        answer = platform.answer("deadly")
        assert answer["stopPod"] is True, "the platform replaces the worker"
        error = parsed(answer["error"])
        assert (error["code"], error["retryable"]) == ("worker_spent", True)
        assert worker.process.wait(60) == 0, worker.output()
    finally:
        worker.kill()
        platform.close()
    assert platform.largest_batch == 2
