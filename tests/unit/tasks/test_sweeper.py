"""The sweeper on fakeredis and an in-memory broker."""

from __future__ import annotations

import time

import redis
from celery import Celery

from tasks.documents.blobs import RedisBlobs
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.record import NewJob, new_id
from tasks.jobs.sweeper import Sweeper
from tasks.monitoring.heartbeat import Heartbeats


def test_a_job_that_cannot_be_swept_does_not_hide_the_others(ledger: Ledger, client: redis.Redis) -> None:
    jobs = [NewJob(new_id(), "extract_text", {}, "b" * 64, "ocrq.cpu.interactive") for _ in range(3)]
    ledger.create(jobs)
    ledger.stored(*(job.id for job in jobs))
    client.delete(f"ocrq:job:{jobs[0].id}")
    client.hset(f"ocrq:job:{jobs[0].id}", "state", "queued")  # torn by a hand that knows no ledger
    for age, job in enumerate(jobs):
        client.zadd("ocrq:due", {job.id: time.time() - 10 + age})
    sweeper = Sweeper(
        client, ledger, Publisher(Celery(broker="memory://"), ledger), Heartbeats(client), RedisBlobs(client), "me"
    )
    assert sweeper.sweep() == 2
