"""The handler: what it answers, what it does when it is stopped, and what it says of a worker that is spent."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from ocrq.errors import WorkerSpent
from tasks.stopping import ReadStopped
from tests.documents import as_png, as_tiff, text_page
from tests.page_runner import PageRunner
from worker.serverless.handler import Handler
from worker.serverless.settings import ServerlessSettings

MakeHandler = Callable[..., Handler]
PAGE = base64.b64encode(as_png(text_page(["x"], size=(60, 40)))).decode()
THREE = base64.b64encode(as_tiff([text_page(["x"], size=(60, 40))] * 3)).decode()
LARGE = ServerlessSettings(result_bytes=1000)


def job(job_id: str = "job", **job_input: Any) -> dict[str, Any]:
    return {"id": job_id, "input": job_input}


def answered(handler: Handler, **job_input: Any) -> dict[str, Any]:
    return asyncio.run(handler.answer(job(**job_input)))


def error_of(answer: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(answer["error"])
    return facts


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


async def stopped_midway(handler: Handler, runner: PageRunner, one: dict[str, Any]) -> None:
    """Cancel an answer, as the SDK does, while its read is held."""
    task = asyncio.create_task(handler.answer(one))
    await asyncio.to_thread(until, lambda: runner.requests)
    task.cancel()
    await task


def test_a_result_is_the_answer(make_handler: MakeHandler) -> None:
    answer = answered(make_handler(), endpoint="/extract_text", request={"image": PAGE})
    assert answer["text"].startswith("Hello from page 1")


@pytest.mark.parametrize("endpoint", ["/extract_text", "extract_text", "/extract_text/"])
def test_an_endpoint_is_known_with_and_without_its_slashes(make_handler: MakeHandler, endpoint: str) -> None:
    assert "text" in answered(make_handler(), endpoint=endpoint, request={"image": PAGE})


def test_a_request_by_itself_is_read_plainly(make_handler: MakeHandler) -> None:
    assert "text" in answered(make_handler(), image=PAGE)


@pytest.mark.parametrize(
    ("job_input", "code", "field"),
    [
        ({"endpoint": "/extract_text"}, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "request": {}, "requests": []}, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "requests": []}, "invalid_request", "requests"),
        ({"endpoint": "/extract_text", "image": PAGE}, "invalid_request", "image"),
        ({"request": {"image": PAGE}}, "invalid_request", "endpoint"),
        ({"endpoint": "/translate", "request": {}}, "not_found", "endpoint"),
        ({"endpoint": "/extract_text", "request": "x"}, "invalid_request", "request"),
        ({"endpoint": "/extract_text", "request": {"image": ""}}, "invalid_image", "image"),
        ({"image": PAGE, "imge": 1}, "invalid_request", "imge"),
        ({"image": PAGE, "webhook": "https://example.com"}, "invalid_request", "webhook"),
        ({"image": "https://example.com/scan.png"}, "invalid_image", "image"),
    ],
)
def test_what_is_wrong_is_reported_as_a_string_with_code_and_field(
    make_handler: MakeHandler, job_input: dict[str, Any], code: str, field: str
) -> None:
    answer = answered(make_handler(), **job_input)
    assert list(answer) == ["error"]
    error = error_of(answer)
    assert (error["code"], error["field"], error["retryable"]) == (code, field, False)


@pytest.mark.parametrize("given", [None, [], "text", 7])
def test_an_input_that_is_no_object_is_reported(make_handler: MakeHandler, given: Any) -> None:
    answer = asyncio.run(make_handler().answer({"id": "job", "input": given}))
    assert error_of(answer)["field"] == "input"


def test_an_unexpected_error_is_reported_by_an_id_without_internals(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    runner.fail = RuntimeError("the engine broke: /secret/path")
    error = error_of(answered(make_handler(), image=PAGE))
    assert error["code"] == "internal_error"
    assert "secret" not in json.dumps(error)


def test_health_is_answered(make_handler: MakeHandler) -> None:
    assert answered(make_handler(), endpoint="/health")["models_loaded"] == ["fake"]


def test_a_batch_answers_with_a_job_for_each_request(make_handler: MakeHandler) -> None:
    batch = answered(make_handler(), endpoint="/extract_text", requests=[{"image": PAGE}, {"image": "!"}])
    assert (batch["id"], batch["status"]) == ("job", "failed")
    assert [item["id"] for item in batch["jobs"]] == ["job-1", "job-2"]
    assert batch["jobs"][0]["result"]["text"]
    assert batch["jobs"][1]["error"]["code"] == "invalid_image"
    assert batch["progress"] == {"done": 2, "total": 2, "unit": "job"}


def test_a_batch_of_many_large_schemas_is_refused_before_any_is_prepared(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    schemas = [{f"field{n}of{item}": {"type": "string"} for n in range(450)} for item in range(12)]
    answer = answered(
        make_handler(),
        endpoint="/extract_structured",
        requests=[{"image": PAGE, "schema": schema} for schema in schemas],
    )
    assert error_of(answer)["field"] == "schema"
    assert not runner.requests


def test_as_many_documents_are_read_at_a_time_as_the_concurrency_allows(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    runner.gate.clear()

    async def three() -> list[dict[str, Any]]:
        handler = make_handler(at_once=2)
        answers = asyncio.gather(
            *(handler.answer(job(f"job-{number}", image=PAGE, cache=False)) for number in range(3))
        )
        await asyncio.to_thread(until, lambda: len(runner.requests) == 2)
        await asyncio.sleep(0.1)
        assert len(runner.requests) == 2
        runner.gate.set()
        return list(await answers)

    assert all("text" in answer for answer in asyncio.run(three()))


def test_a_job_that_is_stopped_stops_its_read(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.gate.clear()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped_midway(make_handler(), runner, job(image=PAGE)))
    assert runner.reads == []


def test_after_a_stopped_job_the_next_one_is_read(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.gate.clear()

    async def one_and_another() -> dict[str, Any]:
        handler = make_handler()
        with pytest.raises(asyncio.CancelledError):
            await stopped_midway(handler, runner, job("one", image=PAGE))
        runner.gate.set()
        return await handler.answer(job("another", image=PAGE))

    assert "text" in asyncio.run(one_and_another())


def test_a_stopped_batch_reads_none_of_the_rest(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.gate.clear()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(
            stopped_midway(make_handler(), runner, job(endpoint="/extract_text", requests=[{"image": PAGE}] * 9))
        )
    assert len(runner.requests) == 1
    assert runner.reads == []


def test_a_job_that_takes_too_long_says_so(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.gate.clear()
    assert error_of(answered(make_handler(job_seconds=1), image=PAGE))["code"] == "time_limit_exceeded"


def test_a_worn_out_worker_asks_to_be_replaced_and_the_job_to_be_sent_again(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    runner.fail = ReadStopped(WorkerSpent("the GPU failed while this was read; another process tries it"))
    updates = []
    answer = answered(make_handler(on_spent=lambda: updates.append(1)), image=PAGE)
    assert answer["refresh_worker"] is True
    assert (error_of(answer)["code"], error_of(answer)["retryable"]) == ("worker_spent", True)
    assert updates == [1]


@pytest.mark.parametrize(("dead", "code"), [(True, "worker_spent"), (False, "internal_error")])
def test_a_failure_nobody_foresaw_is_the_gpus_where_the_gpu_is_dead(
    make_handler: MakeHandler, runner: PageRunner, dead: bool, code: str
) -> None:
    runner.fail = RuntimeError("CUDA error: something new")
    answer = answered(make_handler(dead=dead), image=PAGE)
    assert error_of(answer)["code"] == code
    assert ("refresh_worker" in answer) is dead


def test_a_worn_out_worker_gives_up_the_whole_batch(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.fail = ReadStopped(WorkerSpent("the GPU failed while this was read; another process tries it"))
    answer = answered(make_handler(), endpoint="/extract_text", requests=[{"image": PAGE}] * 3)
    assert answer["refresh_worker"] is True


def test_a_job_delivered_twice_at_once_is_read_once(make_handler: MakeHandler, runner: PageRunner) -> None:
    runner.gate.clear()

    async def twice() -> list[dict[str, Any]]:
        handler = make_handler(at_once=2)
        answers = asyncio.gather(handler.answer(job(image=PAGE)), handler.answer(job(image=PAGE)))
        await asyncio.to_thread(until, lambda: runner.requests)
        runner.gate.set()
        return list(await answers)

    first, second = asyncio.run(twice())
    assert first == second
    assert first is not second, "the SDK takes things out of what it gets"
    assert len(runner.reads) == 1


def test_a_job_delivered_again_after_its_answer_is_not_read_again(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    async def again() -> list[dict[str, Any]]:
        handler = make_handler()
        return [await handler.answer(job(image=PAGE)) for _ in range(2)]

    first, second = asyncio.run(again())
    assert first == second
    assert len(runner.reads) == 1


def test_a_failed_job_that_comes_again_is_tried_again(make_handler: MakeHandler, runner: PageRunner) -> None:
    async def again() -> list[dict[str, Any]]:
        handler = make_handler()
        runner.fail = RuntimeError("for now")
        failed = await handler.answer(job(image=PAGE))
        runner.fail = None
        return [failed, await handler.answer(job(image=PAGE))]

    failed, read = asyncio.run(again())
    assert "error" in failed
    assert "text" in read


def test_an_id_that_was_used_before_brings_no_other_documents_text(
    make_handler: MakeHandler, runner: PageRunner
) -> None:
    async def both() -> list[dict[str, Any]]:
        handler = make_handler()
        return [await handler.answer(job(image=image)) for image in (PAGE, THREE)]

    one, three = asyncio.run(both())
    assert (len(one["pages"]), len(three["pages"])) == (1, 3)


def test_decoding_options_and_pages_reach_the_reader(make_handler: MakeHandler, runner: PageRunner) -> None:
    answered(make_handler(), image=THREE, pages="2", decoding_options={"num_beams": 4})
    assert runner.reads == [(2,)]
    assert runner.requests[0].decoding_options.num_beams == 4


def test_a_result_that_is_too_large_is_refused_with_its_size_and_the_remedy(make_handler: MakeHandler) -> None:
    error = error_of(answered(make_handler(LARGE), image=THREE))
    assert (error["code"], error["max_bytes"]) == ("too_large", 1000)
    assert error["result_bytes"] > 1000
    assert "OCRQ_RESULT_URL" in error["detail"]
