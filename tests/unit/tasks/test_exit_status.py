from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from celery import signals

from worker.process.exit_status import FAILED, run_worker


def ending_app(end: Callable[[], object] = lambda: None) -> Any:
    """An app whose worker ends at once, after a call of ``end``."""
    return SimpleNamespace(Worker=lambda **_: SimpleNamespace(start=end))


def stopped() -> object:
    return signals.worker_shutting_down.send(sender="worker@here", sig="SIGTERM", how="Warm", exitcode=0)


def test_a_worker_that_was_asked_to_stop_has_not_failed() -> None:
    run_worker(ending_app(stopped), "ending", "solo")


def test_a_worker_that_ends_by_itself_has_failed() -> None:
    with pytest.raises(SystemExit) as ended:
        run_worker(ending_app(), "ending", "solo")
    assert ended.value.code == FAILED


def test_a_worker_that_asked_itself_to_stop_has_failed() -> None:
    with pytest.raises(SystemExit) as ended:
        run_worker(ending_app(stopped), "ending", "solo", gave_up=lambda: True)
    assert ended.value.code == FAILED
