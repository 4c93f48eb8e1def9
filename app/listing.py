"""Lists of jobs: which, how many, from where on."""

from __future__ import annotations

import re
from typing import get_args

from werkzeug.datastructures import MultiDict

from ocrq.contracts import JobList, JobStatus
from ocrq.errors import InvalidRequest
from tasks.jobs.service import JobService

MAX_LISTED = 200
LISTED = 50
STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
_CURSOR = re.compile(r"[0-9]{1,15}")


def listed(backend: JobService, query: MultiDict[str, str], sees: str | None) -> JobList:
    """The jobs that a query string asks for.

    Raises:
        InvalidRequest: ``status``, ``limit`` or ``cursor`` is none.
    """
    return backend.newest(sees, _status(query.get("status")), _limit(query.get("limit")), _cursor(query.get("cursor")))


def _status(text: str | None) -> JobStatus | None:
    for status in STATUSES:
        if text == status:
            return status
    if text:
        raise InvalidRequest(f"status must be one of {', '.join(STATUSES)}", field="status")
    return None


def _limit(text: str | None) -> int:
    if not text:
        return LISTED
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 1 <= int(text) <= MAX_LISTED):
        raise InvalidRequest(
            f"limit must be a number from 1 to {MAX_LISTED}; next_cursor leads to the jobs before", field="limit"
        )
    return int(text)


def _cursor(text: str | None) -> str:
    if text and not _CURSOR.fullmatch(text):
        raise InvalidRequest("cursor must be the next_cursor of the list before", field="cursor")
    return text or ""
