"""What a job service needs of the stores behind it: where jobs, batches and documents are kept, and who reads them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Any, Literal, Protocol

from ocrq.contracts import Health, JobStatus, ModelList
from tasks.catalogue import Pool
from tasks.jobs.record import JobRecord, NewJob
from tasks.monitoring.metrics import Measured


@dataclass(frozen=True)
class Accepted:
    """What became of new jobs.

    Attributes:
        verdict: ``ok``, ``full``, ``kept``/``bytes`` where their owner has as many jobs or bytes as it may, ``seconds``
            where its runs took as long as they may, or
            ``known``/``conflict`` for an idempotency key that was used before.
        depth: With ``full``, ``kept``, ``bytes`` and ``seconds``: how many there are.
        job_id: With ``known`` and ``conflict``: the key's first job.
        to_publish: With ``ok``: those to be read; the others were answered by an equal request, or follow one.
        following: With ``ok``: those that follow one.
    """

    verdict: Literal["ok", "full", "kept", "bytes", "seconds", "known", "conflict"]
    depth: int = 0
    job_id: str = ""
    to_publish: tuple[str, ...] = ()
    following: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobEvent:
    """One step of a job, as server-sent events show it.

    Attributes:
        id: Grows with each event of a job; what ``Last-Event-ID`` names.
        name: ``status``, ``progress`` or ``page``.
        data: JSON of the event.
    """

    id: str
    name: str
    data: dict[str, Any]


JOBS_SCANNED = 1000  # jobs scanned for one page of a list, to find those of a status


@dataclass(frozen=True)
class Listed:
    """A page of a list of jobs.

    Attributes:
        records: Newest first, without their requests.
        before: Cursor of the jobs before these; None where there are none.
    """

    records: tuple[JobRecord, ...]
    before: str | None


class JobStore(Protocol):
    """Keeps jobs. Every method is one atomic step."""

    def create(self, jobs: Sequence[NewJob], *, bounded: bool = True) -> Accepted:
        """Accept jobs, all or none; ``bounded`` refuses them where too many wait or are kept."""

    def stored(self, *job_ids: str) -> None:
        """The documents of new jobs are stored: from now on they may be read."""

    def withdraw(self, job: NewJob) -> None:
        """Take back a new job whose document could not be stored: its idempotency key is free again."""

    def cancel(self, job_id: str) -> str | None:
        """Cancel a job; an ended one stays as it is. Returns its state before; None for an unknown id."""

    def retry(self, job_id: str) -> bool:
        """Try a failed job again, to be published; False where it has not failed or its document is gone."""

    def record(self, job_id: str) -> JobRecord | None:
        """The job as it stands."""

    def outlines(self, job_ids: Sequence[str]) -> list[JobRecord | None]:
        """Jobs as they stand, all in one step, possibly without their requests; None for those that are gone."""

    def result_bytes(self, job_id: str) -> int:
        """The length of a job's packed result; 0 where it has none."""

    def first_of(self, key: str) -> str | None:
        """The id of the job that an idempotency key was first used for."""

    def existed(self, job_id: str) -> bool:
        """Whether there once was a job of this id."""

    def result(self, job_id: str) -> dict[str, Any] | None:
        """The result of a job that succeeded; a copy."""

    def reading(self, job_id: str, index: int) -> dict[str, Any] | None:
        """What one unit of a document gave, while the document is not assembled yet."""

    def events(self, job_id: str, after: str, most: int) -> list[tuple[str, str, str]]:
        """The next events past ``after``, ``most`` of them, as ``(id, name, data as JSON)``; ``"0"`` from the first.

        ``unit`` names ``index`` and ``pages`` of a unit that was read.
        """

    def newest(self, owner: str | None, status: JobStatus | None, limit: int, cursor: str) -> Listed:
        """The newest jobs of an owner (None: of all) before a cursor (empty: from the newest on).

        A page is found in bounded time: it may hold fewer jobs of a rare status than requested, with more to come.
        """

    def dead(self) -> list[str]:
        """Ids of jobs whose workers died on them, the latest first."""

    def mean_seconds(self) -> float:
        """What a document took lately, smoothed."""


class BatchStore(Protocol):
    """Keeps which jobs stand under which batch id."""

    def reserve(self, key: str, fingerprint: str) -> tuple[str, str, bool]:
        """Reserve an id for an idempotency key: its id, the fingerprint it was first used for, whether it is new."""

    def reserved(self, key: str) -> str | None:
        """The id that an idempotency key is reserved for."""

    def keep(self, key: str) -> None:
        """Remember a reservation for as long as its batch, which is accepted."""

    def free(self, key: str) -> None:
        """Give up a reservation whose batch was refused."""

    def create(self, batch_id: str, job_ids: Sequence[str], owner: str | None) -> None:
        """Put jobs under an id."""

    def find(self, batch_id: str) -> BatchRecord | None:
        """The batch of this id."""


@dataclass(frozen=True)
class BatchRecord:
    """A batch as it is kept.

    Attributes:
        id: Of the batch.
        owner: The API key's name it was submitted with.
        created: Seconds since the epoch.
        jobs: Ids, in the order submitted.
    """

    id: str
    owner: str | None
    created: float
    jobs: tuple[str, ...]


class DocumentStore(Protocol):
    """Takes documents."""

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes under their name, for the jobs that need them."""


class Dispatcher(Protocol):
    """Hands jobs to those who read them; twice does no harm."""

    def publish(self, job_id: str) -> None:
        """Hand over a job of the store."""

    def publish_new(self, job_id: str, task: str, queue: str) -> None:
        """Hand over a job that was just accepted."""


class Notifications(Protocol):
    """Wakes those who wait for a job."""

    def subscribed(self, job_ids: list[str], *, ends_only: bool = False) -> AbstractContextManager[Event]:
        """An event that is set whenever one of the jobs changes; with ``ends_only``, when a status does.

        Raises:
            TooManyWaiting: As many callers wait as may.
        """


class Workers(Protocol):
    """Those who read."""

    def pools(self) -> frozenset[Pool]:
        """Pools that have a living worker."""

    def count(self) -> int:
        """How many documents are read at a time."""

    def health(self) -> Health:
        """Never raises."""

    def ready(self) -> bool:
        """Whether one of them can read."""

    def models(self) -> ModelList:
        """The operator's list."""

    def measured(self) -> Measured:
        """The metrics at this moment; never raises."""

    def flush_counters(self) -> None:
        """Publish this process's counters, where another process exports them; never raises."""
