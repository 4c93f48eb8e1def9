"""Admission on fakeredis and an in-memory broker."""

from __future__ import annotations

import time

import fakeredis
import pytest
import redis
from celery import Celery

from ocrq.contracts import parse_request
from ocrq.errors import JobConflict
from tasks.catalogue import Catalogue
from tasks.documents.blobs import RedisBlobs, blob_name
from tasks.documents.submission import Submission
from tasks.jobs.admission import Admission, _batch_fingerprint
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.queue import LiveWorkers
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats
from tasks.settings import Settings

DOCUMENT = b"a document"


@pytest.fixture
def client() -> redis.Redis:
    return fakeredis.FakeRedis()


@pytest.fixture
def ledger(client: redis.Redis) -> Ledger:
    return Ledger(client, Settings(model="fake", max_queued=10))


@pytest.fixture
def admission(client: redis.Redis, ledger: Ledger) -> Admission:
    return make_admission(client, ledger, RedisBlobs(client))


def make_admission(client: redis.Redis, ledger: Ledger, blobs: RedisBlobs) -> Admission:
    settings = Settings(model="fake", max_queued=10)
    Heartbeats(client).beat(Heartbeat("host:1", "cpu"))
    return Admission(
        settings,
        Catalogue.from_settings(settings),
        ledger,
        Batches(client, settings.job_ttl),
        blobs,
        Publisher(Celery(broker="memory://"), ledger),
        LiveWorkers(client, settings, Catalogue.from_settings(settings)),
    )


def submission(document: bytes = DOCUMENT, **facts: object) -> Submission:
    return Submission("extract_text", parse_request({}), document, **facts)  # type: ignore[arg-type]


def test_a_document_that_the_cache_answers_is_not_stored_again(
    admission: Admission, ledger: Ledger, client: redis.Redis
) -> None:
    first = admission.submit(submission())
    ledger.commit(first, ledger.claim(first, "a").token, {"text": "x"}, cache_seconds=60)
    client.delete(f"ocrq:blob:{blob_name(DOCUMENT)}", "ocrq:blobs")  # removed, as nobody has pinned it for a while
    second = admission.submit(submission())
    assert ledger.result(second) == {"text": "x"}
    assert not client.exists(f"ocrq:blob:{blob_name(DOCUMENT)}")


class FullBlobs(RedisBlobs):
    """A store without room, until it is given some."""

    room = 0

    def put(self, name: str, data: bytes) -> None:
        if self.room == 0:
            raise OSError("no space left on device")
        self.room -= 1
        super().put(name, data)


def states(ledger: Ledger, client: redis.Redis) -> list[str]:
    jobs = [ledger.record(key.decode().rpartition(":")[2]) for key in client.scan_iter("ocrq:job:*")]
    return sorted(job.state for job in jobs if job)


def due_in(client: redis.Redis) -> float:
    return float(client.zrange("ocrq:due", 0, -1, withscores=True)[0][1]) - time.time()


def test_a_job_is_left_alone_until_its_document_is_stored(ledger: Ledger, client: redis.Redis) -> None:
    waits: list[float] = []

    class Watching(RedisBlobs):
        def put(self, name: str, data: bytes) -> None:
            waits.append(due_in(client))
            super().put(name, data)

    make_admission(client, ledger, Watching(client)).submit(submission())
    assert waits[0] > 30  # a slow store does not make the sweeper publish a job that cannot be read yet
    assert due_in(client) < 10


def test_a_job_whose_document_could_not_be_stored_frees_its_idempotency_key(
    ledger: Ledger, client: redis.Redis
) -> None:
    blobs = FullBlobs(client)
    admission = make_admission(client, ledger, blobs)
    with pytest.raises(OSError, match="no space"):
        admission.submit(submission(idempotency_key="k"))
    assert states(ledger, client) == ["cancelled"]
    blobs.room = 1
    record = ledger.record(admission.submit(submission(idempotency_key="k")))
    assert record is not None
    assert record.state == "queued"


def test_a_repeated_submission_stores_the_document_that_the_first_could_not(
    admission: Admission, ledger: Ledger, client: redis.Redis
) -> None:
    first = admission.submit(submission(idempotency_key="k"))
    client.delete(f"ocrq:blob:{blob_name(DOCUMENT)}")
    assert admission.submit(submission(idempotency_key="k")) == first
    assert client.exists(f"ocrq:blob:{blob_name(DOCUMENT)}")


def test_of_a_batch_whose_documents_cannot_all_be_stored_none_is_read(ledger: Ledger, client: redis.Redis) -> None:
    blobs = FullBlobs(client)
    blobs.room = 1
    with pytest.raises(OSError, match="no space"):
        make_admission(client, ledger, blobs).submit_batch([submission(b"one"), submission(b"two")])
    assert states(ledger, client) == ["cancelled", "cancelled"]


def test_a_batch_repeated_while_the_first_is_being_accepted_is_asked_to_wait_and_not_for_days(
    admission: Admission, client: redis.Redis
) -> None:
    batches = Batches(client, job_ttl=1000)
    items = [submission(idempotency_key="k")]
    batch_id, _, new = batches.reserve(":k", _batch_fingerprint(items))
    assert new
    with pytest.raises(JobConflict, match="still being accepted"):
        admission.submit_batch(items)
    assert 0 < client.ttl("ocrq:idempotency:batch::k") <= 120  # whoever accepts it may have died
    batches.create(batch_id, ["a job"], None)
    assert admission.submit_batch(items) == batch_id
    assert client.ttl("ocrq:idempotency:batch::k") > 120


def test_a_key_of_a_job_is_no_batchs_and_the_other_way_round(admission: Admission) -> None:
    job = admission.submit(submission(idempotency_key="one"))
    with pytest.raises(JobConflict) as conflict:
        admission.submit_batch([submission(idempotency_key="one")])
    assert conflict.value.extra == {"job_id": job}
    batch = admission.submit_batch([submission(idempotency_key="many")])
    with pytest.raises(JobConflict) as conflict:
        admission.submit(submission(idempotency_key="many"))
    assert conflict.value.extra == {"job_id": batch}


def test_only_an_id_in_our_format_is_looked_up_as_a_batch(admission: Admission, client: redis.Redis) -> None:
    batch = admission.submit_batch([submission()])
    batches = Batches(client, 100)
    assert batches.find(batch)
    assert batches.find(f"{batch}:jobs") is None
