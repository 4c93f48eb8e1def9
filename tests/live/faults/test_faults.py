"""Each test breaks one part of a real stack, and requires that each job ends once."""

from __future__ import annotations

import base64
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis
from celery import Celery, chain, chord

from ocrq.errors import BrokerUnavailable
from tests.live.faults.conftest import Stack, frames, lives, page
from tests.live.faults.engines.fake.engine import (
    DEAF,
    FREEZE,
    HANG,
    IGNORE,
    KILL_CHILD,
    KILL_PARENT,
    LEAK,
    LONG,
    RAISE,
    SLEEP,
    SLOW,
)
from tests.live.processes import Part, until
from worker.runner import UNITS_WANTED

pytestmark = [pytest.mark.live, pytest.mark.slow]


def running(stack: Stack, job_id: str) -> bool:
    return stack.job(job_id).status == "running"


def victim(stack: Stack, job_id: str) -> int:
    """The process that reads a job."""
    with stack.parts.client() as client:
        return int(client.hget(f"ocrq:job:{job_id}", "worker").decode().rpartition(":")[2])


def main_of(stack: Stack, child: int) -> Part:
    """The worker whose child this is."""
    return next(part for part in stack.parts.workers if child in {process.pid for process in part.children()})


def test_a_job_whose_child_is_killed_is_read_by_another(stack: Stack) -> None:
    job_id = stack.submit(page(SLOW))
    until(lambda: running(stack, job_id), "the job runs")
    os.kill(victim(stack, job_id), signal.SIGKILL)
    assert stack.text(job_id) == "page 1"
    assert stack.job(job_id).attempts == 2


