"""Pieces the OpenAPI document is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ocrq.errors import (
    BrokerUnavailable,
    DocumentLost,
    FieldsMissing,
    Forbidden,
    InternalError,
    InvalidImage,
    InvalidRequest,
    InvalidSchema,
    JobCancelled,
    JobConflict,
    ModelNotAllowed,
    ModelUnavailable,
    NotFound,
    NoWorker,
    OcrqError,
    QueueFull,
    RateLimited,
    ReadFailed,
    TimeLimitExceeded,
    TooLarge,
    TooManyWaiting,
    Unauthorized,
    UnreadableDocument,
    UnsupportedFormat,
    WaitTimeout,
    WorkerLost,
)

Json = dict[str, Any]

ANYWHERE = (Unauthorized, Forbidden, BrokerUnavailable, InternalError)
TAKING_IN = (
    InvalidRequest,
    InvalidImage,
    TooLarge,
    UnsupportedFormat,
    ModelNotAllowed,
    InvalidSchema,
    JobConflict,
)
QUEUEING = (QueueFull, RateLimited, NoWorker)
READING = (
    UnreadableDocument,
    FieldsMissing,
    JobCancelled,
    ModelUnavailable,
    WaitTimeout,
    TooManyWaiting,
    TimeLimitExceeded,
    DocumentLost,
    WorkerLost,
    ReadFailed,
)
ROUTING = (NotFound,)

EXAMPLE_IMAGE = "iVBORw0KGgoAAAANSUhEUgAA…"


def ref(name: str, kind: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def content(schema: Json, mimetype: str = "application/json", examples: Mapping[str, Any] | None = None) -> Json:
    """A body of one media type."""
    media: Json = {"schema": schema}
    if examples:
        media["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {mimetype: media}


def answer(description: str, schema: Json, headers: Mapping[str, str] | None = None) -> Json:
    """A response of JSON; ``headers`` maps names to descriptions."""
    made: Json = {"description": description, "content": content(schema)}
    if headers:
        made["headers"] = {name: _header(about) for name, about in headers.items()}
    return made


def object_of(**properties: Json) -> Json:
    """The schema of an object with these members, all of them there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def operation(
    name: str,
    tag: str,
    summary: str,
    responses: Json,
    *,
    about: str | None = None,
    parameters: Sequence[Json] = (),
    body: Json | None = None,
    is_open: bool = False,
) -> Json:
    """What a method of a route does; ``body`` maps media types to what is sent, ``is_open``: without a key."""
    made: Json = {"operationId": name, "tags": [tag], "summary": summary, "responses": responses}
    if about:
        made["description"] = about
    if parameters:
        made["parameters"] = list(parameters)
    if body:
        made["requestBody"] = {"required": True, "content": body}
    return made | ({"security": []} if is_open else {})


def problems(*errors: type[OcrqError], headers: Mapping[int, Mapping[str, str]] | None = None) -> Json:
    """Responses by status for the errors a route may answer with."""
    by_status: dict[int, list[type[OcrqError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {str(status): _problem(status, by_status[status], headers or {}) for status in sorted(by_status)}


def _problem(status: int, errors: list[type[OcrqError]], headers: Mapping[int, Mapping[str, str]]) -> Json:
    made: Json = {
        "description": "; ".join(f"`{error.code}`: {error.title}" for error in errors),
        "content": content(ref("Problem"), "application/problem+json"),
    }
    examples = {error.code: ref(error.code, "examples") for error in errors}
    made["content"]["application/problem+json"]["examples"] = examples
    response_headers = dict(headers.get(status, {}))
    if any(error.retryable for error in errors):
        response_headers["Retry-After"] = "Seconds after which a retry makes sense."
    if Unauthorized in errors:
        response_headers["WWW-Authenticate"] = "`Bearer`."
    if response_headers:
        made["headers"] = {name: _header(about) for name, about in response_headers.items()}
    return made


def example_problem(error: type[OcrqError]) -> Json:
    """What the problem document of an error looks like."""
    return {
        "type": f"urn:ocrq:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.__doc__ or error.title,
        "code": error.code,
        "field": None,
        "retryable": error.retryable,
        "instance": "/extract_text",
    }


def parameter(name: str, place: str, about: str, schema: Json, *, required: bool = False) -> Json:
    """A path, query or header parameter."""
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}


def _header(about: str) -> Json:
    return {"description": about, "schema": {"type": "string"}}
