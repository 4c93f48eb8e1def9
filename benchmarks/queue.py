"""What the ledger costs: a job from submit to result beside plain Celery's own, on the same Redis in the same run.

``python -m benchmarks.queue [--jobs N]`` starts Redis, a plain Celery worker with a task that does nothing, and our
worker with the fake engine, one process each. It sends one job at a time to each in turn, and prints the medians, the
size of a message, and what a queued document takes in Redis.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from celery import Celery
from pydantic import SecretStr

from ocrq.contracts import parse_request
from tasks.documents.submission import Submission
from tasks.jobs.queue import queue_service
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, text_page
from tests.live.processes import Parts, until

QUEUED_DOCUMENTS = 200
DOCUMENT_BYTES = 300_000
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

PLAIN = """
import os
from celery import Celery
app = Celery("plain", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1)
@app.task(name="plain.nothing")
def nothing(request):
    return {}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300, help="jobs sent to each")
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as directory:
        parts = Parts(Path(directory) / "parts")
        plain = None
        try:
            parts.start(workers=1, concurrency=1)
            plain = start_plain(Path(directory), parts.url)
            report_times(parts, jobs)
            report_sizes(parts)
        finally:
            if plain:
                plain.terminate()
                plain.wait()
            parts.end()


def start_plain(directory: Path, url: str) -> subprocess.Popen[bytes]:
    """A plain Celery worker on its own queue."""
    (directory / "plain.py").write_text(PLAIN)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "plain", "worker", "-c", "1", "-Q", "plain", "-l", "ERROR"],
        cwd=directory,
        env={**os.environ, "REDIS_URL": url},
    )
    nothing_by_celery(url)()
    return worker


def nothing_by_celery(url: str) -> Callable[[], None]:
    """A call that does nothing, through plain Celery."""
    app = Celery(broker=url, backend=url)

    def call() -> None:
        app.send_task("plain.nothing", args=[{"pages": "1"}], queue="plain").get(timeout=60)

    return call


def nothing_by_ledger(backend: JobService) -> Callable[[], None]:
    """A document read at once by the fake engine, through our queue."""
    page = as_png(text_page(["x"], size=(60, 40)))
    request = parse_request({"cache": False})

    def call() -> None:
        job = backend.wait(backend.submit(Submission("extract_text", request, page)).id, 60)
        assert job.status == "succeeded", job

    return call


def report_times(parts: Parts, jobs: int) -> None:
    """Both in turn, so that a slow moment of the machine meets both."""
    settings = Settings(redis_url=SecretStr(parts.url), model="fake", blob_dir=parts.directory / "blobs")
    calls = {"plain Celery": nothing_by_celery(parts.url), "ocrq": nothing_by_ledger(queue_service(settings))}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(jobs):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:13} p50 {medians[name]:6.1f} ms   p95 {statistics.quantiles(values, n=20)[18]:6.1f} ms")
    print(f"ours over plain Celery's own: {medians['ocrq'] - medians['plain Celery']:.1f} ms at p50, {jobs} jobs each")


def report_sizes(parts: Parts) -> None:
    """A message, and queued documents kept in Redis, with no worker to take them."""
    for worker in parts.workers:
        worker.kill()  # without a goodbye, so that it still counts as alive for a moment
    settings = Settings(redis_url=SecretStr(parts.url), model="fake", blob_dir=None)
    backend = queue_service(settings)
    with parts.client() as client:
        until(lambda: client.ping(), "Redis answers")
        before = client.info("memory")["used_memory"]
        for _ in range(QUEUED_DOCUMENTS):
            document = PNG_MAGIC + os.urandom(DOCUMENT_BYTES - len(PNG_MAGIC))
            backend.submit(Submission("extract_text", parse_request({}), document))
        grown = client.info("memory")["used_memory"] - before
        message = client.lindex("ocrq.cpu.interactive\x06\x163", 0)
        print(f"a queue message: {len(message):,} bytes")
        ratio = grown / (QUEUED_DOCUMENTS * DOCUMENT_BYTES)
        print(f"Redis for {QUEUED_DOCUMENTS} queued documents: {ratio:.3f} x their bytes")


if __name__ == "__main__":
    main()
