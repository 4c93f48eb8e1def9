"""Parses the ``input`` of a RunPod job."""

from __future__ import annotations

from ocrq.contracts import JobRequest, JobSubmission, parse_job_request


def parse_input(data: object) -> JobRequest | None:
    """Read a job's input: a job request, or a request by itself, as ``{"image": …}``, which is read plainly.

    Returns:
        None where the endpoint is ``health``, which reads nothing.

    Raises:
        InvalidRequest: Names the field at fault.
        NotFound: No operation has the endpoint's name.
    """
    if isinstance(data, dict):
        if not JobSubmission.model_fields.keys() & data.keys():
            return JobRequest("extract_text", (data,))
        if str(data.get("endpoint")).strip().strip("/") == "health":
            return None
    return parse_job_request(data, "input")
