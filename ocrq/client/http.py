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

from ocrq.client.exchange import Failure, Flow, Send, exchange
from ocrq.client.transport import Document, Endpoint, Order, decoded, parsed
from ocrq.contracts import Batch, DeadDelivery, Health, Job, JobList, JobStatus, ModelList, Progress
from ocrq.errors import JobNotFound


class _Listed(BaseModel):
    jobs: list[Job]


class _Deliveries(BaseModel):
    deliveries: list[DeadDelivery]


@dataclass(frozen=True)
class HttpApi:
    """A Door to a server of ours."""

    endpoint: Endpoint

    def submit(self, order: Order) -> Flow[Job]:
        """``POST /jobs``."""
        headers = {"Idempotency-Key": order.key}
        endpoint = f"/{order.operation}"
        if order.content is None:
            content: dict[str, Any] = {"json": {"endpoint": endpoint, "request": dict(order.request)}}
        else:
            name = order.name.encode(errors="replace").decode()
            content = {
                "files": {"file": (name, order.content, "application/octet-stream")},
                "data": {"endpoint": endpoint, "request": json.dumps(dict(order.request))},
            }
        return (yield from self._told(Job, "POST", "/jobs", headers=headers, content=content))

    def job(self, job_id: str, wait: float) -> Flow[Job | Batch]:
        """``GET /jobs/{id}``."""
        params = {"wait": f"{wait:g}"} if wait else {}
        answer = yield from self._ask("GET", f"/jobs/{job_id}", params=params, held=wait)
        return self._job(answer)

    def cancel(self, job_id: str) -> Flow[Job | Batch]:
        """``DELETE /jobs/{id}``."""
        return self._job((yield from self._ask("DELETE", f"/jobs/{job_id}")))

    def retry(self, job_id: str) -> Flow[Job]:
        """``POST /jobs/{id}/retry``."""
        return (yield from self._told(Job, "POST", f"/jobs/{job_id}/retry"))

    def jobs(self, status: JobStatus | None, limit: int, cursor: str | None) -> Flow[JobList]:
        """``GET /jobs``."""
        params = {"limit": str(limit)}
        if status:
            params["status"] = status
        if cursor:
            params["cursor"] = cursor
        return (yield from self._told(JobList, "GET", "/jobs", params=params))

    def dead(self) -> Flow[list[Job]]:
        """``GET /jobs?state=dead``."""
        return (yield from self._told(_Listed, "GET", "/jobs", params={"state": "dead"})).jobs

    def dead_deliveries(self) -> Flow[list[DeadDelivery]]:
        """``GET /webhooks?state=dead``."""
        return (yield from self._told(_Deliveries, "GET", "/webhooks", params={"state": "dead"})).deliveries

    def retry_delivery(self, delivery_id: str) -> Flow[None]:
        """``POST /webhooks/{id}/retry``."""
        yield from self._ask("POST", f"/webhooks/{delivery_id}/retry")

    def health(self) -> Flow[Health]:
        """``GET /health``, which reports an unhealthy service with 503."""
        send = self._send("GET", "/health")
        answer = yield from exchange(send, self.endpoint.url, expected=_is_plain_json)
        return parsed(Health, self._decoded(answer), self.endpoint.url)

    def models(self) -> Flow[ModelList]:
        """``GET /models``."""
        return (yield from self._told(ModelList, "GET", "/models"))

    def _told(self, model: type[Document], method: str, path: str, **how: Any) -> Flow[Document]:
        return parsed(model, (yield from self._ask(method, path, **how)), self.endpoint.url)

    def _ask(self, method: str, path: str, **how: Any) -> Flow[Any]:
        return self._decoded((yield from exchange(self._send(method, path, **how), self.endpoint.url)))

    def _decoded(self, answer: httpx.Response) -> Any:
        return decoded(answer, self.endpoint.url)

    def _send(self, method: str, path: str, **how: Any) -> Send:
        headers = {**self.endpoint.headers(), **how.pop("headers", {})}
        return Send(method, f"{self.endpoint.url}{path}", headers=headers, **how)

    def _job(self, answer: Any) -> Job | Batch:
        if isinstance(answer, dict) and "jobs" in answer:
            return parsed(Batch, answer, self.endpoint.url)
        return parsed(Job, answer, self.endpoint.url)


def _is_plain_json(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("Content-Type") == "application/json")


READ_SECONDS = 330.0  # what RunPod's load balancer lets a call take


@dataclass(frozen=True)
class DirectApi(HttpApi):
    """A Door to a server that is asked and answers in one: what is submitted has ended when the answer is there."""

    def submit(self, order: Order) -> Flow[Job]:
        """``POST /extract_text`` and so on; an answer that was lost is asked for again, and the document read again."""
        request = dict(order.request)
        if order.content is not None:
            request["image"] = base64.b64encode(order.content).decode("ascii")
        headers = {"Idempotency-Key": order.key}
        send = self._send("POST", f"/{order.operation}", headers=headers, held=READ_SECONDS, content={"json": request})
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

    def job(self, job_id: str, wait: float) -> Flow[Job | Batch]:
        """Nothing is kept."""
        return self._forgotten(job_id)

    def cancel(self, job_id: str) -> Flow[Job | Batch]:
        """Nothing is kept."""
        return self._forgotten(job_id)

    def _forgotten(self, job_id: str) -> Flow[Job | Batch]:
        yield from ()
        told = f"{self.endpoint.url} keeps no jobs: a document is read while it is submitted ({job_id})"
        raise Failure(JobNotFound(told), "final")
