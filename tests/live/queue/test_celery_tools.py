"""Celery's own tools, and Flower, which asks and hears the same: the workers, and jobs by their states."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from ocrq.contracts import parse_request
from tasks.celery_app import make_celery
from tasks.documents.submission import Submission
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, text_page
from tests.live.processes import ROOT, Parts, until

pytestmark = pytest.mark.live


def celery(parts: Parts, *arguments: str) -> str:
    command = [sys.executable, "-m", "celery", "-A", "tasks", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "REDIS_URL": parts.url}, capture_output=True, text=True, timeout=120
    )
    return done.stdout + done.stderr


def test_celerys_commands_find_the_workers(parts: Parts) -> None:
    found: list[str] = []

    def both() -> bool:
        found.append(celery(parts, "status", "--timeout", "10"))
        return "worker-cpu-" in found[-1] and "control-" in found[-1]

    until(both, "status shows the worker and the control worker", 90)
    assert "OK" in found[-1]


def test_a_job_of_the_http_side_ends_as_succeeded_in_celerys_events(
    parts: Parts, settings: Settings, backend: JobService
) -> None:
    app = make_celery(settings, socket_timeout=5)
    seen: dict[str, str] = {}

    def hear(event: dict[str, Any]) -> None:
        seen[event["uuid"]] = event["type"]

    types = ("task-succeeded", "task-failed", "task-rejected", "task-retried")
    connection = app.connection()
    receiver = app.events.Receiver(connection, handlers=dict.fromkeys(types, hear))
    listener = threading.Thread(target=lambda: list(receiver.consume(limit=None)))
    listener.start()
    app.control.enable_events()
    document = as_png(text_page(["events"], size=(160, 40)))

    def heard() -> bool:
        job = backend.submit(Submission("extract_text", parse_request({"cache": False}), document))
        backend.wait(job.id, 20)
        return job.id in seen

    try:
        until(heard, "an event of a job", 90)
    finally:
        receiver.should_stop = True
        app.control.disable_events()
        listener.join(30)
        connection.release()
    assert set(seen.values()) == {"task-succeeded"}
