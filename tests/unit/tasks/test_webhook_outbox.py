from __future__ import annotations

import json
import time

import pytest
import redis

from tasks.jobs.ledger import Ledger
from tasks.jobs.record import NewJob, new_id
from tasks.webhooks.outbox import KEEP_SECONDS, PER_HOST, Outbox, Schedule

URL = "https://hooks.example.com/x?token=hush"


@pytest.fixture
def outbox(client: redis.Redis) -> Outbox:
    return Outbox(client, ttl=100, schedule=Schedule(tries=3, first_seconds=10))


def accepted(ledger: Ledger, webhook: str | None = URL) -> str:
    job = NewJob(new_id(), "extract_text", {}, "b" * 64, "ocrq.cpu.interactive", webhook=webhook)
    assert ledger.create([job], bounded=False).verdict == "ok"
    return job.id


def ended(ledger: Ledger, webhook: str | None = URL) -> str:
    job_id = accepted(ledger, webhook)
    assert ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "x"})
    return job_id


def come_due(client: redis.Redis, host: str = "hooks.example.com") -> None:
    past = time.time() - 1
    for delivery_id in client.zrange(f"ocrq:outbox:{host}", 0, -1):
        client.zadd(f"ocrq:outbox:{host}", {delivery_id: past})
    client.zadd("ocrq:outbox", {host: past})


def test_a_job_that_ends_is_in_the_outbox_and_one_that_runs_is_not(ledger: Ledger, outbox: Outbox) -> None:
    job_id = accepted(ledger)
    assert outbox.take(10) == []
    ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "x"})
    (delivery,) = outbox.take(10)
    assert (delivery.job_id, delivery.status, delivery.url, delivery.tries) == (job_id, "succeeded", URL, 0)


def test_a_job_without_a_webhook_sends_none(ledger: Ledger, outbox: Outbox) -> None:
    ended(ledger, webhook=None)
    assert outbox.take(10) == []


def test_a_failed_a_cancelled_and_a_dead_job_are_reported_with_the_reason(
    ledger: Ledger, outbox: Outbox, client: redis.Redis
) -> None:
    failed, cancelled, dead = accepted(ledger), accepted(ledger), accepted(ledger)
    ledger.fail(failed, ledger.claim(failed, "a").token, {"code": "unreadable_document", "detail": "cut off"})
    ledger.cancel(cancelled)
    for _ in range(2):
        ledger.claim(dead, "a")
        client.zadd("ocrq:due", {dead: time.time() - 1})
    ledger.sweep(dead)
    bodies = {}
    for _ in range(2):
        for delivery in outbox.take(10):
            bodies[delivery.job_id] = json.loads(delivery.body())
            outbox.sent(delivery)
    assert {job_id: body["type"] for job_id, body in bodies.items()} == {
        failed: "job.failed",
        cancelled: "job.cancelled",
        dead: "job.failed",
    }
    assert bodies[failed]["job"]["error"]["code"] == "unreadable_document"
    assert bodies[dead]["job"]["error"]["code"] == "worker_lost"
    assert bodies[cancelled]["job"]["error"] is None


def test_a_document_of_many_units_sends_one_webhook(ledger: Ledger, outbox: Outbox) -> None:
    job_id = accepted(ledger)
    ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    ledger.cancel(job_id)
    assert [delivery.job_id for delivery in outbox.take(10)] == [job_id]


def test_what_is_sent_is_the_same_each_time_and_holds_no_result(
    ledger: Ledger, outbox: Outbox, client: redis.Redis
) -> None:
    job_id = ended(ledger)
    (first,) = outbox.take(10)
    outbox.failed(first, "HTTP 500")
    come_due(client)
    (again,) = outbox.take(10)
    assert (again.id, again.body(), again.tries, again.last) == (first.id, first.body(), 1, "HTTP 500")
    body = json.loads(first.body())
    assert (body["id"], body["job"]["id"], body["job"]["url"]) == (first.id, job_id, f"/jobs/{job_id}")
    assert "result" not in body["job"]


def test_what_is_taken_comes_due_again_when_its_sender_dies(
    ledger: Ledger, outbox: Outbox, client: redis.Redis
) -> None:
    ended(ledger)
    (taken,) = outbox.take(10)
    assert outbox.take(10) == []
    assert 25 < client.zscore("ocrq:outbox:hooks.example.com", taken.id) - time.time() <= 30
    assert 25 < client.zscore("ocrq:outbox", "hooks.example.com") - time.time() <= 30
    come_due(client)
    assert [delivery.id for delivery in outbox.take(10)] == [taken.id]


def test_what_has_arrived_leaves_nothing_behind(ledger: Ledger, outbox: Outbox, client: redis.Redis) -> None:
    ended(ledger)
    (delivery,) = outbox.take(10)
    outbox.sent(delivery)
    come_due(client)
    assert outbox.take(10) == []
    assert client.keys("ocrq:outbox*") + client.keys("ocrq:delivery:*") == []


