"""A stack for each fault: two workers of one process each, the faulty engine, leases of a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ocrq.contracts import Job, parse_request
from ocrq.errors import NoWorker
from tasks.documents.submission import Submission
from tasks.jobs.queue import queue_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, as_tiff, text_page
from tests.live.processes import Part, Parts, until

SETTINGS = {"OCRQ_LEASE_SECONDS": "1", "OCRQ_DRAIN_SECONDS": "5"}


def page(width: int = 60) -> bytes:
    """A page whose width tells the faulty engine what to do."""
    return as_png(text_page(["x"], size=(width, 40)))


def frames(*widths: int) -> bytes:
    return as_tiff([text_page(["x"], size=(width, 40)) for width in widths])


def lives(part: Part) -> bool:
    """Whether its main process does."""
    return part.process is not None and part.process.poll() is None


@dataclass
class Stack:
    """Real parts that can be broken one by one, and the API's backend over them."""

    parts: Parts
    backend: JobService
    settings: Settings

    def submit(self, document: bytes | None = None, owner: str | None = None, **request: Any) -> str:
        given = Submission("extract_text", parse_request(request), document or page(), owner=owner)
        return self.backend.submit(given).id

    def submit_once_served(self) -> str:
        """Submit as soon as a worker reads: the heartbeat of a killed process outlives it by seconds."""
        ends = time.monotonic() + 60
        while True:
            try:
                return self.submit()
            except NoWorker:
                assert time.monotonic() < ends, "no worker reads again"
                time.sleep(0.2)

    def job(self, job_id: str, wait: float = 0) -> Job:
        job = self.backend.wait(job_id, wait)
        assert isinstance(job, Job)
        return job

    def text(self, job_id: str, seconds: float = 30) -> str:
        job = self.job(job_id, seconds)
        assert job.status == "succeeded", (job.status, job.error)
        assert job.result is not None
        return str(job.result["text"])

    def restore(self, workers: int) -> None:
        """As it was at its start: what was killed runs again, results and marks of earlier tests are gone."""
        assert lives(self.parts.redis) and lives(self.parts.control)
        for part in [part for part in self.parts.workers if lives(part)][workers:]:
            part.end()
        with self.parts.client() as client:
            for key in client.scan_iter("ocrq:cache:*"):
                client.delete(key)
        Path(self.parts.settings.get("FAULTY_MARK", "/nonexistent")).unlink(missing_ok=True)
        until(lambda: self._read_by(workers), f"{workers} workers read again")

    def _read_by(self, workers: int) -> bool:
        """Start again what has died; whether so many processes read, and no dead one counts as alive."""
        for part in [part for part in self.parts.workers if not lives(part)]:
            part.end()
            self.parts.workers.remove(part)
        while len(self.parts.workers) < workers:
            self.parts.add_worker(1)
        reading = {process.pid for part in self.parts.workers for process in part.children()}
        with self.parts.client() as client:
            for name in client.zrange("ocrq:beats", 0, -1):
                if int(name.rpartition(b":")[2]) not in reading:
                    client.zrem("ocrq:beats", name)
        return self.backend.health().workers >= workers

    def commits(self, job_id: str) -> int:
        """How often the job was told to have succeeded."""
        events = self.backend.events(job_id)
        return sum(1 for event in events if event and event.data == {"status": "succeeded"})


@contextmanager
def _started(directory: Path, workers: int = 2, concurrency: int = 1, **settings: str) -> Iterator[Stack]:
    parts = Parts(directory / "parts", {**SETTINGS, **settings}, worker_module="tests.live.faults.faulty_worker")
    try:
        parts.start(workers=workers, concurrency=concurrency)
        settings = Settings(
            redis_url=SecretStr(parts.url), model="fake", blob_dir=parts.directory / "blobs", lease_seconds=1
        )
        yield Stack(parts, queue_service(settings), settings)
    finally:
        parts.end()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    with ExitStack() as started:
        yield lambda **settings: started.enter_context(_started(tmp_path, **settings))


@pytest.fixture(scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("shared")
    with _started(directory, OCRQ_MEMORY_GROWTH_MB="100", FAULTY_MARK=str(directory / "mark")) as stack:
        yield stack


@pytest.fixture
def stack(_shared: Stack) -> Stack:
    """Two workers of one process, shared by the module's tests: what the last one broke runs again."""
    _shared.restore(workers=2)
    return _shared


@pytest.fixture
def kept_stack(stack: Stack) -> Iterator[Stack]:
    """The same, for a fault that leaves every worker running."""
    yield stack
    assert all(lives(part) for part in stack.parts.workers), "a fault killed one"


@pytest.fixture(scope="module")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"OCRQ_MAX_ATTEMPTS": "1", "OCRQ_STOP_SECONDS": "1"}
    with _started(tmp_path_factory.mktemp("once"), workers=1, **settings) as stack:
        yield stack


@pytest.fixture
def once_stack(_once: Stack) -> Stack:
    """One process, which is killed a second after a job that it does not stop; a job may lose no process."""
    _once.restore(workers=1)
    return _once
