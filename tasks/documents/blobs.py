"""Documents by reference: bytes kept once under their SHA-256, in a directory or in Redis.

A job pins its document in the ledger before the bytes are stored; what no job pins is removed after a while.
References are made here and never taken from outside.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

import redis

from ocrq.errors import DocumentLost
from tasks.settings import Settings

log = logging.getLogger(__name__)

UNPINNED_SECONDS = 600  # an equal document often comes again soon: bytes outlive their last job by so long
DRAFT_SECONDS = 3600  # nobody takes so long to write one document
_DRAFT = ".draft-"


class BlobStore(Protocol):
    """Where documents lie."""

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes under their name (:func:`blob_name`)."""

    def get(self, name: str) -> bytes:
        """The bytes.

        Raises:
            DocumentLost: They are gone.
        """

    def remove_drafts(self) -> None:
        """Remove what those who died while they stored a document have left."""

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """Remove the bytes, unless ``pinned`` says that a job came to need them meanwhile."""


def blob_name(data: bytes) -> str:
    """The name of a document: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def blob_store(settings: Settings, client: redis.Redis) -> BlobStore:
    """The store the settings ask for."""
    return DirectoryBlobs(settings.blob_dir) if settings.blob_dir else RedisBlobs(client)


def _pins(name: str) -> str:
    return f"ocrq:pins:{name}"


def lost(name: str) -> DocumentLost:
    """What is raised where a document is gone."""
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
            raise lost(name)
        return data

    def remove_drafts(self) -> None:
        """See :class:`BlobStore`. There are none."""

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """See :class:`BlobStore`. Not removed if it was pinned between the check and the removal."""
        with self._redis.pipeline() as pipeline:
            pipeline.watch(_pins(name))  # type: ignore[no-untyped-call]
            if pinned():
                return
            pipeline.multi()
            pipeline.delete(f"ocrq:blob:{name}")
            with suppress(redis.WatchError):
                pipeline.execute()


class DirectoryBlobs:
    """In a directory that the API and every worker see; Redis keeps only the names."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / name

    def _aside(self, name: str) -> Path:
        return self._path(name).with_name(f".trash-{name}")

    def put(self, name: str, data: bytes) -> None:
        """See :class:`BlobStore`. Written beside and renamed, so that a reader never sees half a document."""
        path = self._path(name)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=_DRAFT)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def remove_drafts(self) -> None:
        """See :class:`BlobStore`."""
        oldest = time.time() - DRAFT_SECONDS
        for draft in self._directory.glob(f"??/{_DRAFT}*"):
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < oldest:
                    draft.unlink()

    def get(self, name: str) -> bytes:
        """See :class:`BlobStore`."""
        for place in (self._path, self._aside, self._path):  # it may be aside for a moment
            with suppress(FileNotFoundError):
                return place(name).read_bytes()
        raise lost(name)

    def delete(self, name: str, pinned: Callable[[], bool]) -> None:
        """See :class:`BlobStore`. Moved aside first, so that a job that comes now finds them or stores them again."""
        path, aside = self._path(name), self._aside(name)
        with suppress(FileNotFoundError):  # gone, or left aside by one who died here
            path.replace(aside)
        if pinned():
            with suppress(FileNotFoundError):
                aside.replace(path)
        else:
            aside.unlink(missing_ok=True)


def collect(client: redis.Redis, store: BlobStore, limit: int = 200) -> int:
    """Remove documents that no job has pinned for a while. Returns how many.

    Args:
        client: For the pins.
        store: Where the documents lie.
        limit: Names taken at a time; all that are due are looked at.
    """
    seconds, micros = client.time()
    now = seconds + micros / 1e6
    removed = 0
    while due := client.zrangebyscore("ocrq:blobs", "-inf", now - UNPINNED_SECONDS, 0, limit):
        names = [cast(bytes, raw).decode() for raw in due]
        client.zadd("ocrq:blobs", dict.fromkeys(names, now))  # what stays is looked at again later
        removed += sum(_collect(client, store, name, now) for name in names)
    return removed


def _collect(client: redis.Redis, store: BlobStore, name: str, now: float) -> bool:
    def pinned() -> bool:
        return bool(client.exists(_pins(name)))

    client.zremrangebyscore(_pins(name), "-inf", now)
    if pinned():
        return False
    try:
        store.delete(name, pinned)
    except OSError as error:
        log.warning("document %s… could not be removed, and is tried again: %s", name[:12], error)
        return False
    if not pinned():
        client.zrem("ocrq:blobs", name)
    return True
