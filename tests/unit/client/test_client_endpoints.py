from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from ocrq.client import Client, Endpoint
from ocrq.errors import JobNotFound, ModelNotAllowed, QueueFull, ServerUnreachable
from tests.scripted_server import Answer, Asked, job, listening, problem, text_result
from tests.unit.cli.conftest import QUICK

NOBODY = "http://127.0.0.1:1"
FULL = problem(429, "queue_full", {"Retry-After": "0"}, retryable=True)
DONE = job("succeeded", result=text_result())


def taking(job_id: str) -> Answer:
    return 202, {}, job("queued", job_id)


def test_where_nobody_listens_the_next_endpoint_reads() -> None:
    with (
        listening(lambda _n, _asked: (202, {}, DONE)) as second,
        Client(NOBODY, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        assert client.read(b"x").text == "hello"


def test_a_full_endpoint_leaves_the_document_to_the_next_and_a_jobs_questions_go_where_it_is() -> None:
    def second_answer(_number: int, asked: Asked) -> Answer:
        return taking("b") if asked.command == "POST" else (200, {}, job("succeeded", "b", result=text_result("b")))

    with (
        listening(lambda _n, _asked: FULL) as first,
        listening(second_answer) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        assert client.read(b"x").text == "b"
    assert first.asked == ["POST /jobs"]
    assert [asked.partition("?")[0] for asked in second.asked] == ["POST /jobs", "GET /jobs/b"]
    assert first.keys == second.keys


def test_all_servers_refusing_is_one_attempt_and_the_last_error_is_raised() -> None:
    with (
        listening(lambda _n, _asked: FULL) as first,
        listening(lambda _n, _asked: FULL) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
        pytest.raises(QueueFull),
    ):
        client.submit(b"x")
    assert len(first.asked) == len(second.asked) == QUICK.attempts


def test_an_answer_that_was_lost_is_asked_for_where_it_was_lost() -> None:
    with (
        listening(lambda number, _asked: None if number == 0 else taking("a")) as first,
        listening(lambda _n, _asked: taking("b")) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        assert client.submit(b"x").id == "a"
    assert len(set(first.keys)) == 1 and len(first.keys) == 2
    assert not second.asked


def test_the_callers_mistake_is_the_same_everywhere() -> None:
    with (
        listening(lambda _n, _asked: problem(422, "model_not_allowed", field="model_name")) as first,
        listening(lambda _n, _asked: taking("b")) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
        pytest.raises(ModelNotAllowed),
    ):
        client.submit(b"x")
    assert not second.asked


def test_what_is_not_an_ocrq_server_is_skipped() -> None:
    with (
        listening(lambda _n, _asked: (404, {}, "nothing here")) as first,
        listening(lambda _n, _asked: taking("b")) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        assert client.submit(b"x").id == "b"
    assert len(first.asked) == 1


def test_an_endpoint_that_failed_comes_after_the_others_for_a_while() -> None:
    with (
        listening(lambda _n, _asked: FULL) as first,
        listening(lambda _n, _asked: taking("b")) as second,
        Client(first.url, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        for _ in range(5):
            client.submit(b"x")
    assert len(first.asked) == 1
    assert len(second.asked) == 5


def test_a_server_that_has_lost_a_job_is_given_it_again_under_its_key() -> None:
    def answer(number: int, asked: Asked) -> Answer:
        if asked.command == "POST":
            return taking(f"job-{number}")
        if asked.path.startswith("/jobs/job-0"):
            return problem(404, "job_not_found")
        return 200, {}, DONE

    with listening(answer) as server, Client(server.url, retries=QUICK) as client:
        assert client.read(b"x").text == "hello"
    assert len(server.keys) == 2
    assert len(set(server.keys)) == 1


def test_a_job_that_is_lost_again_and_again_is_reported() -> None:
    def answer(_number: int, asked: Asked) -> Answer:
        return taking("a") if asked.command == "POST" else problem(404, "job_not_found")

    with listening(answer) as server, Client(server.url, retries=QUICK) as client, pytest.raises(JobNotFound):
        client.read(b"x")
    assert len(server.keys) == 3


def test_a_server_that_dies_with_a_job_leaves_it_to_the_next() -> None:
    def first_answer(_number: int, asked: Asked) -> Answer | None:
        return taking("a") if asked.command == "POST" else None

    with (
        listening(first_answer) as first,
        listening(lambda _n, _asked: (202, {}, DONE)) as second,
        Client(first.url, retries=replace(QUICK, outage_seconds=0.05), fallbacks=[second.url]) as client,
    ):
        assert client.read(b"x").text == "hello"
    assert first.keys == second.keys


def test_a_job_of_another_program_is_looked_for_everywhere() -> None:
    with ExitStack() as stack:
        first = stack.enter_context(listening(lambda _n, _asked: problem(404, "job_not_found")))
        second = stack.enter_context(listening(lambda _n, _asked: (200, {}, job("running", "b"))))
        client = stack.enter_context(Client(first.url, retries=QUICK, fallbacks=[second.url]))
        assert client.job("b").status == "running"


def test_each_endpoint_is_sent_its_own_key() -> None:
    seen: dict[str, str | None] = {}

    def note(name: str, answer: Answer) -> Callable[[int, Asked], Answer]:
        def reply(_number: int, asked: Asked) -> Answer:
            seen[name] = asked.headers["Authorization"]
            return answer

        return reply

    with (
        listening(note("first", FULL)) as first,
        listening(note("second", taking("b"))) as second,
        Client(first.url, "k1", retries=QUICK, fallbacks=[Endpoint(second.url, "k2")]) as client,
    ):
        client.submit(b"x")
    assert seen == {"first": "Bearer k1", "second": "Bearer k2"}


def test_health_comes_from_the_first_server_that_answers() -> None:
    well = {"status": "healthy", "models_loaded": [], "gpu_available": False, "memory_info": {}}
    with (
        listening(lambda _n, _asked: (200, {}, well)) as second,
        Client(NOBODY, retries=QUICK, fallbacks=[second.url]) as client,
    ):
        assert client.health().status == "healthy"


def test_no_server_at_all_is_reported() -> None:
    with Client(NOBODY, retries=QUICK, fallbacks=[NOBODY]) as client, pytest.raises(ServerUnreachable):
        client.submit(b"x")


def test_what_a_newer_server_adds_is_kept_and_breaks_nothing() -> None:
    result = text_result(
        verdict="new", pages=[{"page": 1, "width": 1, "height": 1, "lines": [], "script": "Latin", "text": "t"}]
    )
    newer = job("succeeded", result=result, node="worker-7", progress={"done": 1, "total": 1, "eta": 3})

    with listening(lambda _n, _asked: (202, {}, newer)) as listener, Client(listener.url, retries=QUICK) as client:
        read = client.read(b"x")
    assert read.model_extra == {"verdict": "new"}
    assert read.pages[0].model_extra == {"script": "Latin"}