def test_a_killed_child_is_noticed_at_once_and_not_when_its_lease_ends(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(OCRQ_LEASE_SECONDS="60")
    job_id = stack.submit(page(SLOW))
    until(lambda: running(stack, job_id), "the job runs")
    os.kill(victim(stack, job_id), signal.SIGKILL)
    assert stack.text(job_id, 20) == "page 1"


def test_a_job_whose_whole_worker_is_killed_is_read_by_its_peer(stack: Stack) -> None:
    job_id = stack.submit(page(SLOW))
    until(lambda: running(stack, job_id), "the job runs")
    main_of(stack, victim(stack, job_id)).kill()
    assert stack.text(job_id) == "page 1"


@pytest.mark.parametrize("width", [KILL_CHILD, KILL_PARENT], ids=["child", "main"])
def test_a_document_that_kills_its_workers_is_dead_after_three_and_the_others_are_read(
    stack: Stack, width: int
) -> None:
    if width == KILL_PARENT:
        for _ in range(2):  # the third death needs a third worker, and what follows a fourth
            stack.parts.add_worker(1)
    poison = stack.submit(page(width))
    job = stack.job(poison, 60)
    assert job.error is not None
    assert (job.status, job.error.code, job.attempts) == ("failed", "worker_lost", 3)
    assert stack.text(stack.submit()) == "page 1"


def test_a_message_that_is_popped_and_lost_is_published_again(stack: Stack) -> None:
    for part in stack.parts.workers:
        part.kill()  # without a goodbye: for a while it counts as alive
    job_id = stack.submit()
    with stack.parts.client() as client:
        for key in client.scan_iter("ocrq.cpu.interactive*"):
            client.delete(key)
    stack.parts.add_worker(1)
    assert stack.text(job_id) == "page 1"


def test_a_job_published_twice_is_read_once(kept_stack: Stack) -> None:
    job_id = kept_stack.submit(page(SLOW))
    for _ in range(5):
        kept_stack.backend._admission.publish(job_id)
    assert kept_stack.text(job_id) == "page 1"
    time.sleep(1)
    assert (kept_stack.commits(job_id), kept_stack.job(job_id).attempts) == (1, 1)


def test_a_task_longer_than_the_visibility_of_its_message_runs_once(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=2, OCRQ_VISIBILITY_SECONDS="1")
    job_id = stack.submit(page(DEAF))
    time.sleep(6)  # the broker looks for messages to restore every five seconds
    assert stack.text(job_id) == "page 1"
    assert (stack.commits(job_id), stack.job(job_id).attempts) == (1, 1)


def test_a_process_that_ignores_that_its_job_was_cancelled_is_killed(once_stack: Stack) -> None:
    stack = once_stack
    job_id = stack.submit(page(IGNORE))
    until(lambda: running(stack, job_id), "the job runs")
    deaf = victim(stack, job_id)
    stack.backend.cancel(job_id)
    assert stack.text(stack.submit(page()), 60) == "page 1", "the process is free again"
    assert not psutil.pid_exists(deaf)
    assert stack.job(job_id).status == "cancelled"


def test_a_process_that_hangs_without_a_thread_that_runs_is_killed(once_stack: Stack) -> None:
    stack = once_stack
    job_id = stack.submit(page(HANG))
    until(lambda: running(stack, job_id), "the job runs")
    assert stack.text(stack.submit(page()), 60) == "page 1", "the process is free again"
    error = stack.job(job_id, 60).error
    assert error is not None and error.code == "worker_lost"


def test_a_frozen_worker_that_thaws_while_a_peer_reads_cannot_commit(stack: Stack) -> None:
    job_id = stack.submit(page(FREEZE))
    until(Path(stack.parts.settings["FAULTY_MARK"]).exists, "a worker is frozen")
    frozen = victim(stack, job_id)
    until(lambda: victim(stack, job_id) != frozen, "a peer has the job")
    os.kill(frozen, signal.SIGCONT)
    assert stack.text(job_id) == "page 1"
    assert victim(stack, job_id) != frozen
    assert stack.commits(job_id) == 1


def test_a_worker_whose_connections_are_cut_over_and_over_ends_its_job_once(make_stack: Callable[..., Stack]) -> None:
    # With a process to spare the worker listens while it reads, and so notices that it is cut off.
    stack = make_stack(workers=1, concurrency=3)
    long, many = stack.submit(page(DEAF)), stack.submit(frames(*[SLEEP] * 6))
    until(lambda: running(stack, long), "the long job runs")
    with stack.parts.client() as client:
        for _ in range(25):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            time.sleep(0.1)  # 2.5 s in all, of the four that the long job takes
    assert stack.text(long) == "page 1"
    assert stack.text(many, 60).count("page") == 6
    assert (stack.commits(long), stack.job(long).attempts, stack.commits(many)) == (1, 1, 1)


def test_redis_killed_and_restarted_loses_no_job(stack: Stack) -> None:
    jobs = [stack.submit(page(SLOW)) for _ in range(4)]
    time.sleep(1.5)  # the log of changes is written every second
    stack.parts.redis.kill()
    with pytest.raises(BrokerUnavailable):
        stack.submit()
    stack.parts.start_redis()
    assert [stack.text(job_id, 60) for job_id in jobs] == ["page 1"] * 4


def test_a_frozen_redis_is_reported_within_two_seconds(stack: Stack) -> None:
    os.kill(stack.parts.redis.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            stack.submit()
        assert time.monotonic() - began < 2
        assert stack.backend.health().status == "unhealthy"
        assert not stack.backend.ready()
    finally:
        os.kill(stack.parts.redis.pid, signal.SIGCONT)
    # The refused submission may have arrived at last, without a message: an equal one must not wait long behind it.
    assert stack.text(stack.submit(), 30) == "page 1"


def test_a_full_redis_refuses_and_recovers_when_there_is_space(kept_stack: Stack) -> None:
    with kept_stack.parts.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(BrokerUnavailable, match="memory is full"):
            kept_stack.submit()
        client.config_set("maxmemory", 0)
    assert kept_stack.text(kept_stack.submit()) == "page 1"


@contextmanager
def demoted(client: redis.Redis, directory: Path) -> Iterator[None]:
    """Redis as a failover leaves the old primary: a replica, which takes no writes."""
    client.execute_command("REPLICAOF", "127.0.0.1", "1")
    yield
    client.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def without_disk(client: redis.Redis, directory: Path) -> Iterator[None]:
    """Redis as a full disk leaves it: what it saves does not succeed, so it takes no writes."""
    home = client.config_get("dir")["dir"]
    gone = directory / "gone"
    gone.mkdir()
    client.config_set("dir", str(gone))
    client.config_set("save", "3600 1000000")
    gone.rmdir()
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", "the save has failed")
    yield
    client.config_set("dir", home)
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok", "the save has succeeded")
    client.config_set("save", "")


@pytest.mark.parametrize(("trouble", "cause"), [(demoted, "read_only"), (without_disk, "redis_disk")])
def test_a_redis_that_takes_no_writes_is_reported_by_name_and_every_job_is_read_afterwards(
    kept_stack: Stack, trouble: Callable[..., AbstractContextManager[None]], cause: str, tmp_path: Path
) -> None:
    jobs = [kept_stack.submit(page(SLOW), cache=False) for _ in range(4)]
    until(lambda: running(kept_stack, jobs[0]), "a job runs")
    with kept_stack.parts.client() as client, trouble(client, tmp_path):
        until(lambda: cause in " ".join(kept_stack.backend.health().reasons), "health names the cause", 3)
        with pytest.raises(BrokerUnavailable) as refused:
            kept_stack.submit()
        assert refused.value.extra == {"cause": cause}
        time.sleep(5)  # the workers meet it in all that they do: leases, heartbeats, commits, acknowledgements
        assert all(lives(part) for part in kept_stack.parts.workers)
    assert [kept_stack.text(job_id, 60) for job_id in jobs] == ["page 1"] * 4
    assert all(lives(part) for part in (*kept_stack.parts.workers, kept_stack.parts.control))


def test_a_cancelled_job_never_starts_and_a_running_one_frees_its_worker(kept_stack: Stack) -> None:
    stack = kept_stack
    slow = [stack.submit(frames(60, *[LONG] * 3), cache=False) for _ in range(2)]
    until(lambda: all(stack.job(job_id).progress.done >= 1 for job_id in slow), "a page of each is done")
    queued = stack.submit(page(KILL_CHILD))
    assert stack.backend.cancel(queued).status == "cancelled"
    assert {stack.backend.cancel(job_id).status for job_id in slow} == {"cancelled"}
    began = time.monotonic()
    assert stack.text(stack.submit()) == "page 1"
    assert time.monotonic() - began < 3
    assert stack.job(queued).started_at is None


def test_a_job_cancelled_without_workers_never_starts(stack: Stack) -> None:
    for part in stack.parts.workers:
        part.kill()  # without a goodbye: for a while it counts as alive
    job_id = stack.submit(page(KILL_CHILD))
    stack.backend.cancel(job_id)
    stack.parts.add_worker(1)
    assert stack.text(stack.submit_once_served()) == "page 1"
    assert stack.job(job_id).status == "cancelled"


@dataclass
class MakesDirectory:
    """Unpickling it makes a directory."""

    path: Path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return os.mkdir, (self.path,)


def test_messages_that_are_not_ocrq_jobs_are_dropped_and_the_worker_goes_on(kept_stack: Stack, tmp_path: Path) -> None:
    app = Celery(broker=kept_stack.parts.url, backend=kept_stack.parts.url)
    harm = tmp_path / "harm"
    app.send_task("ocr.extract_text", args=[MakesDirectory(harm)], queue="ocrq.cpu.interactive", serializer="pickle")
    for name in ("no.such.task", "ocr.extract_txt"):
        app.send_task(name, kwargs={"request": {"prompt": "a secret"}}, queue="ocrq.cpu.interactive", serializer="json")
    assert kept_stack.text(kept_stack.submit()) == "page 1"
    assert not harm.exists()
    assert not [part for part in kept_stack.parts.workers if "a secret" in part.output()]
    assert all(lives(part) for part in kept_stack.parts.workers)


def test_bytes_that_are_no_message_cost_no_worker_and_no_job(kept_stack: Stack) -> None:
    jobs = [kept_stack.submit(page(SLOW), cache=False) for _ in range(2)]
    with kept_stack.parts.client() as client:
        client.lpush("ocrq.cpu.interactive", b"not even a message")
    assert [kept_stack.text(job_id) for job_id in [*jobs, kept_stack.submit()]] == ["page 1"] * 3
    assert all(lives(part) for part in kept_stack.parts.workers)


def test_a_document_gone_from_the_store_is_a_reported_failure(stack: Stack) -> None:
    for part in stack.parts.workers:
        part.kill()  # without a goodbye: for a while it counts as alive
    job_id = stack.submit()
    for blob in (stack.parts.directory / "blobs").glob("*/*"):
        blob.unlink()
    stack.parts.add_worker(1)
    job = stack.job(job_id, 30)
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "document_lost")


def test_an_engine_that_breaks_is_reported_by_an_incident_id_without_internals(kept_stack: Stack) -> None:
    job = kept_stack.job(kept_stack.submit(page(RAISE)), 30)
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "internal_error")
    assert "secret" not in job.error.model_dump_json()
    # So many pages that two share a unit: the broken one takes none with it.
    mixed = kept_stack.job(kept_stack.submit(frames(60, RAISE, *[60] * UNITS_WANTED)), 30)
    assert mixed.result is not None
    assert [page["page"] for page in mixed.result["pages"] if page["error"]] == [2]


