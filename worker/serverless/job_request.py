"""Parses the ``input`` of a RunPod job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ocrq.contracts import Operation, parse_operation
from ocrq.errors import InvalidRequest

MAX_BATCH = 1000  # documents, as everywhere
_INPUT_FIELDS = frozenset({"endpoint", "request", "requests"})


@dataclass(frozen=True)
class JobRequest:
    """The request of one job.

    Attributes:
        operation: The operation; ``health`` reads nothing.
        requests: Not validated yet, one or more; none for ``health``.
        batch: Whether they were sent as a batch.
    """

    operation: Operation | Literal["health"]
    requests: tuple[object, ...] = ()
    batch: bool = False


def parse_job_request(data: object) -> JobRequest:
    """Parse a job's input: ``{"endpoint", "request"}``, ``{"endpoint", "requests"}``, or a request by itself.

    A request by itself, as ``{"image": …}``, is read plainly.

    Raises:
        InvalidRequest: Names the field at fault.
        NotFound: No operation has the endpoint's name.
    """
    if not isinstance(data, dict):
        raise InvalidRequest(
            'input must be a JSON object, like {"endpoint": "/extract_text", "request": {…}}', field="input"
        )
    if not _INPUT_FIELDS & data.keys():
        return JobRequest("extract_text", (data,))
    _refuse_others(data)
    if isinstance(data.get("endpoint"), str) and data["endpoint"].strip().strip("/") == "health":
        return JobRequest("health")
    operation = parse_operation(data.get("endpoint"))
    one, many = data.get("request"), data.get("requests")
    if (one is None) == (many is None):
        raise InvalidRequest("send either request, or requests for a batch", field="request")
    if many is None:
        return JobRequest(operation, (one,))
    if not isinstance(many, list) or not 1 <= len(many) <= MAX_BATCH:
        raise InvalidRequest(f"requests must be a list of 1 to {MAX_BATCH:,} requests", field="requests")
    return JobRequest(operation, tuple(many), batch=True)


def _refuse_others(data: dict[str, Any]) -> None:
    for name in data:
        if name not in _INPUT_FIELDS:
            shown = str(name)[:60]
            raise InvalidRequest(f"{shown} is not a field here; put it into request", field=shown)
