"""A job's end is told at least once, to whom the operator allows, whatever dies or refuses meanwhile."""

from __future__ import annotations

import base64
import json
import sys
import time

import pytest
from celery import Celery

from ocrq.contracts import parse_request
from ocrq.errors import InvalidRequest, NotFound
from ocrq.webhooks import verify
from tasks.documents.submission import Submission
from tests.live.processes import until
from tests.live.webhooks.conftest import SECRET, TRIES, Stack, page
from tests.live.webhooks.receiver import Receiver, receiving

pytestmark = [pytest.mark.live, pytest.mark.slow]


def wait_for_notices(receiver: Receiver, job_id: str, times: int = 1, seconds: float = 30) -> None:
    until(lambda: len(receiver.about(job_id)) >= times, f"told {times} times of {job_id}", seconds)


def test_a_job_that_succeeded_is_reported_and_the_signature_verifies(stack: Stack, receiver: Receiver) -> None:
    job_id = stack.submit(receiver.url)
    wait_for_notices(receiver, job_id)
    (notice,) = receiver.about(job_id)
    assert verify(SECRET, notice.body, notice.signature)
    body = json.loads(notice.body)
    assert (body["id"], body["type"]) == (notice.delivery, "job.succeeded")
    assert (body["job"]["id"], body["job"]["status"], body["job"]["url"]) == (job_id, "succeeded", f"/jobs/{job_id}")
    assert stack.backend.get(job_id).status == "succeeded"


def test_a_document_that_cannot_be_read_is_reported_as_a_failure(stack: Stack, receiver: Receiver) -> None:
    job_id = stack.submit(receiver.url, page()[:60])
    wait_for_notices(receiver, job_id)
    body = json.loads(receiver.about(job_id)[0].body)
    assert body["type"] == "job.failed"
    assert body["job"]["error"]["code"] == "unreadable_document"


def test_each_item_of_a_batch_is_reported_by_itself(stack: Stack, receiver: Receiver) -> None:
    request = parse_request({"webhook": receiver.url})
    batch = stack.backend.submit_batch([Submission("extract_text", request, page()) for _ in range(3)])
    for job in batch.jobs:
        wait_for_notices(receiver, job.id)


def test_a_direct_celery_callers_job_is_reported(stack: Stack, receiver: Receiver) -> None:
    app = Celery(broker=stack.parts.url, backend=stack.parts.url)
    image = base64.b64encode(page()).decode()
    call = app.send_task("ocr.extract_text", kwargs={"request": {"image": image, "webhook": receiver.url}})
    wait_for_notices(receiver, call.id)
    elsewhere = {"image": image, "webhook": "https://elsewhere.example.com/"}
    refused = app.send_task("ocr.extract_text", kwargs={"request": elsewhere})
    with pytest.raises(Exception, match="OCRQ_WEBHOOK_HOSTS"):
        refused.get(timeout=30)


def test_a_receiver_that_fails_first_gets_the_same_notice_again(stack: Stack, receiver: Receiver) -> None:
    receiver.statuses.extend([500, 503])
    job_id = stack.submit(receiver.url)
    wait_for_notices(receiver, job_id, times=3)
    time.sleep(2)
    notices = receiver.about(job_id)
    assert len(notices) == 3
    assert len({(notice.delivery, notice.body) for notice in notices}) == 1


def test_a_receiver_that_is_down_gets_its_notice_when_it_is_up(stack: Stack) -> None:
    port = stack.ports[2]
    job_id = stack.submit(f"http://127.0.0.1:{port}/hook")
    with stack.parts.client() as client:

        def tried() -> bool:
            return any(client.hget(key, "tries") != b"0" for key in client.scan_iter(f"ocrq:delivery:{job_id}*"))

        until(tried, "a first try failed", 30)
    with receiving(port) as receiver:
        wait_for_notices(receiver, job_id)


def test_webhooks_of_a_control_worker_killed_before_sending_are_sent_by_the_next(
    stack: Stack, receiver: Receiver
) -> None:
    stack.parts.control.kill()
    job_id = stack.submit(receiver.url)
    assert stack.ended(job_id) == "succeeded"
    time.sleep(1)
    assert receiver.about(job_id) == []
    stack.parts.control.start()
    wait_for_notices(receiver, job_id)


def test_webhooks_of_a_control_worker_killed_while_sending_are_sent_by_its_standby(
    stack: Stack, receiver: Receiver
) -> None:
    stand_by = stack.parts._part("control2", [sys.executable, "-m", "worker.process.control"])
    stand_by.start()
    try:
        receiver.open.clear()
        job_id = stack.submit(receiver.url)
        wait_for_notices(receiver, job_id)
        until(lambda: "ready" in stand_by.output(), "the stand-by is up")
        stack.parts.control.kill()
        receiver.open.set()
        wait_for_notices(receiver, job_id, times=2, seconds=60)
        first, second = receiver.about(job_id)
        assert first.delivery == second.delivery
    finally:
        stand_by.stop()
        stack.parts.control.start()


