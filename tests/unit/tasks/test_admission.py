"""Admission on fakeredis and an in-memory broker."""

from __future__ import annotations

import fakeredis
import pytest
import redis
from celery import Celery

from ocrq.contracts import parse_request
from tasks.admission import Admission
from tasks.backend import Submission
from tasks.batches import Batches
from tasks.blobs import RedisBlobs, blob_name
from tasks.catalogue import Catalogue
from tasks.heartbeat import Beat
from tasks.ledger import Ledger
from tasks.publish import Publisher
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
    return Admission(
        settings,
        Catalogue.from_settings(settings),
        ledger,
        Batches(client, settings.job_ttl),
        blobs,
        Publisher(Celery(broker="memory://"), ledger),
        lambda: [Beat("host:1", "cpu")],
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
