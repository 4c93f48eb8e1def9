"""The transports, each as a function from a case to its outcome: a result, or an error's facts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from celery import Celery

from ocrq.client import AsyncClient, Client, Endpoint
from ocrq.client.many import result_json
from ocrq.errors import OcrqError
from tests.contract.conformance.cases import Case, encoded

SECONDS = 90.0


@dataclass(frozen=True)
class Outcome:
    """What a transport gave.

    Attributes:
        result: Without its times.
        error: ``code``, ``detail``, ``field`` and ``retryable``.
    """

    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def of_result(cls, result: dict[str, Any]) -> Outcome:
        return cls(result={name: value for name, value in result.items() if name != "processing_time"})

    @classmethod
    def of_error(cls, facts: dict[str, Any]) -> Outcome:
        return cls(error={name: facts.get(name) for name in ("code", "detail", "field", "retryable")})


@dataclass(frozen=True)
class Transports:
    """Where they are.

    Attributes:
        http: Of the API.
        runpod: Of the SDK's local API.
        standalone: Of the process that serves and reads.
        celery: An app that knows the broker, and nothing of ours.
    """

    http: str
    runpod: str
    standalone: str
    celery: Celery

    def all(self, case: Case) -> dict[str, Callable[[Case], Outcome]]:
        """Those that take the case: a client has the document itself, and makes no mistake in encoding it.

        A case that is really read takes seconds of CPU each time; it goes through one client alone.
        """
        transports = {
            "HTTP, synchronous": self.by_sync,
            "HTTP, jobs": self.by_jobs,
            "Celery": self.by_celery,
            "RunPod": self.by_runsync,
            "standalone": partial(self.by_sync, at=self.standalone),
        }
        if not case.is_really_read:
            transports["standalone, jobs"] = partial(self.by_jobs, at=self.standalone)
        if case.document is not None:
            transports["client of HTTP"] = self.by_client
        if case.document is not None and not case.is_really_read:
            transports |= {"client of RunPod": self.by_runpod_client, "awaited client": self.by_async_client}
        return transports

    def by_sync(self, case: Case, at: str | None = None) -> Outcome:
        answer = httpx.post(f"{at or self.http}/{case.operation}", json=request_of(case), timeout=SECONDS)
        return Outcome.of_result(answer.json()) if answer.status_code == 200 else _of_problem(answer)

    def by_jobs(self, case: Case, at: str | None = None, **otherwise: Any) -> Outcome:
        server = at or self.http
        body = {"endpoint": f"/{case.operation}", "request": otherwise.get("request", request_of(case))}
        accepted = httpx.post(f"{server}/jobs", json=body, timeout=SECONDS)
        if accepted.status_code != 202:
            return _of_problem(accepted)
        where = f"{server}{accepted.headers['Location']}?wait=60"
        job = httpx.get(where, timeout=SECONDS).json()
        return Outcome.of_result(job["result"]) if job["status"] == "succeeded" else Outcome.of_error(job["error"])

    def by_celery(self, case: Case, **otherwise: Any) -> Outcome:
        call = self.celery.send_task(
            f"ocr.{case.operation}", kwargs={"request": otherwise.get("request", request_of(case))}
        )
        try:
            return Outcome.of_result(call.get(timeout=SECONDS))
        except Exception as error:
            code, detail, facts = error.args
            return Outcome.of_error({"code": code, "detail": detail, **facts})

    def by_runsync(self, case: Case, **otherwise: Any) -> Outcome:
        body = {"input": {"endpoint": f"/{case.operation}", "request": otherwise.get("request", request_of(case))}}
        reply = httpx.post(f"{self.runpod}/runsync", json=body, timeout=SECONDS).json()
        if reply["status"] == "COMPLETED":
            return Outcome.of_result(reply["output"])
        return Outcome.of_error(json.loads(reply["error"]))

    def by_client(self, case: Case) -> Outcome:
        return _of_client(Client(self.http), case)

    def by_runpod_client(self, case: Case) -> Outcome:
        return _of_client(Client(Endpoint(self.runpod, kind="runpod")), case)

    def by_async_client(self, case: Case) -> Outcome:
        return asyncio.run(self._awaited(case))

    async def _awaited(self, case: Case) -> Outcome:
        async with AsyncClient(self.http) as client:
            assert case.document is not None
            try:
                job = await client.submit(case.document(), case.operation, **fields_of(case))
                return Outcome.of_result(result_json(await client.wait(job.id)))
            except OcrqError as error:
                return Outcome.of_error(error.to_json())


def fields_of(case: Case) -> dict[str, Any]:
    """The request without its document; every transport reads for itself."""
    return {"cache": False, **case.request}


def request_of(case: Case) -> dict[str, Any]:
    """The request as JSON has it."""
    image = {"image": encoded(case.document())} if case.document else {}
    return {**image, **fields_of(case)}


def _of_problem(answer: httpx.Response) -> Outcome:
    problem = answer.json()
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
    assert problem["status"] == answer.status_code
    return Outcome.of_error(problem)


def _of_client(client: Client, case: Case) -> Outcome:
    assert case.document is not None
    with client:
        try:
            job = client.submit(case.document(), case.operation, **fields_of(case))
            return Outcome.of_result(result_json(client.wait(job.id)))
        except OcrqError as error:
            return Outcome.of_error(error.to_json())
