from __future__ import annotations

import time
from typing import Any

import fakeredis
import pytest
import redis

from ocrq.contracts import Page
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import NewJob, new_id
from tasks.runner import UnitReading
from tasks.settings import Settings

QUEUE = "ocrq.cpu.interactive"


def new_job(**changes: object) -> NewJob:
    facts: dict[str, object] = {
        "id": new_id(),
        "operation": "extract_text",
        "request": {"pages": "1-2"},
        "blob": "b" * 64,
        "queue": QUEUE,
    }
    return NewJob(**(facts | changes))  # type: ignore[arg-type]


def accepted(ledger: Ledger, **changes: object) -> str:
    job = new_job(**changes)
    assert ledger.create([job]).verdict == "ok"
    return job.id


def reading(*numbers: int) -> UnitReading:
    pages = tuple(Page(page=number, width=1, height=1, text=f"page {number}") for number in numbers)
    return UnitReading(pages, served_by="fake/fixed")


def expire_lease(client: redis.Redis, job_id: str) -> None:
    client.zadd("ocrq:due", {job_id: time.time() - 1})


def test_an_accepted_job_waits_in_its_queue(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    record = ledger.record(job_id)
    assert record is not None
    assert (record.state, record.queue, record.request.pages) == ("queued", QUEUE, "1-2")
    assert ledger.waiting()[QUEUE] == 1


def test_a_full_lane_accepts_nothing_and_the_other_lane_goes_on(ledger: Ledger) -> None:
    for _ in range(3):
        accepted(ledger)
    refused = ledger.create([new_job()])
    assert (refused.verdict, refused.depth) == ("full", 3)
    assert ledger.create([new_job(queue="ocrq.cpu.bulk")]).verdict == "ok"


def test_a_batch_that_does_not_fit_is_refused_whole(ledger: Ledger) -> None:
    assert ledger.create([new_job() for _ in range(4)]).verdict == "full"
    assert ledger.waiting()[QUEUE] == 0


def test_a_job_is_run_once_though_its_message_comes_twice(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    first, second = ledger.claim(job_id, "a"), ledger.claim(job_id, "b")
    assert (first.verdict, second.verdict) == ("run", "held")
    assert ledger.commit(job_id, first.token, {"text": "x"})
    assert ledger.claim(job_id, "b").verdict == "succeeded"
    assert ledger.result(job_id) == {"text": "x"}


def test_an_unknown_job_cannot_be_claimed(ledger: Ledger) -> None:
    assert ledger.claim(new_id(), "a").verdict == "unknown"


def test_a_late_commit_is_refused_after_a_takeover(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    frozen = ledger.claim(job_id, "frozen")
    expire_lease(client, job_id)
    taken_over = ledger.claim(job_id, "peer")
    assert taken_over.verdict == "run"
    assert not ledger.commit(job_id, frozen.token, {"text": "late"})
    assert not ledger.renew(job_id, frozen.token)
    assert ledger.commit(job_id, taken_over.token, {"text": "right"})
    assert ledger.result(job_id) == {"text": "right"}


def test_a_job_whose_workers_keep_crashing_is_dead_with_the_reason(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    for _ in range(2):
        assert ledger.claim(job_id, "a").verdict == "run"
        expire_lease(client, job_id)
    assert ledger.claim(job_id, "a").verdict == "dead"
    record = ledger.record(job_id)
    assert record is not None and record.error is not None
    assert (record.state, record.error["code"], record.lost) == ("failed", "worker_lost", 2)


def test_the_sweeper_publishes_a_job_whose_lease_ended(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    ledger.claim(job_id, "a")
    assert ledger.overdue() == []
    expire_lease(client, job_id)
    assert ledger.overdue() == [job_id]
    assert ledger.sweep(job_id) == job_id
    assert ledger.claim(job_id, "b").verdict == "run"


def test_the_sweeper_publishes_a_job_whose_message_was_lost_and_leaves_one_that_waits(
    ledger: Ledger, client: redis.Redis
) -> None:
    job_id = accepted(ledger)
    client.lpush(QUEUE + "\x06\x163", "the job's message")
    expire_lease(client, job_id)
    assert ledger.sweep(job_id) is None
    client.delete(QUEUE + "\x06\x163")
    expire_lease(client, job_id)
    assert ledger.sweep(job_id) == job_id


def test_the_sweeper_publishes_a_job_that_a_later_one_passed(ledger: Ledger, client: redis.Redis) -> None:
    passed, later = accepted(ledger), accepted(ledger)
    client.lpush(QUEUE, "some other message")
    ledger.claim(later, "a")
    expire_lease(client, passed)
    assert ledger.sweep(passed) == passed


def test_a_job_handed_back_loses_no_attempt(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    assert ledger.claim(job_id, "a").token and ledger.requeue(job_id, "a")
    record = ledger.record(job_id)
    assert record is not None
    assert (record.state, record.lost) == ("queued", 0)


def test_a_cancelled_job_never_starts_and_a_running_one_cannot_commit(ledger: Ledger) -> None:
    queued, running = accepted(ledger), accepted(ledger)
    token = ledger.claim(running, "a").token
    assert ledger.cancel(queued) == "queued"
    assert ledger.cancel(running) == "running"
    assert ledger.claim(queued, "a").verdict == "cancelled"
    assert not ledger.holds(running, token)
    assert not ledger.commit(running, token, {"text": "late"})
    assert ledger.cancel("0" * 32) is None


def test_units_come_back_in_page_order_and_the_last_sends_the_document(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    units = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1, 2], [3], [5]], 4)
    claims = {unit: ledger.claim(unit, "a") for unit in units}
    assert ledger.claim(job_id, "b").verdict == "waiting"
    parents = []
    for unit, numbers in sorted(zip(units, [(1, 2), (3,), (5,)], strict=True), reverse=True):
        parents.append(ledger.commit_unit(unit, claims[unit].token, reading(*numbers)))
    assert parents == [None, None, job_id]
    assert [page["page"] for data in ledger.readings(job_id) for page in data["pages"]] == [1, 2, 3, 5]
    record = ledger.record(job_id)
    assert record is not None
    assert (record.phase, record.status, record.done, record.total) == ("assemble", "running", 4, 4)
    assert ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "all"})


def test_ten_units_and_more_keep_their_order(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    units = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[n] for n in range(1, 13)], 12)
    for number, unit in enumerate(units, start=1):
        ledger.commit_unit(unit, ledger.claim(unit, "a").token, reading(number))
    assert [data["pages"][0]["page"] for data in ledger.readings(job_id)] == list(range(1, 13))


def test_a_unit_that_kills_its_workers_fails_its_pages_and_not_the_document(
    ledger: Ledger, client: redis.Redis
) -> None:
    job_id = accepted(ledger)
    good, poison = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    ledger.commit_unit(good, ledger.claim(good, "a").token, reading(1))
    for _ in range(2):
        ledger.claim(poison, "a")
        expire_lease(client, poison)
    assert ledger.claim(poison, "a").orphaned_parent == job_id
    assert ledger.readings(job_id)[1]["pages_failed"] == [2]


def test_cancelling_a_document_cancels_its_units(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    first, second = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    token = ledger.claim(first, "a").token
    ledger.cancel(job_id)
    assert not ledger.holds(first, token)
    assert ledger.claim(second, "a").verdict == "cancelled"


def test_an_idempotency_key_returns_the_first_job_and_refuses_another_request(ledger: Ledger) -> None:
    first = accepted(ledger, idempotency=":k", fingerprint="same")
    again = ledger.create([new_job(idempotency=":k", fingerprint="same")])
    other = ledger.create([new_job(idempotency=":k", fingerprint="other")])
    assert (again.verdict, again.job_id) == ("known", first)
    assert (other.verdict, other.job_id) == ("conflict", first)


def test_an_ended_job_expires_and_is_remembered(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "x"})
    assert 0 < client.ttl(f"ocrq:job:{job_id}") <= 100
    client.delete(f"ocrq:job:{job_id}")
    assert ledger.record(job_id) is None
    assert ledger.existed(job_id)
    assert not ledger.existed(new_id())


def test_events_follow_a_job_in_order(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    token = ledger.claim(job_id, "a").token
    ledger.progress(job_id, token, 1, 2)
    ledger.commit(job_id, token, {"text": "x"})
    events = ledger.events(job_id, "0", 500)
    assert [name for _, name, _ in events] == ["status", "progress", "status"]
    assert ledger.events(job_id, events[1][0], 500) == events[2:]
    assert ledger.events(job_id, "0", 2) == events[:2]


def test_a_document_is_pinned_while_its_job_lives_and_a_failed_one_for_as_long_as_it_is_kept(
    ledger: Ledger, client: redis.Redis
) -> None:
    pins = "ocrq:pins:" + "b" * 64
    done, failed = accepted(ledger), accepted(ledger)
    assert client.zcard(pins) == 2
    ledger.commit(done, ledger.claim(done, "a").token, {})
    ledger.fail(failed, ledger.claim(failed, "a").token, {"code": "x", "detail": "y"})
    assert client.zrange(pins, 0, -1) == [failed.encode()]


def read_all_units(ledger: Ledger, job_id: str) -> list[str]:
    units = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    for number, unit in enumerate(units, start=1):
        ledger.commit_unit(unit, ledger.claim(unit, "a").token, reading(number))
    return units


def test_the_units_of_a_document_tried_again_do_not_expire_with_those_of_its_first_try(
    ledger: Ledger, client: redis.Redis
) -> None:
    job_id = accepted(ledger)
    first = read_all_units(ledger, job_id)
    assert client.ttl(f"ocrq:job:{first[0]}") > 0
    ledger.fail(job_id, ledger.claim(job_id, "a").token, {"code": "x", "detail": "y"})
    assert ledger.retry(job_id)
    again = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    assert [client.ttl(f"ocrq:job:{unit}") for unit in again] == [-1, -1]


def test_a_run_that_took_a_document_late_does_not_cut_it_a_second_time(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    read_all_units(ledger, job_id)
    token = ledger.claim(job_id, "late").token
    assert ledger.fan_out(job_id, token, [[1], [2]], 2) == []
    assert ledger.commit(job_id, token, {"text": "all"})


def test_a_job_handed_back_to_the_front_of_a_long_queue_passes_none_that_waits(
    ledger: Ledger, client: redis.Redis
) -> None:
    front = accepted(ledger)
    ledger.claim(front, "a")
    waiting = [accepted(ledger) for _ in range(3)]
    client.lpush(QUEUE, *waiting)
    ledger.requeue(front, "a")
    assert ledger.claim(front, "b").verdict == "run"
    for job_id in waiting:
        expire_lease(client, job_id)
    assert [ledger.sweep(job_id) for job_id in waiting] == [None] * 3


def test_a_job_accepted_twice_because_the_answer_was_lost_is_one_job(ledger: Ledger) -> None:
    job = new_job(cache_key="equal", idempotency=":k", fingerprint="same")
    assert [ledger.create([job]).to_publish for _ in range(2)] == [(job.id,)] * 2
    assert ledger.waiting()[QUEUE] == 1
    token = ledger.claim(job.id, "a").token
    assert ledger.create([job]).to_publish == ()
    assert ledger.commit(job.id, token, {"text": "x"})


def test_a_follower_whose_message_comes_is_not_read_and_gets_its_leaders_result(ledger: Ledger) -> None:
    leader = accepted(ledger, cache_key="equal")
    follower = new_job(cache_key="equal", message="{}")
    assert ledger.create([follower]).following == (follower.id,)
    assert ledger.claim(follower.id, "a").verdict == "held"
    ledger.commit(leader, ledger.claim(leader, "a").token, {"text": "x"})
    assert ledger.sweep(follower.id) == follower.id
    assert ledger.claim(follower.id, "a").verdict == "succeeded"
    assert ledger.result(follower.id) == {"text": "x"}


def test_a_failed_follower_that_is_tried_again_is_read_by_itself(ledger: Ledger) -> None:
    leader, follower = accepted(ledger, cache_key="equal"), accepted(ledger, cache_key="equal")
    ledger.fail(leader, ledger.claim(leader, "a").token, {"code": "x", "detail": "y"})
    assert ledger.retry(follower)
    assert ledger.commit(follower, ledger.claim(follower, "a").token, {"text": "x"})
    record = ledger.record(follower)
    assert record is not None
    assert not record.cached


def test_an_interactive_request_does_not_follow_an_equal_one_that_waits_in_the_bulk_lane(ledger: Ledger) -> None:
    bulk = new_job(cache_key="equal", queue="ocrq.cpu.bulk")
    ledger.create([bulk])
    urgent = new_job(cache_key="equal")
    assert ledger.create([urgent]).to_publish == (urgent.id,)
    ledger.claim(urgent.id, "a")
    assert len(ledger.create([new_job(cache_key="equal"), new_job(cache_key="equal")]).following) == 2


def test_a_document_whose_units_all_killed_their_workers_is_dead_and_its_units_pin_nothing(
    ledger: Ledger, client: redis.Redis
) -> None:
    job_id = accepted(ledger)
    for unit in ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2):
        for _ in range(2):
            ledger.claim(unit, "a")
            expire_lease(client, unit)
        ledger.sweep(unit)
    ledger.fail(job_id, ledger.claim(job_id, "a").token, {"code": "worker_lost", "detail": "y"})
    assert ledger.dead() == [job_id]
    assert client.zrange("ocrq:pins:" + "b" * 64, 0, -1) == [job_id.encode()]


class LossyRedis(fakeredis.FakeRedis):
    """Runs a script, and then loses its answer: as often as told."""

    lose = 0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        answer = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        if args[0] == "EVALSHA" and self.lose:
            self.lose -= 1
            raise redis.ConnectionError("connection reset by peer")
        return answer


def test_a_commit_whose_answer_is_lost_is_still_this_runs_commit(settings: Settings) -> None:
    lossy = LossyRedis()
    ledger = Ledger(lossy, settings)
    job_id = accepted(ledger)
    token = ledger.claim(job_id, "a").token
    lossy.lose = 1
    assert ledger.commit(job_id, token, {"text": "x"})
    assert not ledger.commit(job_id, "another's", {"text": "y"})
    assert ledger.result(job_id) == {"text": "x"}


def test_a_claim_sent_twice_is_one_claim_and_no_attempt(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = accepted(ledger)
    monkeypatch.setattr("tasks.jobs.ledger.secrets.token_hex", lambda size: "the same claim")
    first, again = ledger.claim(job_id, "a"), ledger.claim(job_id, "a")
    assert (again.verdict, again.token) == ("run", first.token)
    record = ledger.record(job_id)
    assert record is not None
    assert record.lost == 0


def test_a_direct_caller_gets_an_end_that_no_run_reported(ledger: Ledger, client: redis.Redis) -> None:
    cut, followed, dying = (
        accepted(ledger, message="{}"),
        accepted(ledger, cache_key="k"),
        accepted(ledger, message="{}"),
    )
    ledger.fan_out(cut, ledger.claim(cut, "a").token, [[1], [2]], 2)
    follower = new_job(cache_key="k", message="{}")
    ledger.create([follower])
    ledger.cancel(cut)
    ledger.cancel(follower.id)
    for _ in range(2):
        ledger.claim(dying, "a")
        expire_lease(client, dying)
        ledger.sweep(dying)
    for job_id, state in ((cut, "cancelled"), (follower.id, "cancelled"), (dying, "failed")):
        for _ in range(2):  # as often as its message is lost
            assert job_id in ledger.overdue()
            assert ledger.sweep(job_id) == job_id
            expire_lease(client, job_id)
        assert ledger.claim(job_id, "a").verdict == state
        assert job_id not in ledger.overdue()
    assert ledger.record(followed) is not None


def test_an_expired_message_cancels_a_job_only_if_no_run_has_started(ledger: Ledger) -> None:
    waiting, started = accepted(ledger), accepted(ledger)
    token = ledger.claim(started, "a").token
    ledger.cancel(waiting, only_new=True)
    ledger.cancel(started, only_new=True)
    assert ledger.claim(waiting, "a").verdict == "cancelled"
    assert ledger.commit(started, token, {"text": "x"})


def test_cancelling_an_ended_job_changes_nothing(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    ledger.commit(job_id, ledger.claim(job_id, "a").token, {"text": "x"})
    assert ledger.cancel(job_id) == "succeeded"
    assert ledger.claim(job_id, "a").verdict == "succeeded"
    assert ledger.result(job_id) == {"text": "x"}


def test_a_job_of_another_pool_is_not_claimed(ledger: Ledger) -> None:
    job_id = accepted(ledger)
    assert ledger.claim(job_id, "a", "gpu").verdict == "elsewhere"
    assert ledger.claim(job_id, "a", "cpu").verdict == "run"


def test_a_job_that_runs_again_keeps_its_first_start(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    first = ledger.claim(job_id, "a").record
    expire_lease(client, job_id)
    again = ledger.claim(job_id, "b").record
    assert first is not None and again is not None
    assert first.started == again.started
    assert [name for _, name, _ in ledger.events(job_id, "0", 500)] == ["status"]


def test_units_leave_nothing_that_does_not_expire(ledger: Ledger, client: redis.Redis) -> None:
    read, cancelled = accepted(ledger), accepted(ledger)
    read_all_units(ledger, read)
    ledger.commit(read, ledger.claim(read, "a").token, {"text": "x"})
    units = ledger.fan_out(cancelled, ledger.claim(cancelled, "a").token, [[1], [2], [3]], 3)
    ledger.commit_unit(units[0], ledger.claim(units[2], "a").token, reading(1))
    ledger.claim(units[1], "a")
    ledger.cancel(cancelled)
    left = [key.decode() for job_id in (read, cancelled) for key in client.scan_iter(f"*{job_id}*")]
    assert {key for key in left if client.ttl(key) < 0} == set()


def test_a_cancelled_job_frees_capacity_in_its_lane(ledger: Ledger) -> None:
    for job_id in [accepted(ledger) for _ in range(3)]:
        ledger.cancel(job_id)
    assert ledger.waiting()[QUEUE] == 0
    assert ledger.create([new_job()]).verdict == "ok"


def test_the_sweeper_looks_after_units_and_after_a_document_that_is_to_be_put_together(
    ledger: Ledger, client: redis.Redis
) -> None:
    job_id = accepted(ledger)
    units = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    assert client.zrange("ocrq:due", 0, -1) == [unit.encode() for unit in units]
    for number, unit in enumerate(units, start=1):
        ledger.commit_unit(unit, ledger.claim(unit, "a").token, reading(number))
    assert client.zrange("ocrq:due", 0, -1) == [job_id.encode()]
    expire_lease(client, job_id)
    assert ledger.sweep(job_id) == job_id


def test_the_document_of_a_failed_job_is_let_go_when_the_job_is(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    ledger.fail(job_id, ledger.claim(job_id, "a").token, {"code": "unreadable_document", "detail": "y"})
    pinned_until = client.zscore("ocrq:pins:" + "b" * 64, job_id)
    assert pinned_until is not None
    assert time.time() < pinned_until <= time.time() + 100
    assert ledger.dead() == []


def test_where_the_leader_is_cancelled_the_first_that_follows_leads_the_others(
    ledger: Ledger, client: redis.Redis
) -> None:
    leader, *others = (accepted(ledger, cache_key="equal") for _ in range(3))
    ledger.cancel(leader)
    (heir,) = ledger.overdue()
    (other,) = set(others) - {heir}
    assert ledger.sweep(heir) == heir
    token = ledger.claim(heir, "a").token
    assert ledger.claim(other, "a").verdict == "held"
    ledger.commit(heir, token, {"text": "x"})
    assert ledger.result(other) == {"text": "x"}
    record = ledger.record(other)
    assert record is not None
    assert (record.state, record.cached) == ("succeeded", True)


def test_a_request_is_kept_once_and_every_unit_reads_it(ledger: Ledger, client: redis.Redis) -> None:
    job_id = accepted(ledger)
    units = ledger.fan_out(job_id, ledger.claim(job_id, "a").token, [[1], [2]], 2)
    assert not any(client.hexists(f"ocrq:job:{unit}", "request") for unit in units)
    for unit in units:
        record = ledger.claim(unit, "a").record
        assert record is not None and record.request.pages == "1-2"
