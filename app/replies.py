"""Answers as JSON, in UTF-8 as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from pydantic_core import to_json

from ocrq.contracts import Batch, Job

PROBLEM = "application/problem+json"


def json_reply(
    data: BaseModel | Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    mimetype: str = "application/json",
) -> Response:
    """A JSON answer.

    Args:
        data: A contract or plain JSON.
        status: HTTP status.
        headers: Further headers.
        mimetype: Of the answer.
    """
    return Response(to_json(data, inf_nan_mode="null"), status, headers, mimetype=mimetype)


def accepted(job: Job | Batch, headers: Mapping[str, str] | None = None) -> Response:
    """202: the job, and where to ask for it."""
    return json_reply(job, 202, {"Location": job_path(job.id), **(headers or {})})


def job_path(job_id: str) -> str:
    """Where a job is asked for, below what the proxy says our paths begin with."""
    return f"{request.script_root}/jobs/{job_id}"
