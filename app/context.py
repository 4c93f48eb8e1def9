"""What every route uses."""

from __future__ import annotations

from dataclasses import dataclass

from app.authorization import Access
from app.bytes_in_flight import MemoryLimiter
from app.waiting import WaitLimiter
from tasks.documents.ingest import Fetch
from tasks.jobs.service import JobService
from tasks.settings import Settings


@dataclass(frozen=True)
class AppContext:
    """The way in.

    Attributes:
        backend: Runs the jobs.
        settings: The bounds.
        fetch: Fetches images by URL; None where no host is allowed.
        waiters: For callers that wait.
        memory: For bodies and results.
        access: Who asks, and what they may.
    """

    backend: JobService
    settings: Settings
    waiters: WaitLimiter
    memory: MemoryLimiter
    access: Access
    fetch: Fetch | None
