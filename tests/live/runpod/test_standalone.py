"""Load balancing: the HTTP routes and the reading in one process, started as RunPod starts it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.live.processes import until
from tests.live.runpod.pages import page
from tests.live.runpod.workers import BALANCER, SECONDS, Standalone

pytestmark = pytest.mark.live

PAGE = page()


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """One for all tests; that which kills its process leaves another in its place."""
    standalone = Standalone(tmp_path_factory.mktemp("standalone") / "log")
    try:
        standalone.until_ready()
        yield standalone
    finally:
        standalone.kill()


def test_ping_says_that_it_starts_and_then_that_it_is_ready(standalone: Standalone) -> None:
    assert standalone.seen == [204, 200]
    assert httpx.get(f"{standalone.url}/ping", timeout=10).status_code == 200


def test_a_synchronous_route_answers_with_the_result(standalone: Standalone) -> None:
    answer = standalone.post("/extract_text", image=PAGE, prompt="Read it.", options={"language": "en"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"].startswith("Fake reading of page 1")


@pytest.mark.parametrize("path", ["/health", "//health", "/readyz", "/models"])
def test_what_it_says_of_itself(standalone: Standalone, path: str) -> None:
    answer = httpx.get(f"{standalone.url}{path}", headers=BALANCER, timeout=10)
    assert answer.status_code == 200
    assert "fake" in answer.text or path == "/readyz"


def test_bad_input_is_a_problem_that_names_the_field(standalone: Standalone) -> None:
    answer = standalone.post("/extract_text", image="not base64!")
    assert (answer.status_code, answer.json()["field"]) == (400, "image")


def test_a_job_can_be_asked_for_later(standalone: Standalone) -> None:
    accepted = standalone.post("/jobs", endpoint="/extract_text", request={"image": PAGE})
    assert accepted.status_code == 202
    job = httpx.get(f"{standalone.url}{accepted.headers['Location']}?wait=20", timeout=SECONDS).json()
    assert job["status"] == "succeeded"


def test_a_process_that_dies_is_replaced(standalone: Standalone) -> None:
    """Whenever it runs: the replacement serves the other tests."""
    parent = psutil.Process(standalone.process.pid)
    (child,) = parent.children()
    os.kill(child.pid, signal.SIGKILL)
    until(lambda: [other for other in parent.children() if other.pid != child.pid], "another one is started")
    standalone.until_ready()
    assert standalone.post("/extract_text", image=PAGE).status_code == 200
    del standalone.seen[2:]


def test_a_process_whose_gpu_failed_says_so_and_is_replaced(tmp_path: Path) -> None:
    dying = Standalone(tmp_path / "log", "tests.live.runpod.dying_standalone")
    try:
        dying.until_ready()
        (child,) = psutil.Process(dying.process.pid).children()
        answer = dying.post("/extract_text", image=page(width=101))
        assert (answer.status_code, answer.json()["code"]) == (503, "worker_spent"), answer.text
        assert answer.json()["retryable"] is True
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "it ends")
        dying.until_ready()
        assert dying.post("/extract_text", image=PAGE).json()["text"] == "page 1"
    finally:
        dying.kill()


def test_models_that_cannot_be_loaded_end_it(tmp_path: Path) -> None:
    broken = Standalone(tmp_path / "log", OCRQ_MODEL=str(tmp_path / "nothing"))
    try:
        until(lambda: not broken.alive(), "it ends", SECONDS)
        assert broken.process.returncode == 4
        assert "cannot be loaded" in broken.output()
    finally:
        broken.kill()


def test_other_machines_are_not_served_without_keys_unknowingly(tmp_path: Path) -> None:
    open_to_all = Standalone(tmp_path / "log", OCRQ_HOST="0.0.0.0")
    try:
        until(lambda: not open_to_all.alive(), "it ends", SECONDS)
        assert open_to_all.process.returncode == 1
        assert "OCRQ_API_KEYS" in open_to_all.output()
    finally:
        open_to_all.kill()
