"""Lists of jobs, over both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import fakeredis
import pytest
from PIL import Image

from ocrq.contracts import parse_request
from ocrq.errors import InvalidImage
from tasks.documents.submission import Submission
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import NewJob
from tasks.jobs.service import JobService
from tests.documents import as_png
from tests.job_stores import SETTINGS, STORES, Jobs
from tests.page_runner import PageRunner

PNG = as_png(Image.new("RGB", (60, 40), "white"))
ERROR = InvalidImage("not an image", field="image").to_json()


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture(params=STORES)
def jobs(request: pytest.FixtureRequest, runner: PageRunner) -> Iterator[Jobs]:
    with ExitStack() as stack:
        yield stack.enter_context(STORES[request.param](runner, SETTINGS.model_copy(update={"max_queued": 50})))


@pytest.fixture
def backend(jobs: Jobs) -> JobService:
    return jobs.service


def submitted(backend: JobService, owner: str | None = None, **fields: object) -> str:
    request = parse_request({"cache": False, **fields})
    return backend.submit(Submission("extract_text", request, PNG, owner=owner)).id


def ids(backend: JobService, *args: object, **how: object) -> list[str]:
    return [job.id for job in backend.newest(*args, **how).jobs]  # type: ignore[arg-type]


def test_jobs_are_listed_newest_first_each_owner_s_alone(backend: JobService) -> None:
    one, two, three = submitted(backend, "ann"), submitted(backend, "bob"), submitted(backend, "ann")
    assert ids(backend, "ann") == [three, one]
    assert ids(backend, "bob") == [two]
    assert ids(backend, None) == [three, two, one]
    assert ids(backend, "eve") == []


def test_a_job_is_reported_as_it_is_without_its_result(backend: JobService) -> None:
    job_id = submitted(backend, "ann")
    backend.wait(job_id, 10)
    (job,) = backend.newest("ann").jobs
    assert (job.status, job.endpoint, job.owner) == ("succeeded", "/extract_text", "ann")
    assert (job.progress.done, job.progress.total, job.attempts) == (1, 1, 1)
    assert job.started_at and job.finished_at and job.created_at <= job.started_at <= job.finished_at


def test_pages_of_a_list_follow_one_another_while_jobs_are_added(backend: JobService) -> None:
    made = [submitted(backend) for _ in range(5)]
    first = backend.newest(limit=2)
    submitted(backend)
    second = backend.newest(limit=2, cursor=first.next_cursor or "")
    third = backend.newest(limit=2, cursor=second.next_cursor or "")
    assert [job.id for page in (first, second, third) for job in page.jobs] == made[::-1]
    assert third.next_cursor is None


def test_the_last_page_says_that_it_is(backend: JobService) -> None:
    made = [submitted(backend) for _ in range(2)]
    page = backend.newest(limit=2)
    assert ([job.id for job in page.jobs], page.next_cursor) == (made[::-1], None)
    assert backend.newest("nobody").next_cursor is None


def test_jobs_of_a_status_are_found_among_others(backend: JobService, runner: PageRunner) -> None:
    ended = submitted(backend)
    backend.wait(ended, 10)
    runner.gate.clear()
    running = submitted(backend)
    while backend.get(running).status == "queued":
        pass
    waiting = submitted(backend)
    cancelled = submitted(backend)
    backend.cancel(cancelled)
    batch = backend.submit_batch([InvalidImage("not an image", field="image")])
    assert ids(backend, None, "succeeded") == [ended]
    assert ids(backend, None, "running") == [running]
    assert ids(backend, None, "queued") == [waiting]
    assert ids(backend, None, "cancelled") == [cancelled]
    assert ids(backend, None, "failed") == [job.id for job in batch.jobs]
    (failed,) = backend.newest(None, "failed").jobs
    assert failed.error and failed.error.code == "invalid_image"


def test_a_job_that_follows_an_equal_one_runs_with_it(backend: JobService, runner: PageRunner) -> None:
    runner.gate.clear()
    leader = submitted(backend, cache=True)
    while backend.get(leader).status == "queued":
        pass
    follower = submitted(backend, cache=True)
    assert ids(backend, None, "running") == [follower, leader]
    assert [job.status for job in backend.newest().jobs] == ["running", "running"]


def test_expired_jobs_are_not_listed(backend: JobService, expire: Callable[..., None]) -> None:
    gone = submitted(backend)
    backend.wait(gone, 10)
    expire(gone)
    assert ids(backend) == []
    kept = submitted(backend)
    assert ids(backend) == [kept]


@pytest.fixture
def expire(jobs: Jobs) -> Callable[..., None]:
    return jobs.expire


def test_the_lists_in_redis_are_bounded_and_forget_what_expired() -> None:
    client = fakeredis.FakeRedis()
    ledger = Ledger(client, SETTINGS)
    new = [NewJob(f"{number:032x}", "extract_text", {}, "", "ocrq.cpu.bulk", "ann", error=ERROR) for number in range(4)]
    ledger.create(new)
    client.delete(f"ocrq:job:{new[3].id}", f"ocrq:job:{new[0].id}")
    assert [record.id for record in ledger.newest("ann", None, 10, "").records] == [new[2].id, new[1].id]
    assert client.zcard("ocrq:jobs:ann") == 2
    assert 0 < client.ttl("ocrq:jobs:ann") <= SETTINGS.job_ttl * 10
    client.zadd("ocrq:jobs", {f"old {number}": -number for number in range(10_000)})
    ledger.create([NewJob("f" * 32, "extract_text", {}, "", "ocrq.cpu.bulk", error=ERROR)])
    assert client.zcard("ocrq:jobs") == 10_000
