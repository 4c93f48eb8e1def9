"""Errors as RFC 9457 problem documents: ocrq's, werkzeug's, and unexpected ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod

from app.replies import PROBLEM, json_reply
from ocrq.errors import InvalidRequest, MethodNotAllowed, NotFound, OcrqError, TooLarge, Unauthorized, UnsupportedFormat
from tasks.settings import Settings
from tasks.unexpected import unexpected

logger = logging.getLogger(__name__)

_RETRY_AFTER_SECONDS = 5  # where an error is worth a repeat and does not know when
_BUSY = frozenset({429, 503})
_SHOWN_CHARACTERS = 200  # of a path that a caller made up


def problem_of(error: OcrqError, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document of an error.

    Args:
        error: Its status, code, detail, field, and further members.
        headers: Further headers.
    """
    members = {
        "type": f"urn:ocrq:error:{error.code}",
        "title": error.title,
        "status": error.status,
        **error.to_json(),
        "instance": request.path[:_SHOWN_CHARACTERS],
    }
    retry_after = error.retry_after
    if retry_after is None and error.retryable and error.status in _BUSY:
        retry_after = _RETRY_AFTER_SECONDS
    again = {} if retry_after is None else {"Retry-After": str(retry_after)}
    asks = {"WWW-Authenticate": 'Bearer realm="ocrq"'} if isinstance(error, Unauthorized) else {}
    return json_reply(members, error.status, {**again, **asks, **(headers or {})}, mimetype=PROBLEM)


def report_errors_as_problems(app: Flask, settings: Settings) -> None:
    """Answer every error of an application with its problem document."""

    def from_http(error: HTTPException) -> Response:
        headers = {}
        if isinstance(error, WrongMethod) and error.valid_methods:
            headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return problem_of(_as_ocrq_error(error, settings), headers)

    app.register_error_handler(OcrqError, problem_of)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, _from_anything)


def _as_ocrq_error(error: HTTPException, settings: Settings) -> OcrqError:
    path = request.path[:_SHOWN_CHARACTERS]
    if error.code == 404:
        return NotFound(f"there is nothing at {path}; /openapi.json lists the routes")
    if error.code == 405:
        return MethodNotAllowed(f"{path} does not accept {request.method}; /openapi.json lists its methods")
    if error.code == 413:
        return too_large(request.content_length, settings)
    if error.code == 415:
        return UnsupportedFormat(f"{error.description}", field="Content-Type")
    return InvalidRequest(f"the request cannot be understood: {error.description}", field="body")


def too_large(sent: int | None, settings: Settings) -> TooLarge:
    """A body over the limit; ``sent`` is its length, where the client declared it."""
    size = f"the body has {sent:,} bytes" if sent else "the body is too long"
    return TooLarge(
        f"{size}, and a document may have at most {settings.max_body_bytes:,}; send fewer pages at a time, or at a "
        "lower resolution",
        field="image",
        extra={"max_bytes": settings.max_body_bytes},
    )


def _from_anything(error: Exception) -> Response:
    return problem_of(unexpected(logger, error, f"answering {request.method} {request.path[:_SHOWN_CHARACTERS]!r}"))