def test_a_chain_and_a_chord_end_though_a_worker_dies(stack: Stack) -> None:
    app = Celery(broker=stack.parts.url, backend=stack.parts.url)

    def ask(document: bytes) -> object:
        return app.signature(
            "ocr.extract_text", kwargs={"request": {"image": base64.b64encode(document).decode()}}, app=app
        )

    slow = ask(page(SLOW))
    ended = chord([slow, ask(frames(SLOW, 60))], app.signature("ocr.health", immutable=True), app=app).apply_async()
    time.sleep(0.7)
    for part in stack.parts.workers[:1]:
        for process in part.children():
            process.kill()
    assert ended.get(timeout=40)["status"] in {"healthy", "degraded"}
    linked = chain(ask(page()), app.signature("ocr.health", immutable=True), app=app).apply_async()
    assert linked.get(timeout=40)["workers"] >= 1


def test_a_worker_asked_to_stop_finishes_or_hands_back_and_burns_no_attempt(stack: Stack) -> None:
    jobs = [stack.submit(page(SLOW)) for _ in range(6)]
    until(lambda: running(stack, jobs[0]), "the first job runs")
    child = victim(stack, jobs[0])
    main_of(stack, child).stop()
    stack.parts.add_worker(1)
    assert [stack.text(job_id, 60) for job_id in jobs] == ["page 1"] * 6
    assert victim(stack, jobs[0]) == child
    assert {stack.job(job_id).attempts for job_id in jobs} == {1}


