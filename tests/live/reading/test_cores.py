"""Two reading processes use two cores, by the scheduler's run times and affinity masks, not by a stop-watch."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import httpx
import pytest

from benchmarks.processes import scheduler_times
from tests.documents import as_png, text_page
from tests.live.stack.running import Up

pytestmark = pytest.mark.live

DOCUMENTS = 6
LINES = [f"Invoice number {number} of the Harbour Street Bakery, total 23.67" for number in range(8)]
FAIR = 0.2  # of the CPU time: two of the six documents, less a little
LOOK_SECONDS = 0.002  # a network runs for tens of milliseconds


def readers(up: Up) -> list[int]:
    """The pids of the processes that hold the models; each has a decoder beside it, and Celery's parent above."""
    children = up.part("-m worker --concurrency").children()
    return [child.pid for child in children if "decoder" not in " ".join(child.cmdline())]


def allowed_cpus(pid: int) -> set[frozenset[int]]:
    """The CPUs that each thread of a process may run on at this moment."""
    masks = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            masks.add(frozenset(os.sched_getaffinity(int(task.name))))
        except ProcessLookupError:
            continue
    return masks


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU")
def test_two_processes_read_at_once_and_neither_is_bound_to_a_core(up: Up) -> None:
    pids = readers(up)
    assert len(pids) == 2
    page = as_png(text_page(LINES, size=(1000, 1000), font_px=24))

    def read(number: int) -> int:
        headers = {"Content-Type": "image/png"}
        answer = httpx.post(f"{up.url}/extract_text?cache=false", content=page, headers=headers, timeout=120)
        return answer.status_code

    seen: set[frozenset[int]] = set()
    before = [scheduler_times(pid) for pid in pids]
    with ThreadPoolExecutor(DOCUMENTS) as pool:
        calls: set[Future[int]] = {pool.submit(read, number) for number in range(DOCUMENTS)}
        asked = set(calls)
        while calls:
            calls = wait(calls, timeout=LOOK_SECONDS).not_done
            seen = seen.union(*(allowed_cpus(pid) for pid in pids))
    assert {call.result() for call in asked} == {200}
    ran = [scheduler_times(pid).since(earlier).running for pid, earlier in zip(pids, before, strict=True)]
    assert min(ran) > FAIR * sum(ran), f"one process did the work of two: {ran}"
    assert seen == {frozenset(os.sched_getaffinity(0))}, "a library binds its threads: all processes share that core"
