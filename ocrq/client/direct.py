"""The synchronous routes of our HTTP API, for places where the next request may meet another process."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ocrq.client.failures import Failure, exchange
from ocrq.client.http_api import HttpApi
from ocrq.client.steps import Flow
from ocrq.client.transports import Order
from ocrq.contracts import Batch, Job, Progress
from ocrq.errors import JobNotFound

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
