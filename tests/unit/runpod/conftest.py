"""A handler in this process, over the fake engine, as the SDK would call it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks.monitoring.health import install_health
from tasks.runner import install_runner
from tasks.settings import Settings
from tasks.webhooks.hosts import AllowList
from tests.page_runner import PageRunner
from worker.serverless.download import Downloader
from worker.serverless.handler import Handler
from worker.serverless.results import Results
from worker.serverless.settings import ServerlessSettings


@pytest.fixture
def runner() -> Iterator[PageRunner]:
    """Reads two lines off every page, for the task functions of this process."""
    runner = PageRunner()
    install_runner(runner)
    try:
        yield runner
    finally:
        install_runner(None)
        install_health(None)


@pytest.fixture
def make_handler(runner: PageRunner) -> Callable[..., Handler]:
    def make(settings: ServerlessSettings | None = None, **changes: Any) -> Handler:
        given: dict[str, Any] = {
            "results": Results(settings or ServerlessSettings()),
            "downloader": Downloader(AllowList(()), Settings().max_body_bytes, 5),
            "job_seconds": 60,
            "slots": asyncio.Semaphore(1),
            "is_poisoned": lambda: False,
            "on_poisoned": lambda: None,
        }
        return Handler(**(given | changes))

    return make