def test_a_job_too_long_for_the_stop_is_handed_back_and_read_by_the_peer(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(OCRQ_DRAIN_SECONDS="0", OCRQ_LEASE_SECONDS="30")
    job_id = stack.submit(page(DEAF))
    until(lambda: running(stack, job_id), "the job runs")
    main_of(stack, victim(stack, job_id)).stop()
    assert stack.text(job_id, 20) == "page 1"
    assert (stack.job(job_id).attempts, stack.commits(job_id)) == (1, 1)


def test_a_model_that_loads_slowly_survives_the_death_of_a_child(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = make_stack(workers=1, FAULTY_LOAD_SECONDS="6", FAULTY_MARK=str(tmp_path / "loaded"))
    job_id = stack.submit(page(SLOW))
    until(lambda: running(stack, job_id), "the job runs")
    os.kill(victim(stack, job_id), signal.SIGKILL)
    assert stack.text(job_id, 60) == "page 1"


def test_a_worker_whose_warm_up_always_fails_stops_and_its_peer_reads(stack: Stack) -> None:
    broken = stack.parts.add_worker(1, FAULTY_LOAD="1")
    assert stack.text(stack.submit()) == "page 1"
    assert broken.process is not None
    until(lambda: broken.process and broken.process.poll() is not None, "the broken worker stopped", 90)
    assert stack.text(stack.submit()) == "page 1"


def test_a_task_past_its_hard_limit_is_reported_and_its_worker_is_free(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=1, OCRQ_JOB_SECONDS="1", OCRQ_HARD_LIMIT_SECONDS="1")
    job = stack.job(stack.submit(page(DEAF)), 40)
    assert job.error is not None
    assert (job.status, job.error.code, job.attempts) == ("failed", "time_limit_exceeded", 1)
    assert job.finished_at is not None and job.started_at is not None
    assert (job.finished_at - job.started_at).total_seconds() < 3.5
    assert stack.text(stack.submit_once_served()) == "page 1"


def test_equal_requests_are_read_once_and_answered_together(kept_stack: Stack) -> None:
    first, second, third = (kept_stack.submit(page(SLOW)) for _ in range(3))
    other = kept_stack.submit(page(SLOW), cache=False)
    until(lambda: running(kept_stack, second), "the second shows that its equal is read")
    assert {kept_stack.text(job_id) for job_id in (first, second, third, other)} == {"page 1"}
    late = kept_stack.submit(page(SLOW))
    jobs = [kept_stack.job(job_id) for job_id in (first, second, third, other, late)]
    assert [bool(job.result and job.result["metadata"]["cached"]) for job in jobs] == [False, True, True, False, True]


def test_when_the_job_that_is_read_for_all_is_cancelled_the_next_is_read(kept_stack: Stack) -> None:
    first, second, third = (kept_stack.submit(page(SLOW)) for _ in range(3))
    until(lambda: running(kept_stack, first), "the first runs")
    kept_stack.backend.cancel(first)
    assert kept_stack.text(second) == kept_stack.text(third) == "page 1"
    assert kept_stack.job(first).status == "cancelled"


def test_a_dead_job_is_listed_and_can_be_tried_again(once_stack: Stack) -> None:
    stack = once_stack
    poison = stack.submit(page(KILL_CHILD))
    assert stack.job(poison, 60).status == "failed"
    assert stack.backend.dead()[0].id == poison
    again = stack.backend.retry(poison)
    assert again.status in {"queued", "running"}
    assert stack.job(poison, 60).status == "failed"
    assert stack.job(poison).attempts == 1


def test_a_process_that_grows_is_replaced_and_no_job_is_lost_by_it(kept_stack: Stack) -> None:
    stack = kept_stack
    jobs = [stack.submit(page(LEAK), cache=False) for _ in range(6)]
    assert [stack.text(job_id, 60) for job_id in jobs] == ["page 1"] * 6
    assert {stack.job(job_id).attempts for job_id in jobs} == {1}
    assert len({victim(stack, job_id) for job_id in jobs}) > 2, "more than the two there were"


def test_health_answers_while_every_worker_is_busy(kept_stack: Stack) -> None:
    jobs = [kept_stack.submit(page(SLOW), cache=False) for _ in range(6)]
    until(lambda: kept_stack.backend.health().busy == 2, "both processes read")
    assert kept_stack.backend.health().status == "healthy"
    assert [kept_stack.text(job_id) for job_id in jobs] == ["page 1"] * 6
