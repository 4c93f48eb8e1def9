"""Programs that call by Celery alone: each call ends once, whatever becomes of its messages."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, chain
from celery.exceptions import TaskRevokedError
from celery.result import AsyncResult

from tasks.celery_app import DEFAULT_QUEUE
from tasks.jobs.ledger import Ledger
from tasks.jobs.service import JobService
from tests.documents import as_png, as_tiff, text_page
from tests.live.processes import Parts, until

pytestmark = pytest.mark.live


@pytest.fixture
def app(parts: Parts) -> Iterator[Celery]:
    app = Celery(broker=parts.url, backend=parts.url, set_as_current=False)
    yield app
    app.close()


@pytest.fixture
def ledger(backend: JobService) -> Ledger:
    return backend._store


def frames(count: int, name: str) -> bytes:
    return as_tiff([text_page([f"{name} {number}"], size=(200, 100)) for number in range(count)])


def ask(app: Celery, document: bytes, **request: Any) -> Any:
    image = base64.b64encode(document).decode()
    return app.signature("ocr.extract_text", kwargs={"request": {"image": image, **request}}, app=app)


def state(ledger: Ledger, call: AsyncResult[Any]) -> str | None:
    record = ledger.record(str(call.id))
    return record.state if record else None


def phase(ledger: Ledger, call: AsyncResult[Any]) -> str | None:
    record = ledger.record(str(call.id))
    return record.phase if record else None


def done(ledger: Ledger, call: AsyncResult[Any]) -> int:
    record = ledger.record(str(call.id))
    return record.done if record else 0


def test_equal_calls_at_once_are_all_answered(app: Celery) -> None:
    document = frames(10, "equal")
    calls = [ask(app, document).apply_async() for _ in range(4)]
    results = [call.get(timeout=30) for call in calls]
    assert [len(result["pages"]) for result in results] == [10] * 4
    assert sum(result["metadata"]["cached"] for result in results) == 3


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((None,), {}), ((), {"request": None}), ((), {"image": "eA=="}), ((), {"request": {"imge": "eA=="}})],
    ids=["nothing", "none", "none by name", "flat fields", "an unknown field"],
)
def test_a_call_that_is_no_request_is_answered_at_once(
    app: Celery, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(Exception, match="request") as refused:
        app.send_task("ocr.extract_text", args=args, kwargs=kwargs).get(timeout=30)
    assert refused.value.args[0] == "invalid_request"


def test_a_call_of_a_task_that_there_is_not_is_answered_at_once(app: Celery) -> None:
    with pytest.raises(Exception, match="extract_txt") as refused:
        app.send_task("ocr.extract_txt", kwargs={"request": {}}).get(timeout=30)
    assert refused.value.args[0] == "invalid_request"


def test_what_is_not_a_message_ends_no_worker(app: Celery, parts: Parts) -> None:
    before = [worker.pid for worker in parts.workers]
    envelope = {
        "body": "W1tdLHt9LHt9XQ==",
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
    }
    delivery = {
        "delivery_tag": "7",
        "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": DEFAULT_QUEUE},
    }
    headers = {"task": "ocr.health", "id": "8", "eta": None, "expires": None, "argsrepr": "", "kwargsrepr": ""}
    headers |= {"timelimit": [None, None], "root_id": "8", "parent_id": None, "retries": 0, "origin": ""}
    with parts.client() as client:
        for entry in (
            '{"cut',
            "[]",
            json.dumps(envelope),
            json.dumps({**envelope, "properties": {**delivery, "delivery_info": 7}}),
            json.dumps({**envelope, "properties": {**delivery, "delivery_tag": []}}),
            json.dumps({**envelope, "properties": {**delivery, "delivery_tag": None}}),
            json.dumps({**envelope, "properties": delivery, "headers": {"task": [], "id": "7"}}),
            json.dumps({**envelope, "properties": delivery, "headers": {"task": "ocr.extract_text", "eta": []}}),
            json.dumps({**envelope, "properties": delivery, "headers": {**headers, "timelimit": []}}),
            json.dumps({**envelope, "properties": delivery, "headers": {**headers, "stamped_headers": 1}}),
            json.dumps(
                {**envelope, "properties": delivery, "headers": {**headers, "stamped_headers": ["a"], "stamps": 1}}
            ),
            json.dumps({**envelope, "properties": delivery, "content-type": [], "headers": {"timelimit": 7}}),
            json.dumps(
                {
                    **envelope,
                    "properties": delivery,
                    "content-type": "application/x-python-serialize",
                    "headers": {"timelimit": 7},
                }
            ),
        ):
            client.lpush(DEFAULT_QUEUE, *[entry] * 12)  # more than all processes that read can hold
    assert ask(app, as_png(text_page(["after"], size=(200, 100)))).apply_async().get(timeout=60)["text"]
    assert [worker.pid for worker in parts.workers if worker.process and worker.process.poll() is None] == before


def test_a_caller_gets_the_cancellation_of_a_document_read_page_by_page(app: Celery, ledger: Ledger) -> None:
    call = ask(app, frames(40, "cancelled")).apply_async()
    until(lambda: phase(ledger, call) == "units", "the pages are read")
    ledger.cancel(str(call.id))
    with pytest.raises(Exception, match="cancelled"):
        call.get(timeout=15)


def test_a_call_that_expires_in_the_queue_ends_and_is_not_published_for_ever(app: Celery, ledger: Ledger) -> None:
    busy = [ask(app, frames(64, name)).apply_async() for name in ("busy", "busier")]  # three seconds of two processes
    until(lambda: all(done(ledger, call) >= 4 for call in busy), "the pages are read")
    call = ask(app, as_png(text_page(["late"], size=(200, 100)))).apply_async(expires=1)
    with pytest.raises(TaskRevokedError):
        call.get(timeout=20)
    assert state(ledger, call) == "cancelled"
    assert [len(call.get(timeout=30)["pages"]) for call in busy] == [64, 64]


def test_a_late_copy_of_a_message_starts_what_follows_no_second_time(
    app: Celery, backend: JobService, parts: Parts
) -> None:
    linked = chain(ask(app, frames(2, "chained")), app.signature("ocr.health", immutable=True), app=app).apply_async()
    linked.get(timeout=30)
    assert isinstance(linked, AsyncResult)
    assert isinstance(linked.parent, AsyncResult)

    def kept() -> object:
        with parts.client() as client:
            return client.get(f"celery-task-meta-{linked.id}")  # with the time at which it was done

    ran = kept()
    assert ran
    for _ in range(3):
        backend._admission.publish(str(linked.parent.id))
    time.sleep(1.5)
    assert kept() == ran
