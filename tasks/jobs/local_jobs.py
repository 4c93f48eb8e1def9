"""The jobs of one process: each as it stands, kept until its time to live is over, then remembered as expired."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ocrq.contracts import ENDED, Batch, Job, JobError, JobStatus, Page, Progress
from ocrq.errors import JobExpired, JobNotFound, OcrqError
from tasks.documents.intake import stored_request
from tasks.jobs.backend import JobEvent, Submission
from tasks.jobs.batches import status_of

_TOMBSTONES = 100_000  # expired ids remembered, about 10 MB; an older one is "not found" rather than "expired"


@dataclass
class EventLog:
    """Events in the order they came; the n-th has the id n."""

    events: list[JobEvent] = field(default_factory=list)

    def add(self, name: str, data: Mapping[str, Any]) -> None:
        """Append an event."""
        self.events.append(JobEvent(str(len(self.events) + 1), name, dict(data)))

    def since(self, told: int) -> list[JobEvent]:
        """Those after the first ``told``."""
        return self.events[told:]


@dataclass(eq=False)
class LocalJob:
    """A job of this process; changed only under its backend's lock.

    Attributes:
        submission: What to read; None for a batch's item that was wrong from the start, and once the job has ended.
        owner: Who may see it.
        batch: The batch it belongs to.
    """

    submission: Submission | None
    owner: str | None
    batch: LocalBatch | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: JobStatus = "queued"
    progress: Progress = field(default_factory=Progress)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_asked: bool = False
    result: dict[str, Any] | None = None
    error: JobError | None = None
    log: EventLog = field(default_factory=EventLog)

    def __post_init__(self) -> None:
        self._tell_status()

    @property
    def ended(self) -> bool:
        """Whether its status will not change again."""
        return self.status in ENDED

    def start(self) -> None:
        """It is being read from now on."""
        self.status, self.started_at = "running", datetime.now(UTC)
        self._tell_status()

    def tell_pages(self, pages: Sequence[Page]) -> None:
        """These pages are read."""
        for page in pages:
            self.log.add("page", page.model_dump(mode="json"))

    def advance(self, done: int, total: int) -> None:
        """So many pages are read."""
        if (done, total) != (self.progress.done, self.progress.total):
            self.progress = Progress(done=done, total=total)
            self.log.add("progress", self.progress.model_dump())

    def end(self, status: JobStatus, result: dict[str, Any] | None = None, error: OcrqError | None = None) -> None:
        """It has ended, with its one result or one error."""
        self.status, self.result, self.finished_at, self.submission = status, result, datetime.now(UTC), None
        self.error = JobError.model_validate(error.to_json()) if error else None
        self._tell_status()
        if self.batch:
            self.batch.tell_progress(self)

    def view(self) -> Job:
        """As its owner sees it."""
        return Job(
            id=self.id,
            status=self.status,
            progress=self.progress,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            attempts=0 if self.started_at is None else 1,
            result=self.result,
            error=self.error,
        )

    def _tell_status(self) -> None:
        self.log.add("status", {"status": self.status})


@dataclass(eq=False)
class LocalBatch:
    """Jobs that were submitted together."""

    owner: str | None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    jobs: list[LocalJob] = field(default_factory=list)
    log: EventLog = field(default_factory=EventLog)

    @property
    def ended(self) -> bool:
        """Whether all of its jobs have."""
        return all(job.ended for job in self.jobs)

    def tell_progress(self, job: LocalJob) -> None:
        """One of its jobs has ended."""
        about = {"job": job.id, "status": job.status}
        self.log.add("progress", {**self._progress().model_dump(), **about})
        if self.ended:
            self.log.add("status", {"status": self.view().status})

    def view(self) -> Batch:
        """As its owner sees it."""
        jobs = [job.view() for job in self.jobs]
        return Batch(
            id=self.id, status=status_of(jobs), progress=self._progress(), created_at=self.created_at, jobs=jobs
        )

    def _progress(self) -> Progress:
        return Progress(done=sum(job.ended for job in self.jobs), total=len(self.jobs), unit="job")


@dataclass
class LocalJobs:
    """All jobs and batches by id, with the idempotency keys that made them.

    Attributes:
        ttl: Seconds an ended job is kept.
        clock: Seconds that only grow.
    """

    ttl: float
    clock: Callable[[], float]
    _kept: dict[str, LocalJob | LocalBatch] = field(default_factory=dict)
    _keys: dict[tuple[str | None, str], tuple[str, str]] = field(default_factory=dict)
    _key_of: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    _leaving: deque[tuple[float, str]] = field(default_factory=deque)
    _expired: OrderedDict[str, str | None] = field(default_factory=OrderedDict)

    def add(self, one: LocalJob | LocalBatch, key: str | None = None, fingerprint: str = "") -> None:
        """Keep it, under its id and the idempotency key it came with."""
        self._kept[one.id] = one
        if key is not None:
            self._keys[one.owner, key] = (fingerprint, one.id)
            self._key_of[one.id] = (one.owner, key)

    def made_by(self, owner: str | None, key: str) -> tuple[str, LocalJob | LocalBatch] | None:
        """The fingerprint and job of an idempotency key's first use, if that job is still kept."""
        self._expire()
        made = self._keys.get((owner, key))
        return (made[0], self._kept[made[1]]) if made else None

    def find(self, job_id: str, owner: str | None) -> LocalJob | LocalBatch:
        """The job or batch of this id; where there are no owners, ``None`` finds all.

        Raises:
            JobNotFound: There is none, or it is another owner's.
            JobExpired: There was one.
        """
        self._expire()
        one = self._kept.get(job_id)
        if one is not None and owner in {None, one.owner}:
            return one
        if one is None and job_id in self._expired and owner in {None, self._expired[job_id]}:
            raise JobExpired("the job ended and its result was removed; submit the document again")
        raise JobNotFound(f"there is no job {job_id[:64]!r}; use the id that submitting it returned")

    def unended(self) -> list[LocalJob]:
        """The jobs that wait or are being read."""
        return [one for one in self._kept.values() if isinstance(one, LocalJob) and not one.ended]

    def let_go(self, one: LocalJob | LocalBatch) -> None:
        """It has ended: keep it for its time to live from now."""
        self._leaving.append((self.clock() + self.ttl, one.id))

    def _expire(self) -> None:
        """Forget what is over its time; all live equally long, so the first to leave are the first that ended."""
        while self._leaving and self._leaving[0][0] <= self.clock():
            _, job_id = self._leaving.popleft()
            self._expired[job_id] = self._kept.pop(job_id).owner
            if job_id in self._key_of:
                del self._keys[self._key_of.pop(job_id)]
        while len(self._expired) > _TOMBSTONES:
            self._expired.popitem(last=False)


def fingerprint_of(kind: str, submissions: Sequence[Submission]) -> str:
    """Equal for equal work of a kind; empty where no idempotency key needs it: hashing large documents takes time."""
    if all(submission.idempotency_key is None for submission in submissions):
        return ""
    digest = hashlib.sha256(kind.encode())
    for one in submissions:
        digest.update(json.dumps([one.operation, stored_request(one.request)], sort_keys=True).encode())
        digest.update(hashlib.sha256(one.document).digest())
    return digest.hexdigest()
