"""What a job is asked for by: ``{"endpoint", "request"}``, or ``requests`` for a batch; parsed alike everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from ocrq.contracts.job import JobSubmission
from ocrq.contracts.parse import parse_operation
from ocrq.contracts.request import Operation, ReadRequest
from ocrq.errors import InvalidRequest

MAX_BATCH = 1000  # documents, as JobSubmission.requests
MAX_SHOWN = 60  # characters of a name that a caller made up
_READ_FIELDS = frozenset(field.alias or name for name, field in ReadRequest.model_fields.items())


@dataclass(frozen=True)
class JobRequest:
    """One job's work.

    Attributes:
        operation: What to do.
        requests: Unchecked, one or more.
        batch: Whether they came as a batch, be it of one.
    """

    operation: Operation
    requests: tuple[object, ...]
    batch: bool = False


def parse_job_request(data: object, where: str = "body") -> JobRequest:
    """Check all but the requests themselves.

    Args:
        data: The decoded JSON.
        where: What it came as, for the error.

    Raises:
        InvalidRequest: Names the field at fault.
        NotFound: No operation has the endpoint's name.
    """
    if not isinstance(data, dict):
        raise InvalidRequest(
            f'the {where} must be a JSON object, like {{"endpoint": "/extract_text", "request": {{…}}}}', field=where
        )
    for name in data:
        if name not in JobSubmission.model_fields:
            remedy = "put it into request" if name in _READ_FIELDS else "send endpoint, and request or requests"
            shown = str(name)[:MAX_SHOWN]
            raise InvalidRequest(f"{shown} is not a field here; {remedy}", field=shown)
    operation = parse_operation(data.get("endpoint"))
    one, many = data.get("request"), data.get("requests")
    if (one is None) == (many is None):
        raise InvalidRequest("send either request, or requests for a batch", field="request")
    if many is None:
        return JobRequest(operation, (one,))
    if not isinstance(many, list) or not 1 <= len(many) <= MAX_BATCH:
        raise InvalidRequest(f"requests must be a list of 1 to {MAX_BATCH:,} requests", field="requests")
    return JobRequest(operation, tuple(many), batch=True)
