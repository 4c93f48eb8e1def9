from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ocrq.client import AsyncClient, Client, Retries
from ocrq.contracts import Batch, Job, TextResult
from ocrq.errors import JobCancelled, ModelNotAllowed, QueueFull, ServerUnreachable, UnsupportedFormat, WaitTimeout
from tests.page_runner import PageRunner
from tests.scripted_server import Answer, Asked, job, listening, problem, text_result
from tests.unit.cli.conftest import QUICK

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_it_reads_what_the_client_with_threads_reads(server: str, page: Path, client: Client) -> None:
    async def read() -> TextResult:
        async with AsyncClient(server, retries=QUICK) as awaited:
            return await awaited.read(page)

    result = run(read())
    assert isinstance(result, TextResult)
    assert result.text == client.read(page).text


def test_it_has_the_same_calls_with_the_same_arguments() -> None:
    def calls(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(call).parameters)
            for name, call in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_") or name == "__init__"
        }

    assert calls(AsyncClient) == calls(Client)


def test_progress_is_reported_to_functions_and_coroutines(server: str, runner: PageRunner, three_pages: Path) -> None:
    runner.gate.clear()
    updates: list[Job | Batch] = []

    async def awaited_note(now: Job | Batch) -> None:
        await asyncio.sleep(0)
        updates.append(now)
        runner.gate.set()

    async def read() -> None:
        async with AsyncClient(server, retries=QUICK) as client:
            await client.read(three_pages, on_progress=awaited_note)
            await client.read(three_pages, on_progress=updates.append, cache=False)

    run(read())
    assert [now.progress.done for now in updates if now.status == "succeeded"] == [3, 3]


def test_submitting_asking_cancelling_and_the_rest_are_awaited(server: str, runner: PageRunner, page: Path) -> None:
    async def work() -> None:
        async with AsyncClient(server, retries=QUICK) as client:
            runner.gate.clear()
            submitted = await client.submit(page, filename="a.png")
            assert (await client.job(submitted.id)).status in {"queued", "running"}
            with pytest.raises(WaitTimeout) as raised:
                await client.read(page, timeout=0.1)
            assert (await client.cancel(raised.value.extra["job_id"])).id == raised.value.extra["job_id"]
            await client.cancel(submitted.id)
            with pytest.raises(JobCancelled):
                await client.result(submitted.id)
            runner.gate.set()
            assert "Hello" in (await client.result((await client.submit(page)).id)).text  # type: ignore[union-attr]
            assert (await client.health()).status == "healthy"
            assert [model.name for model in (await client.models()).models] == ["fake"]
            assert await client.dead() == []
            with pytest.raises(ModelNotAllowed):
                await client.read(page, model_name="nobody/knows")

    run(work())


def test_an_awaited_client_asks_again_like_the_other() -> None:
    full = problem(429, "queue_full", {"Retry-After": "0"}, retryable=True)

    async def submit(url: str) -> Job:
        async with AsyncClient(url, retries=QUICK) as client:
            return await client.submit(b"x")

    with listening(lambda number, _asked: full if number < 2 else (202, {}, job("queued"))) as server:
        assert run(submit(server.url)).status == "queued"
    assert len(server.keys) == 3 and len(set(server.keys)) == 1
    with listening(lambda _n, _asked: full) as server, pytest.raises(QueueFull):
        run(submit(server.url))


def test_closing_ends_the_wait_for_another_attempt_in_other_tasks() -> None:
    async def work() -> None:
        client = AsyncClient("http://127.0.0.1:1", retries=Retries(attempts=3, first_seconds=60))
        asking = asyncio.create_task(client.health())
        await asyncio.sleep(0.1)
        await client.close()
        with pytest.raises(ServerUnreachable):
            await asyncio.wait_for(asking, 10)

    run(work())


