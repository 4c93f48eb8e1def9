"""The documents of one process: kept while a job needs them."""

from __future__ import annotations

import threading

from tasks.documents.blobs import lost


class MemoryDocuments:
    """Documents by name; the :class:`tasks.jobs.store.DocumentStore` of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes: dict[str, bytes] = {}
        self._pins: dict[str, set[str]] = {}  # the jobs that need a document

    def pin(self, name: str, job_id: str) -> None:
        """A job needs a document, which may not be here yet."""
        with self._lock:
            self._pins.setdefault(name, set()).add(job_id)

    def unpin(self, name: str, job_id: str) -> None:
        """A job needs it no longer; the last one takes it away."""
        with self._lock:
            pins = self._pins.get(name, set())
            pins.discard(job_id)
            if not pins:
                self._pins.pop(name, None)
                self._bytes.pop(name, None)

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes, if a job still needs them."""
        with self._lock:
            if name in self._pins:
                self._bytes[name] = data

    def get(self, name: str) -> bytes:
        """The bytes.

        Raises:
            DocumentLost: They are gone.
        """
        with self._lock:
            if name not in self._bytes:
                raise lost(name)
            return self._bytes[name]
