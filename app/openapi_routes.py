"""Every route as the OpenAPI document describes it."""

from __future__ import annotations

from app.listing import LISTED, MAX_LISTED, STATUSES
from app.openapi_parts import (
    ANYWHERE,
    EXAMPLE_IMAGE,
    QUEUEING,
    READING,
    ROUTING,
    TAKING_IN,
    Json,
    answer,
    content,
    object_of,
    operation,
    parameter,
    problems,
    ref,
)
from app.openapi_service import service_paths
from app.uploads import DEFAULT_ENDPOINT, MAX_KEY_CHARACTERS
from app.waiting import MAX_WAIT_SECONDS
from ocrq.contracts import MAX_BATCH, OPERATIONS, STRUCTURED, Operation
from ocrq.errors import (
    InvalidRequest,
    JobConflict,
    JobExpired,
    JobNotFound,
    NotFound,
    RateLimited,
    TooManyWaiting,
)

_ABOUT: dict[Operation, tuple[str, str]] = {
    "extract_text": ("Read a document", "One reading of every page."),
    "extract_text_robust": (
        "Read a poor document",
        "At least three variants of every page are read and voted on line by line; slower, and surer of itself.",
    ),
    "extract_structured": ("Read fields", "Reads the document and fills `schema`."),
    "extract_structured_robust": (
        "Read fields from a poor document",
        "As `/extract_structured`, with the robust reading and checks across fields.",
    ),
}
_LOCATION = {"Location": "`/jobs/{id}`, where to ask for it."}
_PREFER = parameter(
    "Prefer",
    "header",
    "`respond-async`: answer 202 and the job at once. `wait=5`: wait no longer than 5 s. Both: 202 if the result is "
    "not there after 5 s. (RFC 7240)",
    {"type": "string", "examples": ["respond-async", "wait=5", "respond-async, wait=5"]},
)
_KEY = parameter(
    "Idempotency-Key",
    "header",
    "A repeated submit with the same key returns the first job; with another body it is a conflict.",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
)
_STRING: Json = {"type": "string"}
_DEAD: Json = {"type": "string", "enum": ["dead"]}
_JOB_ID = parameter("job_id", "path", "A job's or a batch's id.", _STRING, required=True)
_JOB_OR_BATCH: Json = {"anyOf": [ref("Job"), ref("Batch")]}
_BINARY: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
_RAW = ("image/*", "application/pdf", "application/octet-stream")


def paths() -> Json:
    """Path to operations."""
    return {
        **{f"/{name}": {"post": _read(name)} for name in OPERATIONS},
        "/jobs": {"post": _submit(), "get": _list()},
        "/jobs/{job_id}": {"get": _get(), "delete": _cancel()},
        "/jobs/{job_id}/retry": {"post": _retry()},
        "/jobs/{job_id}/events": {"get": _events()},
        "/webhooks": {"get": _dead_deliveries()},
        "/webhooks/{delivery_id}/retry": {"post": _retry_delivery()},
        **service_paths(),
    }


def _read(name: Operation) -> Json:
    summary, about = _ABOUT[name]
    structured = name in STRUCTURED
    example: Json = {"image": EXAMPLE_IMAGE}
    if structured:
        example["schema"] = {"invoice_number": "string", "total": "number"}
    with_image = {"allOf": [ref("ReadRequest"), {"required": ["image"]}]}
    later = {**_LOCATION, "Preference-Applied": "`respond-async`."}
    return operation(
        name,
        "read",
        summary,
        {
            "200": answer("The result.", ref("StructuredResult" if structured else "TextResult")),
            "202": answer("Accepted, as `Prefer: respond-async` asked.", ref("Job"), later),
            **problems(*TAKING_IN, *QUEUEING, *READING, *ANYWHERE, headers={504: _LOCATION}),
        },
        about=f"{about} The document comes as `image` in base64, as the part `file` of a form, or as the body itself "
        "with the other fields as query parameters.",
        parameters=[_PREFER, _KEY],
        body={**content(with_image, examples={"document": example}), **_form({}), **_raw()},
    )


def _submit() -> Json:
    endpoint: Json = {"type": "string", "enum": [f"/{name}" for name in OPERATIONS], "default": DEFAULT_ENDPOINT}
    one = {"endpoint": DEFAULT_ENDPOINT, "request": {"image": EXAMPLE_IMAGE}}
    batch = {"endpoint": DEFAULT_ENDPOINT, "requests": [{"image": EXAMPLE_IMAGE}, {"image": EXAMPLE_IMAGE}]}
    submission = content(ref("JobSubmission"), examples={"one": one, "batch": batch})
    errors = problems(*TAKING_IN, *ROUTING, *QUEUEING, *ANYWHERE)
    return operation(
        "submit_job",
        "jobs",
        "Submit a document, or a batch",
        {"202": answer("Accepted.", _JOB_OR_BATCH, _LOCATION), **errors},
        about=f"A batch has 1 to {MAX_BATCH:,} requests, or several `file` parts; an item that is wrong fails alone.",
        parameters=[_KEY, parameter("endpoint", "query", "For a document that is the body itself.", endpoint)],
        body={**submission, **_form({"endpoint": endpoint}), **_raw()},
    )


