"""A stack of real processes on the fake engine, and the API's backend over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks.jobs.queue import queue_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.live.processes import Parts


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    parts = Parts(tmp_path_factory.mktemp("parts"), {"OCRQ_FAKE_SECONDS": "0.05", "OCRQ_LEASE_SECONDS": "2"})
    try:
        parts.start(workers=1, concurrency=2)
        yield parts
    finally:
        parts.end()


@pytest.fixture(scope="session")
def settings(parts: Parts) -> Settings:
    return Settings(
        redis_url=SecretStr(parts.url), model="fake", blob_dir=Path(parts.directory) / "blobs", lease_seconds=2
    )


@pytest.fixture(scope="session")
def backend(settings: Settings) -> JobService:
    return queue_service(settings)
