from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from ocrq.client import Client, Retries, result_json
from ocrq.contracts import Batch, Job, TextResult
from ocrq.errors import (
    InvalidRequest,
    InvalidSchema,
    JobCancelled,
    JobNotFound,
    ModelNotAllowed,
    QueueFull,
    ReadFailed,
    ServerUnreachable,
    UnsupportedFormat,
    WaitTimeout,
)
from tests.page_runner import PageRunner
from tests.scripted_server import Answer, Asked, answering, job
from tests.unit.cli.conftest import QUICK

FULL: Answer = (429, {"Retry-After": "0"}, {"code": "queue_full", "detail": "full", "status": 429})


def test_it_reads_a_file_and_bytes_alike(client: Client, page: Path) -> None:
    from_file, from_bytes = client.read(page), client.read(page.read_bytes())
    assert isinstance(from_file, TextResult)
    assert from_file.text == from_bytes.text == "Hello from page 1\nGrüße, 世界 £9"


def test_fields_of_the_request_are_passed_on(client: Client, runner: PageRunner, three_pages: Path) -> None:
    result = client.read(three_pages, pages="2-3", output=["hocr"], use_preprocessing=True)
    assert [page.page for page in result.pages] == [2, 3]
    assert result.outputs == {"hocr": "hocr of the document"}
    assert runner.requests[-1].use_preprocessing


def test_progress_is_reported_until_the_end(client: Client, runner: PageRunner, three_pages: Path) -> None:
    runner.gate.clear()
    seen: list[Job | Batch] = []

    def note(now: Job | Batch) -> None:
        seen.append(now)
        runner.gate.set()

    ended = client.wait(client.submit(three_pages).id, on_progress=note)
    assert seen[0].status in {"queued", "running"}
    assert seen[-1] == ended
    assert (ended.progress.done, ended.progress.total) == (3, 3)


def test_waiting_ends_in_time_and_the_job_goes_on(client: Client, runner: PageRunner, page: Path) -> None:
    runner.gate.clear()
    submitted = client.submit(page)
    with pytest.raises(WaitTimeout):
        client.wait(submitted.id, timeout=0.2)
    runner.gate.set()
    assert client.wait(submitted.id).status == "succeeded"


def test_a_cancelled_job_raises_where_its_result_is_wanted(client: Client, runner: PageRunner, page: Path) -> None:
    runner.gate.clear()
    submitted = client.submit(page)
    client.cancel(submitted.id)
    with pytest.raises(JobCancelled):
        result_json(client.wait(submitted.id))


def test_a_failed_job_raises_the_error_of_its_code(client: Client, runner: PageRunner, page: Path) -> None:
    runner.fail = ReadFailed("no page could be read; send a better scan")
    with pytest.raises(ReadFailed, match="better scan"):
        client.read(page)


@pytest.mark.parametrize(
    ("document", "how", "error", "field"),
    [
        (b"plain text", {}, UnsupportedFormat, "image"),
        (None, {"pages": "0"}, InvalidRequest, "pages"),
        (None, {"imgae": 1}, InvalidRequest, "imgae"),
        (None, {"model_name": "nobody/knows"}, ModelNotAllowed, "model_name"),
    ],
)
def test_a_refused_request_raises_the_servers_error(
    client: Client, page: Path, document: bytes | None, how: dict[str, object], error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as raised:
        client.submit(document or page, **how)  # type: ignore[arg-type]
    assert raised.value.field == field  # type: ignore[attr-defined]


def test_a_schema_that_cannot_be_used_says_so(client: Client, page: Path) -> None:
    with pytest.raises(InvalidSchema):
        client.read(page, "extract_structured", schema={"total": "nubmer"})


def test_an_unknown_job_is_reported(client: Client) -> None:
    with pytest.raises(JobNotFound):
        client.job("nobody")


def test_health_and_models(client: Client) -> None:
    assert client.health().status == "healthy"
    assert [model.name for model in client.models().models] == ["fake"]


def test_an_unhealthy_service_still_reports_its_health() -> None:
    sick = {"status": "unhealthy", "models_loaded": [], "gpu_available": False, "memory_info": {}, "reasons": ["r"]}
    with answering(lambda _n, _request: (503, {}, sick)) as url, Client(url, retries=QUICK) as client:
        assert client.health().reasons == ["r"]


def test_a_full_queue_is_asked_again_and_the_key_stays_the_same() -> None:
    keys = []

    def answer(number: int, request: Asked) -> Answer:
        keys.append(request.headers["Idempotency-Key"])
        return FULL if number < 2 else (202, {}, job("queued"))

    with answering(answer) as url, Client(url, retries=QUICK) as client:
        assert client.submit(b"x").status == "queued"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    with (
        answering(lambda number, _request: None if number == 0 else (202, {}, job("queued"))) as url,
        Client(url, retries=QUICK) as client,
    ):
        assert client.submit(b"x").id == "a"


def test_asking_again_ends() -> None:
    asked = []

    def answer(number: int, _request: Asked) -> Answer:
        asked.append(number)
        return FULL

    with answering(answer) as url, Client(url, retries=QUICK) as client, pytest.raises(QueueFull):
        client.submit(b"x")
    assert len(asked) == QUICK.attempts


def test_the_callers_mistake_is_not_repeated() -> None:
    asked = []

    def answer(number: int, _request: Asked) -> Answer:
        asked.append(number)
        return 422, {}, {"code": "model_not_allowed", "detail": "no", "field": "model_name", "models": ["a"]}

    with answering(answer) as url, Client(url) as client, pytest.raises(ModelNotAllowed) as raised:
        client.submit(b"x")
    assert len(asked) == 1
    assert raised.value.extra["models"] == ["a"]


@pytest.mark.parametrize("body", [["what"], {"hello": "world"}])
def test_a_server_of_another_kind_is_reported_and_not_taken_for_ours(body: object) -> None:
    with (
        answering(lambda _n, _request: (200, {}, body)) as url,
        Client(url, retries=QUICK) as client,
        pytest.raises(ServerUnreachable, match="not an ocrq server"),
    ):
        client.job("a")


def test_no_server_at_all_is_reported_with_the_remedy() -> None:
    with Client("http://127.0.0.1:1", retries=QUICK) as client, pytest.raises(ServerUnreachable, match="ocrq up"):
        client.health()


@pytest.mark.parametrize("url", ["nonsense", "http://:::", "ftp://example.org"])
def test_what_is_no_url_is_reported(url: str) -> None:
    with pytest.raises(ServerUnreachable), Client(url, retries=QUICK) as client:
        client.health()


def test_a_server_that_does_not_hold_its_replies_is_not_stormed() -> None:
    asked = []

    def answer(number: int, _request: Asked) -> Answer:
        asked.append(number)
        return 200, {}, job("running")

    with answering(answer) as url, Client(url) as client, pytest.raises(WaitTimeout):
        client.wait("a", timeout=0.5)
    assert len(asked) <= 3


def test_closing_ends_the_wait_for_another_attempt() -> None:
    patient = Client("http://127.0.0.1:1", retries=Retries(attempts=3, first_seconds=60))
    threading.Timer(0.1, patient.close).start()
    began = time.monotonic()
    with pytest.raises(ServerUnreachable):
        patient.health()
    assert time.monotonic() - began < 10


def test_the_api_key_is_sent_as_a_bearer_token() -> None:
    seen = []

    def answer(_number: int, request: Asked) -> Answer:
        seen.append(request.headers["Authorization"])
        return 200, {}, job("running")

    with answering(answer) as url, Client(url, api_key="k1") as client:
        client.job("a")
    assert seen == ["Bearer k1"]
