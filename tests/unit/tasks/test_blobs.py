"""Documents by reference, in a directory and in Redis: kept while pinned, removed when nobody needs them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import fakeredis
import pytest
import redis

from ocrq.errors import DocumentLost
from tasks.documents.blobs import (
    DRAFT_SECONDS,
    UNPINNED_SECONDS,
    BlobStore,
    DirectoryBlobs,
    RedisBlobs,
    blob_name,
    collect,
)

LONG_AGO = UNPINNED_SECONDS + 1.0


@pytest.fixture
def client() -> redis.Redis:
    return fakeredis.FakeRedis()


@pytest.fixture(params=["redis", "directory"])
def store(request: pytest.FixtureRequest, client: redis.Redis, tmp_path: Path) -> BlobStore:
    return RedisBlobs(client) if request.param == "redis" else DirectoryBlobs(tmp_path)


def kept(client: redis.Redis, store: BlobStore, data: bytes, since: float) -> str:
    name = blob_name(data)
    client.zadd("ocrq:blobs", {name: time.time() - since})
    store.put(name, data)
    return name


def lost(store: BlobStore, name: str) -> bool:
    try:
        store.get(name)
    except DocumentLost:
        return True
    return False


def test_a_document_comes_back_as_it_was_stored(client: redis.Redis, store: BlobStore) -> None:
    assert store.get(kept(client, store, b"x", since=0)) == b"x"
    assert lost(store, blob_name(b"y"))


def test_all_documents_that_nobody_pins_are_removed_however_many(client: redis.Redis, store: BlobStore) -> None:
    old = [kept(client, store, b"%d" % number, since=LONG_AGO) for number in range(7)]
    young = kept(client, store, b"young", since=1)
    assert collect(client, store, limit=3) == 7
    assert all(lost(store, name) for name in old)
    assert store.get(young) == b"young"
    assert client.zrange("ocrq:blobs", 0, -1) == [young.encode()]


def test_a_pinned_document_stays_until_its_pins_run_out(client: redis.Redis, store: BlobStore) -> None:
    name = kept(client, store, b"x", since=LONG_AGO)
    client.zadd(f"ocrq:pins:{name}", {"job": time.time() + 60})
    assert collect(client, store, limit=1) == 0
    assert store.get(name) == b"x"
    client.zadd(f"ocrq:pins:{name}", {"job": time.time() - 1})
    client.zadd("ocrq:blobs", {name: time.time() - LONG_AGO})
    assert collect(client, store) == 1
    assert lost(store, name)


def pinned_meanwhile(client: redis.Redis, name: str) -> Callable[[], bool]:
    """Not pinned at the first look; a job pins the document right after it."""

    def look() -> bool:
        pinned = bool(client.exists(f"ocrq:pins:{name}"))
        client.zadd(f"ocrq:pins:{name}", {"job": "+inf"})
        return pinned

    return look


def test_a_document_in_redis_that_is_pinned_while_it_is_removed_stays(client: redis.Redis) -> None:
    store = RedisBlobs(client)
    name = kept(client, store, b"x", since=LONG_AGO)
    store.delete(name, pinned_meanwhile(client, name))
    assert store.get(name) == b"x"


def test_a_document_is_found_while_it_is_moved_aside_and_after_its_remover_died(tmp_path: Path) -> None:
    store = DirectoryBlobs(tmp_path)
    name = blob_name(b"x")
    store.put(name, b"x")

    def dies() -> bool:
        assert store.get(name) == b"x"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.delete(name, dies)
    assert store.get(name) == b"x"
    store.delete(name, lambda: False)
    assert lost(store, name)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_document_that_cannot_be_removed_keeps_none_of_the_others(client: redis.Redis) -> None:
    class Stubborn(RedisBlobs):
        def delete(self, name: str, pinned: Callable[[], bool]) -> None:
            if name == blob_name(b"0"):
                raise PermissionError("not yours")
            super().delete(name, pinned)

    store = Stubborn(client)
    for number in range(5):
        kept(client, store, b"%d" % number, since=LONG_AGO + 5 - number)
    assert collect(client, store, limit=2) == 4
    assert store.get(blob_name(b"0")) == b"0"


def test_drafts_of_those_who_died_are_removed_and_those_under_way_stay(tmp_path: Path) -> None:
    store = DirectoryBlobs(tmp_path)
    name = blob_name(b"x")
    store.put(name, b"x")
    left, fresh = tmp_path / name[:2] / ".draft-left", tmp_path / name[:2] / ".draft-fresh"
    for draft in (left, fresh):
        draft.write_bytes(b"half")
    long_ago = time.time() - DRAFT_SECONDS - 1
    os.utime(left, (long_ago, long_ago))
    store.remove_drafts()
    assert not left.exists() and fresh.exists()
    assert store.get(name) == b"x"


def test_a_document_that_cannot_be_stored_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(draft: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        DirectoryBlobs(tmp_path).put(blob_name(b"x"), b"x")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
