"""Our HTTP API as a transport: its jobs, or its synchronous routes where the next request may meet another process."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import BaseModel

from ocrq.client.exchange import Effects, Failure, Send, exchange
from ocrq.client.transport import Document, DocumentRequest, Endpoint, decoded, parsed
from ocrq.contracts import Batch, DeadDelivery, Health, Job, JobList, JobStatus, ModelList, Progress
from ocrq.errors import JobNotFound


class _Listed(BaseModel):
    jobs: list[Job]


class _Deliveries(BaseModel):
    deliveries: list[DeadDelivery]


@dataclass(frozen=True)
class HttpApi:
    """The transport to an ocrq server."""

    endpoint: Endpoint

    def submit(self, document: DocumentRequest) -> Effects[Job]:
        """``POST /jobs``."""
        headers = {"Idempotency-Key": document.key}
        endpoint = f"/{document.operation}"
        if document.content is None:
            content: dict[str, Any] = {"json": {"endpoint": endpoint, "request": dict(document.request)}}
        else:
            name = document.name.encode(errors="replace").decode()
            content = {
                "files": {"file": (name, document.content, "application/octet-stream")},
                "data": {"endpoint": endpoint, "request": json.dumps(dict(document.request))},
            }
        return (yield from self._requested(Job, "POST", "/jobs", headers=headers, content=content))

    def job(self, job_id: str, wait: float) -> Effects[Job | Batch]:
        """``GET /jobs/{id}``."""
        params = {"wait": f"{wait:g}"} if wait else {}
        response = yield from self._ask("GET", f"/jobs/{job_id}", params=params, held=wait)
        return self._job(response)

    def cancel(self, job_id: str) -> Effects[Job | Batch]:
        """``DELETE /jobs/{id}``."""
        return self._job((yield from self._ask("DELETE", f"/jobs/{job_id}")))

    def retry(self, job_id: str) -> Effects[Job]:
        """``POST /jobs/{id}/retry``."""
        return (yield from self._requested(Job, "POST", f"/jobs/{job_id}/retry"))

    def jobs(self, status: JobStatus | None, limit: int, cursor: str | None) -> Effects[JobList]:
        """``GET /jobs``."""
        params = {"limit": str(limit)}
        if status:
            params["status"] = status
        if cursor:
            params["cursor"] = cursor
        return (yield from self._requested(JobList, "GET", "/jobs", params=params))

    def dead(self) -> Effects[list[Job]]:
        """``GET /jobs?state=dead``."""
        return (yield from self._requested(_Listed, "GET", "/jobs", params={"state": "dead"})).jobs

    def dead_deliveries(self) -> Effects[list[DeadDelivery]]:
        """``GET /webhooks?state=dead``."""
        return (yield from self._requested(_Deliveries, "GET", "/webhooks", params={"state": "dead"})).deliveries

    def retry_delivery(self, delivery_id: str) -> Effects[None]:
        """``POST /webhooks/{id}/retry``."""
        yield from self._ask("POST", f"/webhooks/{delivery_id}/retry")

    def health(self) -> Effects[Health]:
        """``GET /health``, which reports an unhealthy service with 503."""
        send = self._send("GET", "/health")
        response = yield from exchange(send, self.endpoint.url, expected=_is_plain_json)
        return parsed(Health, self._decoded(response), self.endpoint.url)

    def models(self) -> Effects[ModelList]:
        """``GET /models``."""
        return (yield from self._requested(ModelList, "GET", "/models"))

    def _requested(self, model: type[Document], method: str, path: str, **how: Any) -> Effects[Document]:
        return parsed(model, (yield from self._ask(method, path, **how)), self.endpoint.url)

    def _ask(self, method: str, path: str, **how: Any) -> Effects[Any]:
        return self._decoded((yield from exchange(self._send(method, path, **how), self.endpoint.url)))

    def _decoded(self, response: httpx.Response) -> Any:
        return decoded(response, self.endpoint.url)

    def _send(self, method: str, path: str, **how: Any) -> Send:
        headers = {**self.endpoint.headers(), **how.pop("headers", {})}
        return Send(method, f"{self.endpoint.url}{path}", headers=headers, **how)

    def _job(self, response: Any) -> Job | Batch:
        if isinstance(response, dict) and "jobs" in response:
            return parsed(Batch, response, self.endpoint.url)
        return parsed(Job, response, self.endpoint.url)


def _is_plain_json(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type") == "application/json")


READ_SECONDS = 330.0  # what RunPod's load balancer lets a call take


@dataclass(frozen=True)
class DirectApi(HttpApi):
    """The transport to an ocrq server's synchronous routes: a document has been read when the response arrives."""

    def submit(self, document: DocumentRequest) -> Effects[Job]:
        """``POST /extract_text`` and so on; an answer that was lost is asked for again, and the document read again."""
        request = dict(document.request)
        if document.content is not None:
            request["image"] = base64.b64encode(document.content).decode("ascii")
        headers = {"Idempotency-Key": document.key}
        send = self._send(
            "POST", f"/{document.operation}", headers=headers, held=READ_SECONDS, content={"json": request}
        )
        asked = datetime.now(UTC)
        result: dict[str, Any] = self._decoded((yield from exchange(send, self.endpoint.url)))
        pages = max(1, len(result.get("pages") or ()))
        return Job(
            id=uuid.uuid4().hex,
            status="succeeded",
            progress=Progress(done=pages, total=pages),
            created_at=asked,
            started_at=asked,
            finished_at=datetime.now(UTC),
            attempts=1,
            result=result,
        )

    def job(self, job_id: str, wait: float) -> Effects[Job | Batch]:
        """Nothing is kept."""
        return self._forgotten(job_id)

    def cancel(self, job_id: str) -> Effects[Job | Batch]:
        """Nothing is kept."""
        return self._forgotten(job_id)

    def _forgotten(self, job_id: str) -> Effects[Job | Batch]:
        yield from ()
        detail = f"{self.endpoint.url} keeps no jobs: a document is read while it is submitted ({job_id})"
        raise Failure(JobNotFound(detail), "final")
