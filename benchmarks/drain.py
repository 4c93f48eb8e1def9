"""What a job that does nothing costs, and whether a long queue drains as fast as a short one.

``python -m benchmarks.drain [--jobs 1000] [--queued 10000] [--workers 2]`` starts Redis, the API, the control worker
and reading processes on the fake engine. It submits small images over HTTP and prints the CPU time of each part a job;
then it holds the worker still, queues many jobs, lets it go, and prints how fast each thousand drained.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil

from benchmarks.processes import cpu_seconds, resident_megabytes
from tests.documents import as_png, text_page
from tests.live.processes import Parts, serving, until

SENDERS = 4  # HTTP clients at a time
STEP = 1000  # jobs between two figures of the drain
_QUEUE = "ocrq:queued:ocrq.cpu.interactive"
_DRAIN_SECONDS = 600.0
_OPTIONS = {"cache": "false"}  # equal images, each read


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="jobs whose CPU time is counted")
    parser.add_argument("--queued", type=int, default=10_000, help="jobs queued before the worker may start; 0: none")
    parser.add_argument("--workers", type=int, default=2, help="reading processes")
    arguments = parser.parse_args()
    with serving(concurrency=arguments.workers) as (parts, url):
        submit(url, 100)  # warm
        drained(parts)
        report_cost(parts, url, arguments.jobs)
        if arguments.queued:
            report_drain(parts, url, arguments.queued)


def submit(url: str, jobs: int) -> None:
    """Send that many small images to the API, each in a request of its own."""
    document = as_png(text_page(["x"], size=(64, 64)))
    per_sender = [jobs // SENDERS + (number < jobs % SENDERS) for number in range(SENDERS)]

    def send(count: int) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            for _ in range(count):
                client.post(
                    "/jobs", content=document, headers={"Content-Type": "image/png"}, params=_OPTIONS
                ).raise_for_status()

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, per_sender))


def cpu_by_part(parts: Parts) -> dict[str, float]:
    """CPU seconds so far, by part of the stack."""
    worker, api = parts.workers
    spent = {
        "redis": cpu_seconds(parts.redis.pid),
        "control": cpu_seconds(parts.control.pid),
        "worker": cpu_seconds(worker.pid),
        "children": 0.0,
        "decoders": 0.0,
        "api": 0.0,
    }
    for child in psutil.Process(worker.pid).children(recursive=True):
        kind = "decoders" if "decoder" in " ".join(child.cmdline()) else "children"
        spent[kind] += cpu_seconds(child.pid)
    for pid in (api.pid, *(child.pid for child in psutil.Process(api.pid).children(recursive=True))):
        spent["api"] += cpu_seconds(pid)
    return spent


def report_cost(parts: Parts, url: str, jobs: int) -> None:
    """CPU time a job, by part, from the submit to the result."""
    before, began = cpu_by_part(parts), time.perf_counter()
    submit(url, jobs)
    sent = time.perf_counter()
    drained(parts)
    ended = time.perf_counter()
    spent = {part: seconds - before[part] for part, seconds in cpu_by_part(parts).items()}
    print("| part | CPU ms a job |\n|---|---|")
    for part, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"| {part} | {seconds / jobs * 1000:.2f} |")
    print(f"| **all** | **{sum(spent.values()) / jobs * 1000:.2f}** |")
    print(f"\n{jobs:,} jobs were sent in {sent - began:.1f} s, and the last was read {ended - sent:.1f} s later.")


def report_drain(parts: Parts, url: str, jobs: int) -> None:
    """Queue jobs while the worker's main process is held, and time how they drain once it goes on."""
    worker, api = parts.workers
    os.kill(worker.pid, signal.SIGSTOP)  # its children send their heartbeats themselves
    before = memory(api.pid)
    submit(url, jobs)
    queued = memory(api.pid)
    began = time.perf_counter()
    os.kill(worker.pid, signal.SIGCONT)
    marks = [began]
    with parts.client() as client:
        while len(marks) <= jobs // STEP:
            if jobs - int(client.zcard(_QUEUE)) >= len(marks) * STEP:
                marks.append(time.perf_counter())
            time.sleep(0.02)
    drained(parts)
    rates = [STEP / (end - start) for start, end in zip(marks, marks[1:], strict=False)]
    shown = ", ".join(f"{rate:.0f}" for rate in rates)
    ratio = rates[-1] / rates[0]
    print(
        f"\nOf {jobs:,} queued jobs each thousand drained at {shown} jobs a second: the last {ratio:.2f} times as fast."
    )
    print(f"The API held {before:.0f} MB before they came, {queued:.0f} waiting, {memory(api.pid):.0f} after.")


def drained(parts: Parts) -> None:
    """Wait until nothing waits or runs."""
    with parts.client() as client:
        until(lambda: client.zcard("ocrq:due") == 0, "all jobs are read", _DRAIN_SECONDS)


def memory(pid: int) -> float:
    """Resident MB of a process with its children."""
    pids = (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))
    return sum(resident_megabytes(each) for each in pids)


if __name__ == "__main__":
    main()
