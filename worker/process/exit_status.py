"""A worker that was asked to stop ends with status 0, and one that ends by itself, or gives up, with another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery, signals

FAILED = 1


def run_worker(app: Celery, arguments: Sequence[str], gave_up: Callable[[], bool] = lambda: False) -> None:
    """Run a Celery worker to its end.

    Args:
        app: Its app.
        arguments: Its command line, from ``worker`` on.
        gave_up: Asked at a stop that a signal asked for: whether the worker sent that signal to itself.

    Raises:
        SystemExit: Nobody asked the worker to stop; Celery itself would end with status 0 then.
    """
    asked: list[str] = []

    def note(sig: str, **_: Any) -> None:
        asked.append(sig)

    signals.worker_shutting_down.connect(note)
    app.worker_main(list(arguments))
    if not asked or gave_up():
        sys.exit(FAILED)
