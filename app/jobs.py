"""Jobs: submit, look, wait, cancel, listen, try again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from flask import Blueprint, Response, request

from app.bytes_in_flight import PER_BODY_BYTE, PER_RESULT_BYTE
from app.context import AppContext
from app.events import event_stream, resume_after
from app.listing import listed
from app.replies import accepted, json_reply
from app.uploads import Upload, idempotency_key, read_job_request
from app.waiting import wait_seconds
from ocrq.contracts import ENDED, Batch, Job
from ocrq.errors import InvalidRequest, OcrqError
from tasks.documents.download import within
from tasks.documents.schemas import check_batch_schemas
from tasks.documents.submission import Submission


def job_routes(context: AppContext) -> Blueprint:
    """``/jobs`` and what is below."""
    routes = Blueprint("jobs", __name__, url_prefix="/jobs")
    routes.add_url_rule("", "submit", partial(_submit, context), methods=["POST"])
    routes.add_url_rule("", "list", partial(_list, context), methods=["GET"])
    routes.add_url_rule("/<job_id>", "get", partial(_get, context), methods=["GET"])
    routes.add_url_rule("/<job_id>", "cancel", partial(_cancel, context), methods=["DELETE"])
    routes.add_url_rule("/<job_id>/retry", "retry", partial(_retry, context), methods=["POST"])
    routes.add_url_rule("/<job_id>/events", "events", partial(_events, context), methods=["GET"])
    return routes


def _submit(context: AppContext) -> Response:
    with context.memory.holding(PER_BODY_BYTE * (request.content_length or 0)):
        return _submit_within(context)


def _submit_within(context: AppContext) -> Response:
    key = idempotency_key(request)
    order = read_job_request(request)
    owner = context.access.caller().owner
    fetch = within(context.fetch, context.settings.image_seconds)

    def read(upload: Upload) -> Submission:
        size = context.settings.max_body_bytes
        return upload.submission(order.operation, max_bytes=size, fetch=fetch, key=key, owner=owner)

    if not order.batch:
        submission = read(order.uploads[0])
        context.access.charge(1, len(submission.document))
        return accepted(context.backend.submit(submission))
    check_batch_schemas(upload.data.get("schema") for upload in order.uploads if isinstance(upload.data, dict))
    items = [_or_error(read, upload) for upload in order.uploads]
    context.access.charge(len(items), sum(len(item.document) for item in items if isinstance(item, Submission)))
    return accepted(context.backend.submit_batch(items, owner))


def _or_error(read: Callable[[Upload], Submission], upload: Upload) -> Submission | OcrqError:
    """What is wrong with an item is returned, so that a batch's other items go on."""
    try:
        return read(upload)
    except OcrqError as error:
        return error


def _list(context: AppContext) -> Response:
    sees = context.access.caller().sees
    state = request.args.get("state")
    if state == "dead":
        return json_reply({"jobs": context.backend.dead(sees)})
    if state is not None:
        raise InvalidRequest(
            "state must be dead, for the jobs whose workers died on them; status selects jobs by their status",
            field="state",
        )
    return json_reply(listed(context.backend, request.args, sees))


def _get(context: AppContext, job_id: str) -> Response:
    seconds = wait_seconds(request.args.get("wait"))
    sees = context.access.caller().sees
    if seconds == 0:
        return whole_reply(context, context.backend.get(job_id, sees, results=False), sees)
    with context.waiters.taken(context.access.caller().owner):
        job = context.backend.wait(job_id, seconds, sees, results=False)
    return whole_reply(context, job, sees)


def whole_reply(context: AppContext, job: Job | Batch, sees: str | None) -> Response:
    """A job with its result, once there is room for that in memory."""
    if isinstance(job, Batch) or job.status != "succeeded":
        return json_reply(job)
    with context.memory.holding(PER_RESULT_BYTE * context.backend.result_bytes(job.id)):
        return json_reply(context.backend.get(job.id, sees))


def _cancel(context: AppContext, job_id: str) -> Response:
    return json_reply(context.backend.cancel(job_id, context.access.caller().sees))


def _retry(context: AppContext, job_id: str) -> Response:
    return accepted(context.backend.retry(job_id, context.access.caller().sees))


def _events(context: AppContext, job_id: str) -> Response:
    after = resume_after(request.headers.get("Last-Event-ID"))
    sees = context.access.caller().sees
    job = context.backend.get(job_id, sees)
    with ExitStack() as stack:
        stack.enter_context(context.waiters.taken(context.access.caller().owner))
        events = context.backend.events(job_id, after, sees)
        if job.status in ENDED and after is not None:
            rest = list(events)
            if not rest:
                return Response(status=204)  # tells an EventSource to stop connecting again
            events = iter(rest)
        response = Response(
            event_stream(events, partial(context.backend.get, job_id, sees)), mimetype="text/event-stream"
        )
        # nginx would hold events back until its buffer is full
        response.headers["X-Accel-Buffering"] = "no"
        response.call_on_close(stack.pop_all().close)
        return response