def test_a_failed_try_waits_longer_each_time_and_the_last_one_gives_up(
    ledger: Ledger, outbox: Outbox, client: redis.Redis
) -> None:
    ended(ledger)
    for shortest, longest in [(5, 10), (20, 40)]:
        (delivery,) = outbox.take(10)
        assert outbox.failed(delivery, "HTTP 500")
        wait = client.zscore("ocrq:outbox:hooks.example.com", delivery.id) - time.time()
        assert shortest - 1 < wait <= longest
        come_due(client)
    (delivery,) = outbox.take(10)
    assert not outbox.failed(delivery, "HTTP 502")
    come_due(client)
    assert outbox.take(10) == []
    (dead,) = outbox.dead()
    assert (dead.id, dead.tries, dead.last) == (delivery.id, 3, "HTTP 502")
    assert 0 < client.ttl(f"ocrq:delivery:{dead.id}") <= 100


def test_a_wait_is_never_over_an_hour_and_varies() -> None:
    waits = [Schedule().wait(tried) for tried in range(1, 9) for _ in range(50)]
    assert max(waits) <= 3600
    assert len({Schedule().wait(1) for _ in range(5)}) > 1


def test_a_dead_delivery_is_retried_by_hand_with_all_its_tries(ledger: Ledger, client: redis.Redis) -> None:
    outbox = Outbox(client, ttl=100, schedule=Schedule(tries=1))
    ended(ledger)
    (delivery,) = outbox.take(10)
    outbox.failed(delivery, "HTTP 500")
    assert outbox.retry(delivery.id)
    assert outbox.dead() == []
    assert not outbox.retry(delivery.id)
    assert not outbox.retry("unknown")
    (again,) = outbox.take(10)
    assert (again.id, again.tries, again.body()) == (delivery.id, 0, delivery.body())


def test_a_sender_that_thaws_late_does_not_bring_back_what_was_delivered_or_given_up(
    ledger: Ledger, client: redis.Redis
) -> None:
    outbox = Outbox(client, ttl=100, schedule=Schedule(tries=1))
    ended(ledger)
    (delivery,) = outbox.take(10)
    outbox.sent(delivery)
    outbox.failed(delivery, "late")
    assert outbox.dead() == [] and outbox.take(10) == []
    ended(ledger)
    (delivery,) = outbox.take(10)
    outbox.failed(delivery, "HTTP 500")
    outbox.failed(delivery, "late")
    assert [(dead.tries, dead.last) for dead in outbox.dead()] == [(1, "HTTP 500")]


def test_a_host_with_many_webhooks_leaves_capacity_for_the_others(ledger: Ledger, outbox: Outbox) -> None:
    for _ in range(20):
        ended(ledger, "https://slow.example.com/x")
    ended(ledger, "https://quick.example.com/x")
    first = outbox.take(10)
    assert [d.host for d in first] == ["slow.example.com"] * PER_HOST + ["quick.example.com"]
    assert outbox.take(10, {"slow.example.com": PER_HOST}) == []
    assert len(outbox.take(10, {"slow.example.com": 1})) == 1


def test_no_more_is_taken_than_asked_for(ledger: Ledger, outbox: Outbox) -> None:
    for number in range(5):
        ended(ledger, f"https://h{number}.example.com/x")
    assert [len(outbox.take(3)), len(outbox.take(3))] == [3, 2]


def test_a_notice_is_kept_a_day_though_the_job_is_not_and_no_longer_when_dead(
    ledger: Ledger, client: redis.Redis
) -> None:
    outbox = Outbox(client, ttl=100, schedule=Schedule(tries=1))
    ended(ledger)
    (delivery,) = outbox.take(10)
    assert client.ttl(f"ocrq:delivery:{delivery.id}") == KEEP_SECONDS
    outbox.failed(delivery, "HTTP 500")
    client.zadd("ocrq:dead_deliveries", {delivery.id: time.time() - 101})
    assert outbox.dead() == []
    assert client.zcard("ocrq:dead_deliveries") == 0


def test_a_job_tried_again_after_failing_is_reported_again(ledger: Ledger, outbox: Outbox) -> None:
    job_id = accepted(ledger)
    ledger.fail(job_id, ledger.claim(job_id, "a").token, {"code": "x", "detail": "y"})
    assert ledger.retry(job_id)
    ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "x"})
    deliveries = sorted(outbox.take(10), key=lambda delivery: delivery.ended)
    assert [delivery.status for delivery in deliveries] == ["failed", "succeeded"]
    assert len({delivery.id for delivery in deliveries}) == 2


def test_a_delivery_shows_nothing_of_the_receivers_secret(ledger: Ledger, outbox: Outbox) -> None:
    ended(ledger)
    (delivery,) = outbox.take(10)
    assert "hush" not in repr(delivery)
    assert b"hush" not in delivery.body()