def _get() -> Json:
    wait = {"type": "number", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0}
    errors = problems(InvalidRequest, JobNotFound, JobExpired, TooManyWaiting, *ANYWHERE)
    return operation(
        "get_job",
        "jobs",
        "A job as it is now, or when it has ended",
        {"200": answer("The job with its result or error, or the batch.", _JOB_OR_BATCH), **errors},
        parameters=[_JOB_ID, parameter("wait", "query", "Seconds to hold the answer until the job ends.", wait)],
    )


def _list() -> Json:
    dead = object_of(jobs={"type": "array", "items": ref("Job")})
    status: Json = {"type": "string", "enum": list(STATUSES)}
    limit: Json = {"type": "integer", "minimum": 1, "maximum": MAX_LISTED, "default": LISTED}
    about_state = "`dead`: instead, the jobs whose workers died on them, the latest first."
    jobs = answer("The jobs.", {"anyOf": [ref("JobList"), dead]})
    return operation(
        "list_jobs",
        "jobs",
        "The caller's jobs, newest first",
        {"200": jobs, **problems(InvalidRequest, *ANYWHERE)},
        about="The last 10,000 are listed; older ones are found by their ids. A page is found in bounded time: with "
        "`status` it may hold fewer jobs than `limit`, with more behind `next_cursor`.",
        parameters=[
            parameter("status", "query", "Only jobs of this status.", status),
            parameter("limit", "query", "How many at most.", limit),
            parameter("cursor", "query", "`next_cursor` of the page before.", _STRING),
            parameter("state", "query", about_state, _DEAD),
        ],
    )


def _retry() -> Json:
    errors = problems(JobNotFound, JobExpired, JobConflict, RateLimited, *ANYWHERE)
    return operation(
        "retry_job",
        "jobs",
        "Try a failed job again",
        {"202": answer("Accepted.", ref("Job"), _LOCATION), **errors},
        about="As the job it is, under its id; a conflict if it has not failed, or its document is gone.",
        parameters=[_JOB_ID],
    )


def _dead_deliveries() -> Json:
    found = object_of(deliveries={"type": "array", "items": ref("DeadDelivery")})
    return operation(
        "list_deliveries",
        "webhooks",
        "The webhook deliveries that were given up, the latest first",
        {"200": answer("The deliveries.", found), **problems(InvalidRequest, *ANYWHERE)},
        parameters=[parameter("state", "query", "Which.", _DEAD, required=True)],
    )


def _retry_delivery() -> Json:
    sent = answer("It is sent again, with all its tries.", object_of(id=_STRING))
    return operation(
        "retry_delivery",
        "webhooks",
        "Send a delivery that was given up again",
        {"202": sent, **problems(NotFound, RateLimited, *ANYWHERE)},
        parameters=[parameter("delivery_id", "path", "A delivery's id.", _STRING, required=True)],
    )


def _cancel() -> Json:
    return operation(
        "cancel_job",
        "jobs",
        "Cancel a job or batch",
        {"200": answer("The job as it is now.", _JOB_OR_BATCH), **problems(JobNotFound, JobExpired, *ANYWHERE)},
        about="Queued work never starts, running work stops at its next step; an ended job stays as it is.",
        parameters=[_JOB_ID],
    )


def _events() -> Json:
    return operation(
        "job_events",
        "jobs",
        "A job as server-sent events, until it ends",
        {
            "200": {"description": "The events.", "content": content(_STRING, "text/event-stream")},
            "204": {"description": "The job has ended and `Last-Event-ID` was its last event."},
            **problems(JobNotFound, JobExpired, TooManyWaiting, *ANYWHERE),
        },
        about="`status` (`{status}`, and the whole Job in the last one), `progress` (`{done, total, unit}`), `page` (a "
        "Page, as soon as it is read), and `problem` where the stream had to break off.",
        parameters=[_JOB_ID, parameter("Last-Event-ID", "header", "Go on after this event.", _STRING)],
    )


def _form(more: Json) -> Json:
    properties: Json = {
        "file": {"anyOf": [_BINARY, {"type": "array", "items": _BINARY}], "description": "The document."},
        "request": {**ref("ReadRequest"), "description": "The other fields as JSON; each may be a part of its own."},
        **more,
    }
    return content({"type": "object", "properties": properties, "required": ["file"]}, "multipart/form-data")


def _raw() -> Json:
    return {kind: {"schema": {}} for kind in _RAW}
