from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import Celery, signals

from worker.process.exit_status import FAILED, run_worker


class EndingWorker(Celery):
    """Ends as told."""

    end: Callable[[], object] = staticmethod(lambda: None)

    def worker_main(self, argv: list[str] | None = None) -> None:
        self.end()


def stopped() -> object:
    return signals.worker_shutting_down.send(sender="worker@here", sig="SIGTERM", how="Warm", exitcode=0)


def test_a_worker_that_was_asked_to_stop_has_not_failed() -> None:
    app = EndingWorker("ending")
    app.end = stopped
    run_worker(app, ["worker"])


def test_a_worker_that_ends_by_itself_has_failed() -> None:
    with pytest.raises(SystemExit) as ended:
        run_worker(EndingWorker("ending"), ["worker"])
    assert ended.value.code == FAILED


def test_a_worker_that_asked_itself_to_stop_has_failed() -> None:
    app = EndingWorker("ending")
    app.end = stopped
    with pytest.raises(SystemExit) as ended:
        run_worker(app, ["worker"], gave_up=lambda: True)
    assert ended.value.code == FAILED
