"""Jobs: submit, look, wait, cancel, listen."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from flask import Blueprint, Response, request

from app.door import Door
from app.events import event_stream, resume_after
from app.replies import accepted, json_reply
from app.uploads import idempotency_key, read_order
from app.waiting import wait_seconds
from ocrq.contracts import ENDED


def job_routes(door: Door) -> Blueprint:
    """``/jobs`` and what is below."""
    routes = Blueprint("jobs", __name__, url_prefix="/jobs")
    routes.add_url_rule("", "submit", partial(_submit, door), methods=["POST"])
    routes.add_url_rule("/<job_id>", "get", partial(_get, door), methods=["GET"])
    routes.add_url_rule("/<job_id>", "cancel", partial(_cancel, door), methods=["DELETE"])
    routes.add_url_rule("/<job_id>/events", "events", partial(_events, door), methods=["GET"])
    return routes


def _submit(door: Door) -> Response:
    key = idempotency_key(request)
    order = read_order(request)
    max_bytes = door.settings.max_body_bytes
    if not order.batch:
        return accepted(door.backend.submit(order.uploads[0].submission(order.operation, max_bytes=max_bytes, key=key)))
    items = [upload.try_submission(order.operation, max_bytes=max_bytes, key=key) for upload in order.uploads]
    return accepted(door.backend.submit_batch(items))


def _get(door: Door, job_id: str) -> Response:
    seconds = wait_seconds(request.args.get("wait"))
    if seconds == 0:
        return json_reply(door.backend.get(job_id))
    with door.seats.taken():
        return json_reply(door.backend.wait(job_id, seconds))


def _cancel(door: Door, job_id: str) -> Response:
    return json_reply(door.backend.cancel(job_id))


def _events(door: Door, job_id: str) -> Response:
    after = resume_after(request.headers.get("Last-Event-ID"))
    job = door.backend.get(job_id)
    with ExitStack() as stack:
        stack.enter_context(door.seats.taken())
        events = door.backend.events(job_id, after)
        if job.status in ENDED and after is not None:
            rest = list(events)
            if not rest:
                return Response(status=204)  # tells an EventSource to stop connecting again
            events = iter(rest)
        response = Response(event_stream(events, partial(door.backend.get, job_id)), mimetype="text/event-stream")
        # nginx would hold events back until its buffer is full
        response.headers["X-Accel-Buffering"] = "no"
        response.call_on_close(stack.pop_all().close)
        return response
