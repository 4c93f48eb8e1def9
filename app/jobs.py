"""Jobs: submit, look, wait, cancel, listen, try again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from flask import Blueprint, Response, request

from app.context import AppContext
from app.events import event_stream, resume_after
from app.replies import accepted, json_reply
from app.uploads import Upload, idempotency_key, read_job_request
from app.waiting import wait_seconds
from ocrq.contracts import ENDED
from ocrq.errors import InvalidRequest, OcrqError
from tasks.documents.download import within
from tasks.documents.schemas import check_batch_schemas
from tasks.documents.submission import Submission


def job_routes(door: AppContext) -> Blueprint:
    """``/jobs`` and what is below."""
    routes = Blueprint("jobs", __name__, url_prefix="/jobs")
    routes.add_url_rule("", "submit", partial(_submit, door), methods=["POST"])
    routes.add_url_rule("", "list", partial(_list, door), methods=["GET"])
    routes.add_url_rule("/<job_id>", "get", partial(_get, door), methods=["GET"])
    routes.add_url_rule("/<job_id>", "cancel", partial(_cancel, door), methods=["DELETE"])
    routes.add_url_rule("/<job_id>/retry", "retry", partial(_retry, door), methods=["POST"])
    routes.add_url_rule("/<job_id>/events", "events", partial(_events, door), methods=["GET"])
    return routes


def _submit(door: AppContext) -> Response:
    key = idempotency_key(request)
    order = read_job_request(request)
    owner = door.access.caller().owner
    fetch = within(door.fetch, door.settings.image_seconds)

    def read(upload: Upload) -> Submission:
        size = door.settings.max_body_bytes
        return upload.submission(order.operation, max_bytes=size, fetch=fetch, key=key, owner=owner)

    if not order.batch:
        submission = read(order.uploads[0])
        door.access.charge(1, len(submission.document))
        return accepted(door.backend.submit(submission))
    check_batch_schemas(upload.data.get("schema") for upload in order.uploads if isinstance(upload.data, dict))
    items = [_or_error(read, upload) for upload in order.uploads]
    door.access.charge(len(items), sum(len(item.document) for item in items if isinstance(item, Submission)))
    return accepted(door.backend.submit_batch(items, owner))


def _or_error(read: Callable[[Upload], Submission], upload: Upload) -> Submission | OcrqError:
    """What is wrong with an item is returned, so that a batch's other items go on."""
    try:
        return read(upload)
    except OcrqError as error:
        return error


def _list(door: AppContext) -> Response:
    if request.args.get("state") != "dead":
        raise InvalidRequest(
            "state must be dead, for the jobs whose workers died on them; others are asked for by their ids",
            field="state",
        )
    return json_reply({"jobs": door.backend.dead(door.access.caller().sees)})


def _get(door: AppContext, job_id: str) -> Response:
    seconds = wait_seconds(request.args.get("wait"))
    sees = door.access.caller().sees
    if seconds == 0:
        return json_reply(door.backend.get(job_id, sees))
    with door.seats.taken():
        return json_reply(door.backend.wait(job_id, seconds, sees))


def _cancel(door: AppContext, job_id: str) -> Response:
    return json_reply(door.backend.cancel(job_id, door.access.caller().sees))


def _retry(door: AppContext, job_id: str) -> Response:
    return accepted(door.backend.retry(job_id, door.access.caller().sees))


def _events(door: AppContext, job_id: str) -> Response:
    after = resume_after(request.headers.get("Last-Event-ID"))
    sees = door.access.caller().sees
    job = door.backend.get(job_id, sees)
    with ExitStack() as stack:
        stack.enter_context(door.seats.taken())
        events = door.backend.events(job_id, after, sees)
        if job.status in ENDED and after is not None:
            rest = list(events)
            if not rest:
                return Response(status=204)  # tells an EventSource to stop connecting again
            events = iter(rest)
        response = Response(event_stream(events, partial(door.backend.get, job_id, sees)), mimetype="text/event-stream")
        # nginx would hold events back until its buffer is full
        response.headers["X-Accel-Buffering"] = "no"
        response.call_on_close(stack.pop_all().close)
        return response
