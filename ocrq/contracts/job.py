"""A job as its owner sees it, and how one is submitted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})


class JobModel(BaseModel):
    """Base of the job contracts."""

    model_config = ConfigDict(extra="forbid")


class Progress(JobModel):
    """How far a job is."""

    done: int = Field(default=0, ge=0)
    total: int | None = Field(default=None, description="Null until the document was opened.")
    unit: str = "page"


class JobError(JobModel):
    """Why a job failed: the error tree's code and a sentence that is safe to show."""

    model_config = ConfigDict(extra="allow")

    code: str
    detail: str
    field: str | None = None
    retryable: bool = False


class Job(JobModel):
    """`GET /jobs/{id}`."""

    id: str
    status: JobStatus
    progress: Progress = Field(default_factory=Progress)
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = Field(default=0, ge=0, description="Runs that began: those whose worker died, and the last one.")
    result: dict[str, Any] | None = None
    error: JobError | None = None


class JobSummary(JobModel):
    """A job of `GET /jobs`: all but its result, which is at `GET /jobs/{id}`."""

    id: str
    endpoint: str = Field(examples=["/extract_text"])
    status: JobStatus
    progress: Progress = Field(default_factory=Progress)
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = Field(default=0, ge=0)
    owner: str | None = Field(default=None, description="The API key it was submitted with.")
    error: JobError | None = None


class JobList(JobModel):
    """`GET /jobs`: the caller's jobs, newest first."""

    jobs: list[JobSummary]
    next_cursor: str | None = Field(
        default=None, description="Send it as `cursor` for the jobs before these; null where there are none."
    )


class Batch(JobModel):
    """`GET /jobs/{id}` for a batch id: its items, each a job of its own."""

    id: str
    status: JobStatus
    progress: Progress
    created_at: datetime
    jobs: list[Job]


class JobSubmission(JobModel):
    """`POST /jobs`: one request, or a batch of them."""

    endpoint: str = Field(examples=["/extract_text"])
    request: dict[str, Any] | None = Field(default=None, description="A ReadRequest.")
    requests: list[dict[str, Any]] | None = Field(default=None, description="A batch of ReadRequests.", max_length=1000)
