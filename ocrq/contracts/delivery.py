"""A webhook delivery that was given up, as its owner sees it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ocrq.contracts.job import JobStatus


class DeadDelivery(BaseModel):
    """A notice of a job's end that did not arrive however often it was sent."""

    model_config = ConfigDict(extra="forbid")

    id: str
    job_id: str
    status: JobStatus = Field(description="What the job ended as.")
    host: str = Field(description="Whom it was sent to; the URL may hold a secret and is not shown.")
    ended_at: datetime = Field(description="When the job ended.")
    tries: int = Field(ge=1)
    last_error: str = Field(description="Why the last try failed.")
