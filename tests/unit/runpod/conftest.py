"""A handler in this process, over the fake engine, as the SDK would call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tasks.catalogue import Catalogue
from tasks.execution.inline import inline_service
from tasks.process_context import process
from tasks.settings import Settings
from tests.page_runner import PageRunner
from worker.serverless.handler import Handler
from worker.serverless.replacement import ReplaceableRunner
from worker.serverless.results import Results
from worker.serverless.settings import ServerlessSettings


@pytest.fixture
def runner() -> Iterator[PageRunner]:
    """Reads two lines off every page, for the task functions of this process."""
    runner = PageRunner()
    process.runner = runner
    try:
        yield runner
    finally:
        process.runner = process.health_source = None


@pytest.fixture
def make_handler(runner: PageRunner) -> Iterator[Callable[..., Handler]]:
    """Makes handlers; ``at_once`` documents are read at a time, each in at most ``job_seconds``."""
    with ExitStack() as started:

        def make(
            settings: ServerlessSettings | None = None, at_once: int = 1, dead: bool = False, **changes: Any
        ) -> Handler:
            of_jobs = Settings(model="fake", cache_seconds=0, job_seconds=changes.pop("job_seconds", 60))
            service, workers = inline_service(of_jobs, Catalogue.from_settings(of_jobs))
            workers.read_with(ReplaceableRunner(runner, lambda: dead, lambda: None), at_once)
            started.callback(workers.close)
            started.callback(runner.gate.set)
            given: dict[str, Any] = {
                "service": service,
                "results": Results(settings or ServerlessSettings()),
                "max_bytes": of_jobs.max_body_bytes,
                "on_spent": lambda: None,
            }
            return Handler(**(given | changes))

        yield make