class Crowd:
    """A service that holds every job until so many are under way, or a moment has passed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.count = 0
        self.cancelled: list[str] = []

    def answer(self, _number: int, asked: Asked) -> Answer:
        with self.lock:
            if asked.command == "POST":
                self.now, self.count = self.now + 1, self.count + 1
                self.most = max(self.most, self.now)
                return 202, {}, job("queued", f"job-{self.count}")
            job_id = asked.path.split("/")[2].partition("?")[0]
            if asked.command == "DELETE":
                self.cancelled.append(job_id)
                return 200, {}, job("cancelled", job_id)
            self.now -= 1
        return 200, {}, job("succeeded", job_id, result=text_result(job_id))


@pytest.mark.parametrize("at_a_time", [1, 4])
def test_many_are_read_a_bounded_number_at_a_time_in_order(at_a_time: int) -> None:
    crowd = Crowd()

    async def read(url: str) -> list[str]:
        async with AsyncClient(url, retries=QUICK) as client:
            documents = [b"%d" % number for number in range(20)]
            return [outcome.name async for outcome in client.read_many(documents, at_a_time=at_a_time)]

    with listening(crowd.answer) as server:
        assert len(run(read(server.url))) == 20
        assert crowd.most <= at_a_time
        crowd.most = 0
        with Client(server.url, retries=QUICK) as client:
            places = [outcome.place for outcome in client.read_many([b"x"] * 20, at_a_time=at_a_time)]
    assert places == list(range(20))
    assert 1 <= crowd.most <= at_a_time


def test_one_document_that_fails_fails_alone(server: str, page: Path, tmp_path: Path) -> None:
    documents = [page, tmp_path / "none.png", b"no image", page]

    async def read() -> list[str | None]:
        async with AsyncClient(server, retries=QUICK) as client:
            return [o.error.code if o.error else None async for o in client.read_many(documents)]

    expected = [None, "invalid_image", "unsupported_format", None]
    assert run(read()) == expected
    with Client(server, retries=QUICK) as client:
        outcomes = list(client.read_many(documents))
    assert [outcome.error.code if outcome.error else None for outcome in outcomes] == expected
    assert [outcome.name for outcome in outcomes][:2] == [str(page), str(tmp_path / "none.png")]
    assert "Hello" in outcomes[0].result.text  # type: ignore[union-attr]
    with pytest.raises(UnsupportedFormat):
        _ = outcomes[2].result


FIRST_OF_MANY = [b"first", *[b"x"] * 50]


def only_the_first_ends(crowd: Crowd) -> Callable[[int, Asked], Answer]:
    def answer(number: int, asked: Asked) -> Answer:
        job_id = asked.path.partition("?")[0].split("/")[-1]
        if asked.command == "POST" and b"first" in asked.body:
            return 202, {}, job("succeeded", "first", result=text_result())
        if asked.command == "GET":
            return 200, {}, job("cancelled" if job_id in crowd.cancelled else "running", job_id)
        return crowd.answer(number, asked)

    return answer


def test_leaving_the_loop_cancels_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocrq.client.core.PROGRESS_SECONDS", 0.05)
    crowd = Crowd()
    with (
        listening(only_the_first_ends(crowd)) as server,
        Client(server.url, retries=QUICK) as client,
        closing(client.read_many(FIRST_OF_MANY, at_a_time=3)) as outcomes,
    ):
        next(outcomes)
    assert set(crowd.cancelled) == {f"job-{number}" for number in range(1, crowd.count + 1)}
    assert crowd.count <= 3


def test_leaving_an_awaited_loop_cancels_what_is_under_way() -> None:
    crowd = Crowd()

    async def leave(url: str) -> None:
        client = AsyncClient(url, retries=QUICK)
        async with client, aclosing(client.read_many(FIRST_OF_MANY, at_a_time=3)) as outcomes:
            await anext(outcomes)
            while crowd.count < 2:
                await asyncio.sleep(0.01)

    with listening(only_the_first_ends(crowd)) as server:
        run(leave(server.url))
    assert len(crowd.cancelled) >= 1
    assert crowd.count <= 3


def test_once_the_server_is_gone_the_rest_fails_at_once() -> None:
    async def read() -> list[str]:
        async with AsyncClient("http://127.0.0.1:1", retries=Retries(attempts=1)) as client:
            return [o.error.code async for o in client.read_many([b"x"] * 30) if o.error]

    assert run(read()) == ["server_unreachable"] * 30


def test_what_the_callers_own_list_raises_is_raised() -> None:
    def documents() -> Any:
        yield b"x"
        raise RuntimeError("the list broke")

    crowd = Crowd()
    with (
        listening(crowd.answer) as server,
        Client(server.url, retries=QUICK) as client,
        pytest.raises(RuntimeError, match="the list broke"),
    ):
        list(client.read_many(documents()))


def test_a_document_is_no_name_of_a_file(client: Client) -> None:
    with pytest.raises(Exception, match="wrap the name of a file in Path"):
        client.submit("scan.pdf")
