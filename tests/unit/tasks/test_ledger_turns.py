"""Whose job is next: a message says that one of a queue's jobs may start, and owners are served in turn."""

from __future__ import annotations

import time

import redis

from tasks.jobs.ledger import Claim, Ledger
from tests.unit.tasks.test_ledger import QUEUE, accepted, expire_lease


def stored(ledger: Ledger, owner: str | None, **changes: object) -> str:
    job_id = accepted(ledger, owner=owner, **changes)
    ledger.stored(job_id)
    return job_id


def taken(claim: Claim) -> str:
    assert claim.record is not None, claim
    return claim.record.id


def test_owners_are_served_in_turn_and_each_in_its_order(client: redis.Redis, settings) -> None:
    ledger = Ledger(client, settings.model_copy(update={"max_queued": 100}))
    ann = [stored(ledger, "ann") for _ in range(4)]
    bob = [stored(ledger, "bob") for _ in range(2)]
    nobody = [stored(ledger, None)]
    messages = [*ann, *bob, *nobody]
    order = [taken(ledger.claim(message, "w")) for message in messages]
    assert order[:3] in (
        [ann[0], bob[0], nobody[0]],
        [nobody[0], ann[0], bob[0]],
    )
    assert order[3:] == [ann[1], bob[1], ann[2], ann[3]]
    assert not list(client.scan_iter("ocrq:line:*")) and not client.exists(f"ocrq:owners:{QUEUE}")


def test_who_is_new_waits_for_nobody_who_was_just_served(ledger: Ledger) -> None:
    messages = [stored(ledger, "ann") for _ in range(3)]
    ledger.claim(messages[0], "w")
    bob = stored(ledger, "bob")
    assert taken(ledger.claim(messages[1], "w")) == bob


def test_who_comes_back_for_each_job_is_served_in_turn_too(client: redis.Redis, settings) -> None:
    ledger = Ledger(client, settings.model_copy(update={"max_queued": 100}))
    for _ in range(6):
        stored(ledger, "ann")
    bob, owners = stored(ledger, "bob"), []
    for _ in range(6):
        record = ledger.claim(bob, "w").record
        assert record is not None
        owners.append(record.owner)
        if record.owner == "bob":
            bob = stored(ledger, "bob")
    assert owners.count("ann") == owners.count("bob") == 3


def test_a_job_is_run_once_though_other_messages_began_and_came(ledger: Ledger) -> None:
    first, second = stored(ledger, "ann"), stored(ledger, "bob")
    claims = [ledger.claim(second, "a"), ledger.claim(first, "b")]
    assert {taken(claim) for claim in claims} == {first, second}
    assert {ledger.claim(message, "c").verdict for message in (first, second)} == {"held"}
    for claim in claims:
        assert ledger.commit(taken(claim), claim.token, {"text": "x"})


def test_a_claim_of_another_job_sent_twice_is_one_claim(ledger: Ledger, monkeypatch) -> None:
    first, second = stored(ledger, "ann"), stored(ledger, "ann")
    monkeypatch.setattr("secrets.token_hex", lambda _: "t0")
    assert [taken(ledger.claim(second, "a")) for _ in range(2)] == [first, first]


def test_who_ends_a_message_by_force_finds_the_job_that_it_began(ledger: Ledger) -> None:
    first, second = stored(ledger, "ann"), stored(ledger, "ann")
    assert taken(ledger.claim(second, "a")) == first
    assert ledger.run_by(second) == first
    assert ledger.requeue(ledger.run_by(second), "a")
    assert ledger.run_by(second) == second, "the run is over"
    assert taken(ledger.claim(second, "b")) == first, "it kept its place"
    ledger.abandon(first, "b")
    assert taken(ledger.claim(second, "c")) == first, "the message came again, as its process died"
    record = ledger.record(first)
    assert record is not None and record.lost == 1


def test_what_is_not_stored_yet_is_not_taken_by_another_message(ledger: Ledger) -> None:
    accepted(ledger, owner="ann")
    bob = stored(ledger, "bob")
    assert taken(ledger.claim(bob, "a")) == bob


def test_a_direct_callers_message_runs_its_own_job(ledger: Ledger) -> None:
    waiting, direct = stored(ledger, "ann"), stored(ledger, None, message="{}")
    assert taken(ledger.claim(direct, "a")) == direct
    assert taken(ledger.claim(waiting, "a")) == waiting


def test_a_cancelled_jobs_message_begins_another(ledger: Ledger) -> None:
    gone, waiting = stored(ledger, "ann"), stored(ledger, "bob")
    ledger.cancel(gone)
    assert taken(ledger.claim(gone, "a")) == waiting
    assert ledger.claim(waiting, "b").verdict == "held"


def test_of_jobs_that_were_passed_only_the_first_of_a_line_is_published_again(
    ledger: Ledger, client: redis.Redis
) -> None:
    passed, behind = stored(ledger, "ann"), stored(ledger, "ann")
    later = stored(ledger, None, message="{}")
    client.lpush(QUEUE, "some other message")
    ledger.claim(later, "a")
    for job_id in (passed, behind):
        expire_lease(client, job_id)
    assert [ledger.sweep(job_id) for job_id in (passed, behind)] == [passed, None]
    client.zadd("ocrq:due", {passed: time.time() - 1})
    assert ledger.sweep(passed) is None, "its new message waits"


def test_units_stand_in_the_line_of_their_documents_owner(ledger: Ledger) -> None:
    document = stored(ledger, "ann")
    units = ledger.fan_out(document, ledger.claim(document, "a").token, [[1], [2], [3]], 3)
    bob = stored(ledger, "bob")
    order = [taken(ledger.claim(message, "a")) for message in [*units, bob]]
    assert order.index(bob) <= 1, "it waits for one of them at most"
