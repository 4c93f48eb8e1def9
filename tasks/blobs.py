"""Documents by reference: bytes kept once under their SHA-256, in a directory or in Redis.

A job pins its document in the ledger before the bytes are stored; what no job pins is removed after a while.
References are made here and never taken from outside.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import redis

from ocrq.errors import DocumentLost
from tasks.settings import Settings

UNPINNED_SECONDS = 600  # an equal document often comes again soon: bytes outlive their last job by so long


class BlobStore(Protocol):
    """Where documents lie."""

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes under their name (:func:`blob_name`)."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes.

        Raises:
            DocumentLost: They are gone.
        """
        ...

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """Remove the bytes, unless ``pinned`` says that a job came to need them meanwhile."""
        ...


def blob_name(data: bytes) -> str:
    """The name of a document: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def blob_store(settings: Settings, client: redis.Redis) -> BlobStore:
    """The store the settings ask for."""
    return DirectoryBlobs(settings.blob_dir) if settings.blob_dir else RedisBlobs(client)


def _lost(name: str) -> DocumentLost:
    return DocumentLost(f"the document {name[:12]}… is gone from the store; submit it again", field="image")


class RedisBlobs:
    """In Redis, beside the ledger: nothing else to set up, and every worker reaches it."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def put(self, name: str, data: bytes) -> None:
        """See :class:`BlobStore`."""
        if not self._redis.exists(f"ocrq:blob:{name}"):
            self._redis.set(f"ocrq:blob:{name}", data)

    def get(self, name: str) -> bytes:
        """See :class:`BlobStore`."""
        data = cast(bytes | None, self._redis.get(f"ocrq:blob:{name}"))
        if data is None:
            raise _lost(name)
        return data

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """See :class:`BlobStore`. Moved aside first, so that a job that comes now finds them or stores them again."""
        here, aside = f"ocrq:blob:{name}", f"ocrq:trash:{name}"
        if not self._redis.exists(here):
            return
        self._redis.rename(here, aside)
        if pinned():
            self._redis.rename(aside, here)
        else:
            self._redis.delete(aside)


class DirectoryBlobs:
    """In a directory that the API and every worker see; Redis keeps only the names."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / name

    def put(self, name: str, data: bytes) -> None:
        """See :class:`BlobStore`. Written beside and renamed, so that a reader never sees half a document."""
        path = self._path(name)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(path)

    def get(self, name: str) -> bytes:
        """See :class:`BlobStore`."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise _lost(name) from None

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """See :class:`BlobStore`. Moved aside first, so that a job that comes now finds them or stores them again."""
        path = self._path(name)
        aside = path.with_name(f".trash-{name}")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return
        if pinned():
            aside.replace(path)
        else:
            aside.unlink(missing_ok=True)


def collect(client: redis.Redis, store: BlobStore, limit: int = 200) -> int:
    """Remove documents that no job has pinned for a while. Returns how many."""
    seconds, micros = client.time()
    now = seconds + micros / 1e6
    removed = 0
    for raw in client.zrangebyscore("ocrq:blobs", "-inf", now - UNPINNED_SECONDS, 0, limit):
        name = cast(bytes, raw).decode()
        pins = f"ocrq:pins:{name}"

        def pinned(pins: str = pins) -> bool:
            return bool(client.exists(pins))

        client.zremrangebyscore(pins, "-inf", now)
        if pinned():
            client.zadd("ocrq:blobs", {name: now})  # look again later
            continue
        store.delete(name, pinned)
        if not pinned():
            client.zrem("ocrq:blobs", name)
        removed += 1
    return removed
