"""How quick `/health` is while a crowd waits and every worker is busy: ``python -m benchmarks.health [--crowd 300]``.

Starts Redis, two reading processes on the fake engine and the API, opens half the crowd as `?wait=` and half as event
streams on one slow document, and asks `/health` meanwhile, beside `/livez`, which does nothing, on the same server.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time

import httpx

from tests.documents import as_png, as_tiff, text_page
from tests.live.processes import serving, until

ASKED = 500
SLOW_SECONDS = "1"  # a page
PAGES = 300


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crowd", type=int, default=300, help="callers that wait")
    crowd = parser.parse_args().crowd
    with serving({"OCRQ_FAKE_SECONDS": SLOW_SECONDS}) as (_, url):
        measure(url, crowd)


def measure(url: str, crowd: int) -> None:
    """Gather the crowd, ask, print."""
    page = text_page(["x"], size=(60, 40))
    with httpx.Client(base_url=url, timeout=30) as client:
        document = as_tiff([page] * PAGES)
        job = client.post("/jobs", files={"file": document}).json()["id"]
        client.post("/jobs", content=as_png(page), headers={"Content-Type": "image/png"})
        until(lambda: client.get("/health").json()["busy"] == 2, "both processes read")
        gathered = gather(url, job, crowd)
        for path in ("/livez", "/health"):
            times = sorted(ask(client, path) for _ in range(ASKED))
            p99 = times[int(len(times) * 0.99)]
            print(f"{path:8} with {gathered} waiting: p50 {statistics.median(times):.1f} ms, p99 {p99:.1f} ms")
        client.delete(f"/jobs/{job}")


def gather(url: str, job: str, crowd: int) -> int:
    """Open that many waits and streams on the job; returns how many stand."""
    opened = threading.Semaphore(0)

    def stand(path: str) -> None:
        with httpx.stream("GET", f"{url}{path}", timeout=120) as answer:
            opened.release()
            for _ in answer.iter_bytes():
                pass

    for number in range(crowd):
        path = f"/jobs/{job}/events" if number % 2 else f"/jobs/{job}?wait=60"
        threading.Thread(target=stand, args=(path,), daemon=True).start()
    for _ in range(crowd // 2):
        opened.acquire(timeout=60)
    time.sleep(2)  # the waits have no first byte to tell that they stand
    return crowd


def ask(client: httpx.Client, path: str) -> float:
    """Milliseconds one answer takes."""
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
