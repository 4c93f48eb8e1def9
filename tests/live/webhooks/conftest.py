"""A stack of real processes that sends webhooks, with quick retries, to real receivers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from ocrq.contracts import parse_request
from tasks.documents.submission import Submission
from tasks.jobs.queue import queue_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tasks.webhooks.outbox import Outbox
from tests.documents import as_png, text_page
from tests.live.processes import Parts, free_port
from tests.live.webhooks.receiver import Receiver, receiving

SECRET = "hush-hush-the-secret-of-the-tests"
TRIES = 3


@dataclass
class Stack:
    """Real parts, the API's backend over them, and the addresses that may be told."""

    parts: Parts
    settings: Settings
    backend: JobService
    outbox: Outbox
    ports: list[int]
    named: int

    def submit(self, webhook: str, document: bytes | None = None) -> str:
        request = parse_request({"webhook": webhook, "cache": False})
        return self.backend.submit(Submission("extract_text", request, document or page())).id

    def ended(self, job_id: str) -> str:
        return self.backend.wait(job_id, 30).status


def page() -> bytes:
    return as_png(text_page(["x"], size=(60, 40)))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    ports = [free_port() for _ in range(3)]
    named = free_port()
    hosts = [f"http://127.0.0.1:{port}" for port in ports] + [f"http://localhost:{named}"]
    environment = {
        "OCRQ_WEBHOOK_SECRET": SECRET,
        "OCRQ_WEBHOOK_HOSTS": ",".join(hosts),
        "OCRQ_WEBHOOK_TRIES": str(TRIES),
        "OCRQ_WEBHOOK_RETRY_SECONDS": "0.5",
    }
    parts = Parts(tmp_path_factory.mktemp("parts"), environment)
    settings = Settings(
        redis_url=SecretStr(parts.url),
        model="fake",
        blob_dir=Path(parts.directory) / "blobs",
        webhook_secret=SecretStr(SECRET),
        webhook_hosts=tuple(hosts),
    )
    try:
        parts.start(workers=1, concurrency=2)
        outbox = Outbox(parts.client(), settings.job_ttl)
        yield Stack(parts, settings, queue_service(settings), outbox, ports, named)
    finally:
        parts.end()


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    with receiving(stack.ports[0]) as receiver:
        yield receiver


@pytest.fixture
def other(stack: Stack) -> Iterator[Receiver]:
    with receiving(stack.ports[1]) as receiver:
        yield receiver
