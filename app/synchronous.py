"""The four synchronous routes: submit, wait, answer with the result."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from flask import Blueprint, Response, request

from app.bytes_in_flight import PER_BODY_BYTE, PER_RESULT_BYTE
from app.context import AppContext
from app.problems import problem_of
from app.replies import accepted, job_path, json_reply
from app.uploads import idempotency_key, read_upload
from app.waiting import Preferences
from ocrq.contracts import ENDED, OPERATIONS, Batch, Job, Operation
from ocrq.errors import InternalError, JobCancelled, OcrqError, WaitTimeout, from_json

_ASYNC = {"Preference-Applied": "respond-async"}
_RETRY_AFTER_SECONDS = 1  # a result that took longer than the wait may be there any moment


def read_routes(context: AppContext) -> Blueprint:
    """A route for every operation."""
    routes = Blueprint("reads", __name__)
    for operation in OPERATIONS:
        routes.add_url_rule(f"/{operation}", operation, partial(_read, context, operation), methods=["POST"])
    return routes


def _read(context: AppContext, operation: Operation) -> Response:
    prefer = Preferences.of(request.headers.getlist("Prefer"))
    owner = context.access.caller().owner
    longest = context.settings.sync_seconds
    seconds = longest if prefer.wait is None else min(prefer.wait, longest)
    with ExitStack() as slot:
        with context.memory.holding(PER_BODY_BYTE * (request.content_length or 0)):
            submission = read_upload(request).submission(
                operation,
                max_bytes=context.settings.max_body_bytes,
                fetch=context.fetch,
                key=idempotency_key(request),
                owner=owner,
            )
            context.access.charge(1, len(submission.document))
            if prefer.respond_async and not prefer.wait:
                return accepted(context.backend.submit(submission), _ASYNC)
            slot.enter_context(context.waiters.taken(owner))
            job_id = context.backend.submit(submission).id
            del submission  # a document of 40 MB need not wait along
        try:
            job = context.backend.wait(job_id, seconds, owner, results=False)
        except OcrqError as error:  # the wait failed and the job goes on: say where
            return problem_of(error, {"Location": job_path(job_id)})
    if prefer.respond_async and job.status not in ENDED:
        return accepted(job, _ASYNC)
    return _answer(context, job, seconds, owner)


def _answer(context: AppContext, job: Job | Batch, seconds: float, owner: str | None) -> Response:
    if isinstance(job, Batch):
        raise InternalError("a single request became a batch; report this to the operator")
    if job.status == "succeeded":
        with context.memory.holding(PER_RESULT_BYTE * context.backend.result_bytes(job.id)):
            whole = context.backend.get(job.id, owner)
            return json_reply((whole.result if isinstance(whole, Job) else None) or {})
    if job.status not in ENDED:
        late = WaitTimeout(
            f"the result is not ready after {seconds:g} s, and the job goes on; ask for it at {job_path(job.id)}",
            retry_after=_RETRY_AFTER_SECONDS,
            extra={"job_id": job.id},
        )
        return problem_of(late, {"Location": job_path(job.id)})
    if job.error is not None:
        raise from_json({**job.error.model_dump(), "job_id": job.id})
    raise JobCancelled("the job was cancelled before it ended; submit it again", extra={"job_id": job.id})
