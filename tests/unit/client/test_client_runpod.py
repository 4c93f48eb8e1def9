"""The client against a stand-in of RunPod's platform: its answers are those the platform documents."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from ocrq.client import Client, Endpoint
from ocrq.client.runpod import RUN_BYTES, RUNSYNC_BYTES
from ocrq.contracts import Batch, Job
from ocrq.errors import (
    InternalError,
    InvalidImage,
    JobCancelled,
    JobNotFound,
    NotFound,
    OcrqError,
    RateLimited,
    ServerUnreachable,
    TimeLimitExceeded,
    TooLarge,
    Unauthorized,
)
from tests.scripted_server import Answer, Asked, listening, text_result
from tests.unit.cli.conftest import QUICK

Say = Callable[[int, Asked], Answer | None]


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocrq.client.core.PROGRESS_SECONDS", 0.01)


def client_of(url: str) -> Client:
    return Client(Endpoint(url, "rp-key", "runpod"), retries=QUICK)


def job_reply(status: str, **more: object) -> Answer:
    return 200, {}, {"id": "j1", "status": status, **more}


def saying(*answers: Answer | None) -> Say:
    """One after another, the last again and again."""
    return lambda number, _asked: answers[min(number, len(answers) - 1)]


def test_a_document_is_run_asked_for_and_its_output_is_the_result() -> None:
    bodies: list[dict[str, object]] = []

    def answer(number: int, asked: Asked) -> Answer:
        if asked.command == "POST":
            bodies.append(asked.json)
            assert asked.headers["Authorization"] == "Bearer rp-key"
            return job_reply("IN_QUEUE")
        return job_reply("IN_PROGRESS") if number < 3 else job_reply("COMPLETED", output=text_result("read"))

    with listening(answer) as server, client_of(server.url) as client:
        assert client.read(b"image", pages="1-3").text == "read"
    image = base64.b64encode(b"image").decode()
    assert bodies == [{"input": {"endpoint": "/extract_text", "request": {"pages": "1-3", "image": image}}}]
    assert server.asked[0] == "POST /run" and set(server.asked[1:]) == {"GET /status/j1"}


def test_progress_from_the_worker_arrives() -> None:
    seen: list[tuple[str, int, int | None]] = []

    def note(now: Job | Batch) -> None:
        seen.append((now.status, now.progress.done, now.progress.total))

    answers = (
        job_reply("IN_QUEUE"),
        job_reply("IN_PROGRESS", output={"done": 2, "total": 5, "unit": "page"}),
        job_reply("IN_PROGRESS", output="loading"),
        job_reply("COMPLETED", output=text_result()),
    )
    with listening(saying(*answers)) as server, client_of(server.url) as client:
        client.read(b"x", on_progress=note)
    assert seen == [("queued", 0, None), ("running", 2, 5), ("running", 0, None), ("succeeded", 1, 1)]


OURS = json.dumps({"code": "invalid_image", "detail": "not base64", "field": "image", "retryable": False})
SDKS = json.dumps({"error_type": "<class 'ValueError'>", "error_message": "boom", "error_traceback": "…"})


@pytest.mark.parametrize(
    ("answer", "error", "expected"),
    [
        (job_reply("FAILED", error=OURS), InvalidImage, "not base64"),
        (job_reply("FAILED", error=SDKS), InternalError, "boom"),
        (job_reply("FAILED", error="no words"), InternalError, "no words"),
        (job_reply("FAILED"), InternalError, "no reason"),
        (job_reply("TIMED_OUT"), TimeLimitExceeded, "fewer pages"),
        (job_reply("CANCELLED"), JobCancelled, "cancelled"),
    ],
)
def test_a_failed_job_raises_the_workers_error(answer: Answer, error: type[Exception], expected: str) -> None:
    with (
        listening(saying(job_reply("IN_QUEUE"), answer)) as server,
        client_of(server.url) as client,
        pytest.raises(error, match=expected) as raised,
    ):
        client.read(b"x")
    if error is InvalidImage:
        assert raised.value.field == "image"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (404, NotFound), (413, TooLarge), (400, ServerUnreachable)]
)
def test_what_the_platform_refuses_is_reported_once(status: int, error: type[OcrqError]) -> None:
    with (
        listening(saying((status, {}, {"error": "no"}))) as server,
        client_of(server.url) as client,
        pytest.raises(error),
    ):
        client.submit(b"x")
    assert len(server.asked) == 1


def test_too_many_requests_are_sent_again_later() -> None:
    refused: Answer = (429, {"Retry-After": "0"}, {"error": "too many"})
    with listening(saying(refused, refused, job_reply("IN_QUEUE"))) as server, client_of(server.url) as client:
        assert client.submit(b"x").id == "j1"
    with listening(saying(refused)) as server, client_of(server.url) as client, pytest.raises(RateLimited):
        client.submit(b"x")
    assert len(server.asked) == QUICK.attempts


@pytest.mark.parametrize("lost", [None, (502, {}, "bad gateway"), (504, {}, "no answer")])
def test_a_submit_whose_answer_was_lost_is_not_made_twice(lost: Answer | None) -> None:
    with (
        listening(saying(lost, job_reply("IN_QUEUE"))) as server,
        client_of(server.url) as client,
        pytest.raises(ServerUnreachable, match="did not say whether it took the document"),
    ):
        client.submit(b"x")
    assert server.asked == ["POST /run"]


def test_a_question_whose_answer_was_lost_is_asked_again() -> None:
    answers = (job_reply("IN_QUEUE"), None, (502, {}, ""), job_reply("COMPLETED", output=text_result()))
    with listening(saying(*answers)) as server, client_of(server.url) as client:
        assert client.read(b"x").text == "hello"


def test_the_local_api_is_asked_in_its_own_way() -> None:
    """The SDK's ``--rp_serve_api`` takes POST for the status, and answers an unknown job with 200."""

    def answer(_number: int, asked: Asked) -> Answer:
        if asked.command == "GET":
            return 405, {"Allow": "POST"}, {"detail": "Method Not Allowed"}
        return job_reply("FAILED", error="Job ID not found")

    with listening(answer) as server, client_of(server.url) as client, pytest.raises(JobNotFound):
        client.job("j1")
    assert server.asked == ["GET /status/j1", "POST /status/j1"]


