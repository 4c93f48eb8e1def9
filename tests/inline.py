"""The jobs of one process, read by a test's Runner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.catalogue import Catalogue
from tasks.execution.inline import InlineWorkers, inline_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.page_runner import PageRunner


def inline(
    runner: PageRunner, settings: Settings, threads: int = 1, clock: Callable[[], float] = time.monotonic
) -> tuple[JobService, InlineWorkers]:
    """A service that reads; its workers are to be closed."""
    service, workers = inline_service(settings, Catalogue.from_settings(settings), clock)
    workers.read_with(runner, threads)
    return service, workers


@contextmanager
def reading(runner: PageRunner, settings: Settings, threads: int = 1) -> Iterator[JobService]:
    """A service that reads while the block runs."""
    service, workers = inline(runner, settings, threads)
    try:
        yield service
    finally:
        runner.gate.set()
        workers.close()
