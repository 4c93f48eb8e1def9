"""Documents are decoded in processes beside the workers' children: killing those costs no job and no child."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.live.faults.conftest import Stack, _started, frames
from tests.live.faults.engines.fake.engine import SLEEP, SLOW
from tests.live.processes import Part, until

pytestmark = [pytest.mark.live, pytest.mark.slow]

CHILDREN = 2
KILLS = 8
AT_A_TIME = 4  # documents submitted before each of them
OLD_SECONDS = 1.0  # a process killed younger may not have read a byte yet


def is_decoder(process: psutil.Process) -> bool:
    try:
        return "worker.imaging.decoder_process" in process.cmdline()
    except psutil.Error:
        return False


def decoders(part: Part) -> list[psutil.Process]:
    return [process for process in part.children() if is_decoder(process)]


def end_one(part: Part, signum: signal.Signals) -> None:
    """Send a signal to the first decoder that is old enough, and see it gone."""
    while not (old := [decoder for decoder in decoders(part) if time.time() - decoder.create_time() > OLD_SECONDS]):
        time.sleep(0.05)
    old[0].send_signal(signum)
    until(lambda: not alive(old[0]), "the decoder is gone", 10)


def readers(part: Part) -> set[int]:
    return {process.pid for process in part.children() if not is_decoder(process)}


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def two_children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A worker of two processes; what kills their decoders leaves them."""
    with _started(tmp_path_factory.mktemp("decoders"), workers=1, concurrency=CHILDREN) as stack:
        yield stack


def test_each_reading_process_has_one_decoder_and_never_two(two_children: Stack) -> None:
    stack = two_children
    (part,) = stack.parts.workers
    until(lambda: len(decoders(part)) == CHILDREN, "each has its decoder")
    jobs = [stack.submit(frames(60, 61, 62), cache=False) for _ in range(6)]
    assert {stack.text(job_id).count("page") for job_id in jobs} == {3}
    assert len(decoders(part)) == CHILDREN


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSEGV], ids=lambda signum: signum.name)
def test_decoders_that_die_over_and_over_end_no_child_and_lose_no_job(
    two_children: Stack, signum: signal.Signals
) -> None:
    stack = two_children
    (part,) = stack.parts.workers
    before = readers(part)
    jobs: list[str] = []
    busy = 0
    for _ in range(KILLS):
        jobs += [stack.submit(frames(*[SLEEP] * 6, 60 + len(jobs) + more), cache=False) for more in range(AT_A_TIME)]
        end_one(part, signum)
        busy += any(stack.job(job_id).status in {"queued", "running"} for job_id in jobs)
    assert busy, "killed while they were read"
    ended = [stack.job(job_id, 60) for job_id in jobs]
    assert {job.status for job in ended} <= {"succeeded", "failed"}
    # One that is hit while it starts cannot tell of its document: that is the service's fault, and told as such.
    assert {job.error.code for job in ended if job.error} <= {"unreadable_document", "internal_error"}
    assert {job.attempts for job in ended} == {1}
    if signum == signal.SIGKILL:  # which is nobody's document's fault
        assert [job.status for job in ended] == ["succeeded"] * len(jobs)
    assert readers(part) == before
    assert stack.text(stack.submit(frames(60, 60))).count("page") == 2


def test_a_frozen_decoder_costs_its_page_alone(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=1, OCRQ_DECODE_SECONDS="1")
    (part,) = stack.parts.workers
    before = readers(part)
    job_id = stack.submit(frames(SLOW, SLOW, 60))
    until(lambda: stack.job(job_id).progress.total == 3, "its pages are counted")  # the document is open then
    (frozen,) = decoders(part)
    frozen.suspend()
    job = stack.job(job_id, 30)
    assert job.status == "succeeded" and job.result is not None
    wrong = [page["error"] for page in job.result["pages"] if page["error"]]
    assert len(wrong) <= 1  # none where the page at hand was decoded already
    assert all(error["code"] == "unreadable_document" for error in wrong)
    assert all("takes longer than 1 s" in error["detail"] for error in wrong)
    assert readers(part) == before
    assert not alive(frozen)


def test_no_decoder_outlives_its_reading_process(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=2, concurrency=CHILDREN)
    killed, stopped = stack.parts.workers
    child = next(iter(readers(killed)))
    (orphan,) = psutil.Process(child).children()
    os.kill(child, signal.SIGKILL)
    until(lambda: not alive(orphan), "the killed child's decoder is gone", 10)
    family = [*decoders(killed), *decoders(stopped)]
    assert family
    killed.kill()
    stopped.stop()
    until(lambda: not any(alive(process) for process in family), "the workers' decoders are gone", 10)


def test_a_small_install_reads_without_decoders(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=1, OCRQ_DECODE_HELPER="false")
    assert stack.text(stack.submit(frames(60, 60))).count("page") == 2
    assert not decoders(stack.parts.workers[0])
