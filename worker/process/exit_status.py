"""A worker that was asked to stop ends with status 0, and one that ends by itself, or gives up, with another."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from celery import Celery, signals

FAILED = 1


def run_worker(
    app: Celery, name: str, pool: str, concurrency: int = 1, gave_up: Callable[[], bool] = lambda: False
) -> None:
    """Run a Celery worker to its end.

    Celery's own command line is left out: its shell and completion take a tenth of a second and 10 MB to import.

    Args:
        app: Its app.
        name: Of its kind; the process's id makes its node's name of it.
        pool: ``prefork``, ``threads`` or ``solo``.
        concurrency: Processes or threads.
        gave_up: Asked at a stop that a signal asked for: whether the worker sent that signal to itself.

    Raises:
        SystemExit: Nobody asked the worker to stop; Celery itself would end with status 0 then.
    """
    asked: list[str] = []

    def note(sig: str, **_: Any) -> None:
        asked.append(sig)

    signals.worker_shutting_down.connect(note)
    app.Worker(
        hostname=f"{name}-{os.getpid()}@{socket.gethostname()}",
        pool_cls=pool,
        concurrency=concurrency,
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
    ).start()
    if not asked or gave_up():
        sys.exit(FAILED)
