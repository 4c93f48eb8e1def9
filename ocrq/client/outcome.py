"""What became of a document: its result, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ocrq.client.failures import Failure
from ocrq.client.transports import parsed
from ocrq.contracts import ENDED, Batch, Job, StructuredResult, TextResult
from ocrq.errors import InternalError, JobCancelled, OcrqError, from_json

Result = TextResult | StructuredResult


@dataclass(frozen=True)
class Outcome:
    """One document of many.

    Attributes:
        name: Of its file.
        json: The result, as the server sent it.
        error: Why there is none.
        place: In the order given, from 0.
        job_id: Of its job; None where there is none.
    """

    name: str
    json: dict[str, Any] | None = field(default=None, repr=False)
    error: OcrqError | None = None
    place: int = 0
    job_id: str | None = None

    @property
    def result(self) -> Result:
        """The result.

        Raises:
            OcrqError: Why there is none.
        """
        if self.error is not None:
            raise self.error
        return typed_result(self.json or {})


def result_json(job: Job | Batch) -> dict[str, Any]:
    """The result of a job that has ended, as the server sent it.

    Raises:
        OcrqError: Why it failed, of the code the server told.
        JobCancelled: It was cancelled.
    """
    if isinstance(job, Batch) or job.status not in ENDED:
        raise ValueError("only a job that has ended has a result")
    if job.status == "cancelled":
        raise JobCancelled(f"job {job.id} was cancelled")
    if job.error is not None:
        raise from_json(job.error.model_dump())
    return job.result or {}


def typed_result(data: dict[str, Any]) -> Result:
    """A result as its contract, by what it has.

    Raises:
        ServerUnreachable: It is none that this version knows.
    """
    try:
        if "structured_data" in data:
            return parsed(StructuredResult, data, "the server")
        return parsed(TextResult, data, "the server")
    except Failure as failure:
        raise failure.error from None


def unexpected(error: Exception) -> InternalError:
    """A fault of the client itself, as the outcome of the document it met."""
    return InternalError(f"{type(error).__name__}: {error}; please report this")