def test_of_two_control_workers_one_sends_each_webhook_once(stack: Stack, receiver: Receiver) -> None:
    stand_by = stack.parts._part("control3", [sys.executable, "-m", "worker.process.control"])
    stand_by.start()
    try:
        until(lambda: "ready" in stand_by.output(), "the stand-by is up")
        receiver.open.clear()
        jobs = [stack.submit(receiver.url) for _ in range(20)]
        until(lambda: len(receiver.notices) == 2, "as many as may are told to one host")
        time.sleep(2)
        assert len(receiver.notices) == 2
        receiver.open.set()
        for job_id in jobs:
            wait_for_notices(receiver, job_id)
    finally:
        stand_by.stop()
    assert [len(receiver.about(job_id)) for job_id in jobs] == [1] * 20


def test_a_control_worker_asked_to_stop_hands_webhooks_to_its_standby_at_once(stack: Stack, receiver: Receiver) -> None:
    stand_by = stack.parts._part("control4", [sys.executable, "-m", "worker.process.control"])
    stand_by.start()
    try:
        until(lambda: "ready" in stand_by.output(), "the stand-by is up")
        wait_for_notices(receiver, stack.submit(receiver.url))
        stack.parts.control.stop()
        wait_for_notices(receiver, stack.submit(receiver.url), seconds=5)
    finally:
        stand_by.stop()
        stack.parts.control.start()


def test_webhooks_that_wait_survive_a_redis_restart(stack: Stack, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    job_id = stack.submit(receiver.url)
    wait_for_notices(receiver, job_id)
    stack.parts.control.kill()
    time.sleep(1.5)  # the log of changes is written every second
    stack.parts.redis.kill()
    stack.parts.start_redis()
    stack.parts.control.start()
    wait_for_notices(receiver, job_id, times=2, seconds=60)


def test_a_redirect_to_another_place_of_the_inside_is_not_followed(
    stack: Stack, receiver: Receiver, other: Receiver
) -> None:
    receiver.statuses.extend([307] * TRIES)
    receiver.headers["Location"] = other.url
    job_id = stack.submit(receiver.url)
    until(lambda: dead(stack, job_id), "the delivery is dead")
    assert dead(stack, job_id)[0].last == "HTTP 307: redirects are not followed"
    assert len(receiver.about(job_id)) == TRIES
    assert other.notices == []


def dead(stack: Stack, job_id: str) -> list:
    return [delivery for delivery in stack.outbox.dead() if delivery.job_id == job_id]


def test_a_listed_name_at_a_private_address_gets_no_webhook(stack: Stack) -> None:
    with receiving(stack.named) as inside:
        job_id = stack.submit(f"http://localhost:{stack.named}/hook")
        until(lambda: dead(stack, job_id), "the delivery is dead")
        assert "not a public address" in dead(stack, job_id)[0].last
        assert inside.notices == []


def test_a_delivery_that_was_given_up_is_retried_by_hand(stack: Stack, receiver: Receiver) -> None:
    receiver.statuses.extend([500] * TRIES)
    job_id = stack.submit(receiver.url)
    until(lambda: dead(stack, job_id), "the delivery is dead")
    (given_up,) = dead(stack, job_id)
    assert (given_up.tries, given_up.last, len(receiver.about(job_id))) == (TRIES, "HTTP 500", TRIES)
    listed = [delivery for delivery in stack.backend.dead_deliveries() if delivery.job_id == job_id]
    assert [(delivery.id, delivery.tries, delivery.last_error) for delivery in listed] == [
        (given_up.id, TRIES, "HTTP 500")
    ]
    assert stack.backend.dead_deliveries(owner="somebody else") == []
    with pytest.raises(NotFound):
        stack.backend.retry_delivery(given_up.id, owner="somebody else")
    stack.backend.retry_delivery(given_up.id)
    wait_for_notices(receiver, job_id, times=TRIES + 1)
    until(lambda: not dead(stack, job_id), "it is not dead any more", 5)


def test_a_slow_receiver_does_not_hold_up_another(stack: Stack, receiver: Receiver, other: Receiver) -> None:
    receiver.open.clear()
    slow = [stack.submit(receiver.url) for _ in range(20)]
    for job_id in slow:
        assert stack.ended(job_id) == "succeeded"
    until(lambda: len(receiver.notices) == 2, "as many as may are told to the slow one")
    began = time.monotonic()
    quick = [stack.submit(other.url) for _ in range(5)]
    for job_id in quick:
        wait_for_notices(other, job_id, seconds=8)
    assert time.monotonic() - began < 8
    assert len(receiver.notices) == 2
    receiver.open.set()
    for job_id in slow:
        wait_for_notices(receiver, job_id)


def test_a_host_that_is_not_listed_is_refused_at_once(stack: Stack) -> None:
    for url in ("https://elsewhere.example.com/", "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/"):
        with pytest.raises(InvalidRequest) as caught:
            stack.submit(url)
        assert caught.value.field == "webhook"


def test_the_logs_hold_neither_the_secret_nor_the_receivers_paths(stack: Stack, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    wait_for_notices(receiver, stack.submit(receiver.url), times=2)
    logs = stack.parts.control.output() + "".join(worker.output() for worker in stack.parts.workers)
    assert f"127.0.0.1:{receiver.port}" in logs
    assert "hush" not in logs