def test_a_job_the_platform_has_forgotten_is_reported() -> None:
    with (
        listening(saying((404, {}, {"error": "not found"}))) as server,
        client_of(server.url) as client,
        pytest.raises(JobNotFound),
    ):
        client.job("j1")


def test_a_job_is_cancelled() -> None:
    with listening(saying(job_reply("CANCELLED"))) as server, client_of(server.url) as client:
        assert client.cancel("j1").status == "cancelled"
    assert server.asked == ["POST /cancel/j1"]


def test_what_is_too_large_for_run_goes_to_runsync_and_what_is_too_large_for_both_is_not_sent() -> None:
    done = job_reply("COMPLETED", output=text_result())
    with listening(saying(done)) as server, client_of(server.url) as client:
        assert client.read(b"x" * (RUN_BYTES * 3 // 4)).text == "hello"
        assert server.asked == ["POST /runsync"]
        with pytest.raises(TooLarge) as refused:
            client.read(b"x" * (RUNSYNC_BYTES * 3 // 4))
    assert refused.value.field == "image"
    assert len(server.asked) == 1


def test_a_document_by_url_is_sent_as_one() -> None:
    bodies: list[dict[str, object]] = []

    def answer(_number: int, asked: Asked) -> Answer:
        bodies.append(asked.json)
        return job_reply("COMPLETED", output=text_result())

    with listening(answer) as server, client_of(server.url) as client:
        client.read("https://files.example.com/scan.pdf")
    assert bodies[0]["input"]["request"] == {"image": "https://files.example.com/scan.pdf"}  # type: ignore[index]


def test_a_result_that_lies_elsewhere_is_fetched_without_the_key() -> None:
    keys: list[str | None] = []

    def stored(_number: int, asked: Asked) -> Answer:
        keys.append(asked.headers["Authorization"])
        return 200, {}, text_result("large")

    with listening(stored) as bucket:
        output = {"result_url": f"{bucket.url}/result.json?signature=s", "result_bytes": 30_000_000}
        with listening(saying(job_reply("COMPLETED", output=output))) as server, client_of(server.url) as client:
            assert client.read(b"x").text == "large"
    assert keys == [None]
    assert bucket.asked == ["GET /result.json?signature=s"]


def test_health_is_what_a_worker_says() -> None:
    well = {"status": "healthy", "models_loaded": ["m"], "gpu_available": True, "memory_info": {}}
    with listening(saying(job_reply("COMPLETED", output=well))) as server, client_of(server.url) as client:
        assert client.health().models_loaded == ["m"]
        with pytest.raises(NotFound):
            client.models()
        with pytest.raises(NotFound):
            client.dead()
    assert server.asked == ["POST /runsync"]


@pytest.mark.parametrize("body", [["a list"], {"hello": "world"}, {"id": "j1", "status": "SLEEPING"}])
def test_what_is_no_runpod_is_reported(body: object) -> None:
    with (
        listening(saying((200, {}, body))) as server,
        client_of(server.url) as client,
        pytest.raises(ServerUnreachable, match="not a RunPod endpoint"),
    ):
        client.submit(b"x")
