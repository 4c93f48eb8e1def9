"""A RunPod endpoint that runs our handler, as a client asks it: /run, /runsync, /status and /cancel.

The platform knows no idempotency key. A submit whose answer was lost is therefore not repeated, since it could make a
second job: it raises. What was refused, and whatever only asks, is repeated as everywhere.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ocrq.client.exchange import Effects, Failure, Send, exchange, failure_of
from ocrq.client.transport import DocumentRequest, Endpoint, decoded, parsed
from ocrq.contracts import Batch, Health, Job, JobError, JobStatus, ModelList, Progress
from ocrq.errors import (
    BY_CODE,
    Forbidden,
    InternalError,
    JobNotFound,
    NotFound,
    OcrqError,
    RateLimited,
    ServerUnreachable,
    ServiceError,
    TimeLimitExceeded,
    TooLarge,
    Unauthorized,
    from_json,
)

RUN_BYTES = 10_000_000  # RunPod's limit for the body of /run
RUNSYNC_BYTES = 20_000_000  # and of /runsync
_ENVELOPE_BYTES = 4096  # of a body beside the document and the request
RUNSYNC_SECONDS = 100.0  # the platform answers within 90, with the result or without
STATUS_SECONDS = 60.0  # the SDK's local API reads while it is asked for the status

_STATUS: dict[str, JobStatus] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "CANCELLED": "cancelled",
}
_UNKNOWN_LOCALLY = "Job ID not found"  # what the SDK's local API answers, with 200


@dataclass(frozen=True)
class RunPod:
    """The transport to a RunPod endpoint."""

    endpoint: Endpoint

    def submit(self, document: DocumentRequest) -> Effects[Job]:
        """``POST /run``, or ``/runsync`` for what is too large for it."""
        request = dict(document.request)
        if document.content is not None:
            request["image"] = base64.b64encode(document.content).decode("ascii")
        return (yield from self._run({"endpoint": f"/{document.operation}", "request": request}))

    def job(self, job_id: str, wait: float) -> Effects[Job | Batch]:
        """``GET /status/{id}``; the platform holds no answer back, whatever ``wait`` says."""
        try:
            response = yield from self._ask("GET", f"/status/{job_id}", held=STATUS_SECONDS)
        except Failure as failure:
            if failure.error.code != "method_not_allowed":
                raise
            response = yield from self._ask("POST", f"/status/{job_id}", held=STATUS_SECONDS)  # the SDK's local API
        return (yield from self._job(response))

    def cancel(self, job_id: str) -> Effects[Job | Batch]:
        """``POST /cancel/{id}``."""
        response = yield from self._ask("POST", f"/cancel/{job_id}")
        return (yield from self._job({"id": job_id, "status": "CANCELLED", **response}))

    def health(self) -> Effects[Health]:
        """What a worker says, which starts one where none runs."""
        job = yield from self._run({"endpoint": "/health"}, sync=True)
        if job.error is not None:
            raise Failure(from_json(job.error.model_dump()), "final")
        if job.result is None:
            raise Failure(ServiceError(f"no worker of {self.endpoint.url} was started in time; ask again"), "useless")
        return parsed(Health, job.result, self.endpoint.url)

    def models(self) -> Effects[ModelList]:
        """RunPod endpoints do not report it."""
        yield from ()
        raise Failure(NotFound(f"{self.endpoint.url} is a RunPod endpoint, and lists no models"), "useless")

    def _run(self, given: Mapping[str, Any], sync: bool = False) -> Effects[Job]:
        size = len(given.get("request", {}).get("image", "")) + _ENVELOPE_BYTES
        if size > RUNSYNC_BYTES:
            raise Failure(
                TooLarge(
                    f"the document makes a body of {size:,} bytes, and RunPod takes at most {RUNSYNC_BYTES:,}; send "
                    "fewer pages at a time, or the URL of a file on a host that the operator allows",
                    field="image",
                ),
                "final",
            )
        path, held = ("/runsync", RUNSYNC_SECONDS) if sync or size > RUN_BYTES else ("/run", 0.0)
        try:
            response = yield from self._ask("POST", path, held=held, content={"json": {"input": dict(given)}})
        except Failure as failure:
            if failure.retry_class != "lost":
                raise
            raise Failure(_unsure(self.endpoint.url, failure.error), "final") from None
        job = yield from self._job(response)
        assert isinstance(job, Job)
        return job

    def _ask(self, method: str, path: str, **how: Any) -> Effects[dict[str, Any]]:
        send = Send(method, f"{self.endpoint.url}{path}", headers=self.endpoint.headers(), **how)
        response = yield from exchange(send, self.endpoint.url, expected=lambda _: True)
        if not response.is_success:
            raise failure_of(response, self._refusal(response, path))
        reply = decoded(response, self.endpoint.url)
        if not isinstance(reply, dict):
            raise Failure(self._no_runpod("its reply is not a JSON object"), "useless")
        return reply

    def _refusal(self, response: httpx.Response, path: str) -> OcrqError:
        url, status = self.endpoint.url, response.status_code
        if status == 401:
            return Unauthorized(f"{url} does not accept the API key; check that it is complete and of this account")
        if status == 403:
            return Forbidden(f"the API key may not use {url}; give it the right in RunPod's settings")
        if status == 404 and path.startswith(("/status/", "/cancel/")):
            return self._unknown(path.rpartition("/")[2])
        if status == 404:
            return NotFound(f"there is no RunPod endpoint at {url}; correct its address")
        if status == 405:
            return BY_CODE["method_not_allowed"](f"{url}{path} does not accept this method")
        if status == 413:
            return TooLarge("RunPod accepts no body of this size; send fewer pages at a time", field="image")
        if status == 429:
            return RateLimited(f"{url} has reached RunPod's limit of requests; try again later")
        return self._no_runpod(f"HTTP {status}")

    def _unknown(self, job_id: str) -> JobNotFound:
        return JobNotFound(f"{self.endpoint.url} knows no job {job_id}; RunPod keeps results only briefly")

    def _no_runpod(self, why: str) -> ServerUnreachable:
        return ServerUnreachable(
            f"what answers at {self.endpoint.url} is not a RunPod endpoint ({why}); correct the address"
        )

    def _job(self, reply: Mapping[str, Any]) -> Effects[Job | Batch]:
        job_id, status = str(reply.get("id", "")), _STATUS.get(str(reply.get("status")))
        if status is None or not job_id:
            raise Failure(self._no_runpod("its reply has no job"), "useless")
        if reply.get("error") == _UNKNOWN_LOCALLY:
            raise Failure(
                JobNotFound(f"{self.endpoint.url} knows no job {job_id}; RunPod keeps results only briefly"), "final"
            )
        output = reply.get("output")
        if status == "succeeded":
            output = yield from self._fetched(output)
        job: dict[str, Any] = {"id": job_id, "status": status, "created_at": _created(reply), "attempts": 1}
        if status == "succeeded":
            job["result"] = output if isinstance(output, dict) else {}
        elif status == "failed":
            job["error"] = _error_of(reply)
        elif status == "running" and isinstance(output, dict) and {"done", "total"} <= output.keys():
            job["progress"] = output
        parsed_job = parsed(Job, job, self.endpoint.url)
        if status == "succeeded":
            pages = max(1, len((parsed_job.result or {}).get("pages") or ()))
            parsed_job.progress = Progress(done=pages, total=pages)
        return parsed_job

    def _fetched(self, output: Any) -> Effects[Any]:
        """The result itself, where it was too large for the platform and lies elsewhere."""
        if not isinstance(output, dict) or "result_url" not in output:
            return output
        where = str(output["result_url"])
        response = yield from exchange(Send("GET", where), where.partition("?")[0])  # a signed URL: sent without a key
        return decoded(response, where.partition("?")[0])


def _created(reply: Mapping[str, Any]) -> datetime:
    """When a job was submitted, by how long the platform says it waited and ran; about now where it does not say."""
    spent = [reply.get(name) for name in ("delayTime", "executionTime")]  # milliseconds
    return datetime.now(UTC) - timedelta(milliseconds=sum(ms for ms in spent if isinstance(ms, int | float)))


def _unsure(url: str, error: OcrqError) -> ServerUnreachable:
    return ServerUnreachable(
        f"{url} did not say whether it took the document ({error.detail}); RunPod cannot tell two submits of one "
        "document apart, so submit it again if reading it twice does no harm"
    )


def _error_of(reply: Mapping[str, Any]) -> JobError:
    if reply.get("status") == "TIMED_OUT":
        error: OcrqError = TimeLimitExceeded(
            "the job took longer than the RunPod endpoint lets one take; send fewer pages at a time"
        )
        return JobError.model_validate(error.to_json())
    text = reply.get("error") or reply.get("output") or "no reason was given"
    try:
        data = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        data = text
    if isinstance(data, dict) and {"code", "detail"} <= data.keys():
        return JobError.model_validate(data)
    if isinstance(data, dict) and "error_message" in data:  # an exception that the SDK caught
        data = data["error_message"]
    return JobError.model_validate(InternalError(f"the RunPod worker failed: {str(data)[:500]}").to_json())
