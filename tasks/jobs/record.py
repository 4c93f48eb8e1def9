"""A job as the ledger keeps it: its fields, and the bytes its results are packed into."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter

from ocrq.contracts import (
    ENDED,
    Job,
    JobError,
    JobStatus,
    JobSummary,
    Operation,
    Priority,
    Progress,
    ReadRequest,
    parse_request,
)
from ocrq.errors import WorkerLost
from tasks.catalogue import Pool

Phase = Literal["plan", "units", "assemble", "unit"]
_COMPRESSION = 1  # readings shrink to a sixth at the fastest level already; the next levels gain little


# The fields of a job's hash that say how it is, in a list of jobs: all but the request and what the scripts alone use.
OUTLINE = (
    *("state", "phase", "operation", "queue", "created", "started", "finished", "lost", "done", "total", "error"),
    *("parent", "owner", "follows", "cached"),
)


def new_id() -> str:
    """A job id that cannot be guessed: 128 random bits in hex."""
    return secrets.token_hex(16)


def queue_name(pool: Pool, priority: Priority) -> str:
    """The Celery queue of a pool and lane, e.g. ``ocrq.cpu.interactive``."""
    return f"ocrq.{pool}.{priority}"


def pack(data: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), _COMPRESSION)


def unpack(data: bytes) -> Any:
    """The inverse of :func:`pack`; plain JSON, as the ledger's scripts write it, is read too."""
    return json.loads(data if data[:1] in b"{[" else zlib.decompress(data))


@dataclass(frozen=True)
class NewJob:
    """A job to be accepted.

    Attributes:
        id: From :func:`new_id`, or the Celery task's.
        operation: What to do.
        request: As :func:`tasks.documents.ingest.stored_request` gives it.
        blob: Name of the document in the blob store.
        queue: From :func:`queue_name`.
        owner: The API key's name.
        message: For jobs of direct Celery callers: the caller's signature as JSON, to be published again.
        idempotency: Key that makes a repeated submit return the first job, already bound to its owner.
        fingerprint: What the key was first used for.
        cache_key: From :func:`tasks.jobs.cache_key.cache_key`.
        reading_key: From :func:`tasks.jobs.cache_key.reading_key`.
        webhook: URL called when the job ends, from :func:`tasks.webhooks.permission.allowed_webhook`.
        error: The job is accepted as failed already (an item of a batch that cannot be read).
        size: Bytes of the document.
        request_id: Of the HTTP request that submitted it, for the logs.
        trace: Its ``traceparent``, where requests are traced.
    """

    id: str
    operation: Operation
    request: Mapping[str, Any]
    blob: str
    queue: str
    owner: str | None = None
    message: str | None = None
    idempotency: str | None = None
    fingerprint: str | None = None
    cache_key: str | None = None
    reading_key: str | None = None
    webhook: str | None = None
    error: Mapping[str, Any] | None = None
    size: int = 0
    request_id: str | None = None
    trace: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the ledger's script takes it."""
        fields = {
            "operation": self.operation,
            "request": json.dumps(self.request, ensure_ascii=False, separators=(",", ":")),
            "blob": self.blob,
            "owner": self.owner,
            "message": self.message,
            "cache_key": self.cache_key,
            "reading_key": self.reading_key,
            "webhook": self.webhook,
            "error": json.dumps(self.error) if self.error else None,
            "request_id": self.request_id,
            "trace": self.trace,
        }
        data: dict[str, Any] = {
            "id": self.id,
            "queue": self.queue,
            "size": self.size,
            "fields": {name: value for name, value in fields.items() if value is not None},
        }
        if self.idempotency:
            data |= {"idempotency": self.idempotency, "fingerprint": self.fingerprint or ""}
        if self.error:
            data["ended"] = True
        return data


@dataclass(frozen=True)
class JobRecord:
    """A job's fields as they stand in the ledger. Times are seconds since the epoch, by Redis's clock."""

    id: str
    state: JobStatus
    phase: Phase
    operation: Operation
    queue: str
    blob: str
    request_json: str
    created: float
    started: float | None = None
    finished: float | None = None
    lost: int = 0
    done: int = 0
    total: int | None = None
    error: Mapping[str, Any] | None = None
    parent: str | None = None
    index: int | None = None
    pages: tuple[int, ...] = field(default_factory=tuple)
    message: str | None = None
    owner: str | None = None
    follows: str | None = None
    cached: bool = False
    note: str | None = None
    request_id: str | None = None
    trace: str | None = None

    @classmethod
    def from_hash(cls, job_id: str, fields: Mapping[bytes, bytes]) -> JobRecord:
        """Read the hash of a job."""
        data: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
        data |= {name: json.loads(data[name]) for name in ("error", "pages") if name in data}
        data |= {"id": job_id, "request_json": data.get("request", "{}"), "cached": "cached" in data}
        return _RECORDS.validate_python({"phase": "plan", "blob": "", **data})

    @classmethod
    def from_outline(cls, job_id: str, values: Sequence[bytes | None]) -> JobRecord | None:
        """Read the values of :data:`OUTLINE`; None where there is no such job."""
        found = {name.encode(): value for name, value in zip(OUTLINE, values, strict=True) if value is not None}
        return cls.from_hash(job_id, found) if b"state" in found else None

    @cached_property
    def request(self) -> ReadRequest:
        """The request, without its document."""
        return parse_request(json.loads(self.request_json))

    @property
    def status(self) -> JobStatus:
        """As callers see it: a job between its units and its putting together still runs."""
        return "running" if self.state == "queued" and self.phase == "assemble" else self.state

    def as_far_as(self, leader: JobRecord | None) -> JobRecord:
        """This job, which an equal one is read for, with that one's progress."""
        if leader is None or leader.status in ENDED:
            return self
        return replace(
            self, state=leader.status, phase="plan", started=leader.started, done=leader.done, total=leader.total
        )

    def marked(self, result: dict[str, Any] | None) -> dict[str, Any] | None:
        """This job's result; one that an equal request's reading gave says so."""
        if result and self.cached:
            result["metadata"]["cached"] = True
        return result

    @property
    def _lost_for_good(self) -> bool:
        return self.error is not None and self.error.get("code") == WorkerLost.code

    def to_job(self, result: dict[str, Any] | None = None) -> Job:
        """The job as its owner sees it."""
        return Job(**self._public_fields(), result=result)

    def to_summary(self) -> JobSummary:
        """The job as lists show it."""
        return JobSummary(**self._public_fields(), endpoint=f"/{self.operation}", owner=self.owner)

    def _public_fields(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "progress": Progress(done=self.done, total=self.total),
            "created_at": _moment(self.created),
            "started_at": _moment(self.started) if self.started else None,
            "finished_at": _moment(self.finished) if self.finished else None,
            "attempts": self.lost + (1 if self.started and not self._lost_for_good else 0),
            "error": JobError.model_validate(self.error) if self.error else None,
        }


_RECORDS = TypeAdapter(JobRecord)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
