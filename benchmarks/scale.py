"""Whether time grows with the pages and falls with the workers: ``python -m benchmarks.scale [--workers 1 2 4]``.

Documents of 1, 50 and 1,000 small pages go through the whole stack over HTTP on the fake engine, so that the queue is
measured and not the reading: pages a second, CPU time a page of all parts, and the memory of the API.
"""

from __future__ import annotations

import argparse
import time

import httpx

from benchmarks.processes import family, resident_megabytes, total_cpu
from tests.documents import as_tiff, text_page
from tests.live.processes import Parts, serving, until

DOCUMENTS = ((1, 500), (50, 20), (1000, 2))
"""Pages of a document, and how many such documents are sent."""

_READ_SECONDS = 600.0


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="numbers of reading processes")
    print("| workers | pages a document | pages/s | CPU ms/page | API MB |\n|---|---|---|---|---|")
    for workers in parser.parse_args().workers:
        with serving(concurrency=workers) as (parts, url):
            measure(parts, url, workers)


def measure(parts: Parts, url: str, workers: int) -> None:
    """One stack, documents of every length."""
    page = text_page(["x"], size=(64, 64))
    with httpx.Client(base_url=url, timeout=60) as client:
        send(client, as_tiff([page]))
        ended(parts)
        for pages, documents in DOCUMENTS:
            document = as_tiff([page] * pages)
            pids = [pid for part in (parts.redis, parts.control, *parts.workers) for pid in family(part.pid)]
            before, began = total_cpu(pids), time.perf_counter()
            for _ in range(documents):
                send(client, document)
            ended(parts)
            seconds, spent = time.perf_counter() - began, total_cpu(pids) - before
            read = pages * documents
            memory = sum(resident_megabytes(pid) for pid in family(parts.workers[-1].pid))
            print(
                f"| {workers} | {pages:,} | {read / seconds:.0f} | {spent / read * 1000:.2f} | {memory:.0f} |",
                flush=True,
            )


def send(client: httpx.Client, document: bytes) -> None:
    """Submit a document, not to be answered from an earlier one."""
    headers = {"Content-Type": "image/tiff"}
    client.post("/jobs", content=document, headers=headers, params={"cache": "false"}).raise_for_status()


def ended(parts: Parts) -> None:
    """Wait until no job waits or runs."""
    with parts.client() as client:
        until(lambda: client.zcard("ocrq:due") == 0, "all jobs have ended", _READ_SECONDS)


if __name__ == "__main__":
    main()
