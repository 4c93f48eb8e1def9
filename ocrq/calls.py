"""Calls by Celery, for services that have this package beside celery: checked before they are sent, errors by class.

    from celery import Celery
    from ocrq.calls import submit

    app = Celery("invoices", broker=REDIS_URL, backend=REDIS_URL)
    text = submit(app, Path("scan.pdf"), pages="1-3").get()["text"]

A service without this package sends the same by hand; docs/services.md says how.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrq.contracts import Operation, parse_operation, parse_request
from ocrq.errors import OcrqError, from_json

if TYPE_CHECKING:
    from celery import Celery
    from celery.canvas import Signature
    from celery.result import AsyncResult

READER_QUEUE = "celery"
"""Where calls from outside go; a worker sends each on to the queue of its pool and lane."""


def call(app: Celery, document: bytes | Path, operation: Operation = "extract_text", **request: Any) -> Signature[Any]:
    """A call that is not made yet: a step of a chain, a member of a group, of a chord's header.

    Args:
        app: On the workers' Redis, as broker and as result backend.
        document: Its bytes, or its file.
        operation: What to do with it.
        **request: Fields of the request, e.g. ``schema={"total": "number"}``.

    Raises:
        InvalidRequest: A field is wrong; nothing is sent.
    """
    content = document.read_bytes() if isinstance(document, Path) else document
    parse_operation(operation)
    parse_request(request)
    fields = {"image": base64.b64encode(content).decode("ascii"), **request}
    # Immutable: as a later step of a chain it would be given the result of the one before.
    return app.signature(f"ocr.{operation}", kwargs={"request": fields}, queue=READER_QUEUE, immutable=True)


def submit(
    app: Celery,
    document: bytes | Path,
    operation: Operation = "extract_text",
    *,
    task_id: str | None = None,
    **request: Any,
) -> AsyncResult[Any]:
    """Send a document to the workers. Sending it again under the same ``task_id`` makes no second job.

    Args:
        app: On the workers' Redis, as broker and as result backend.
        document: Its bytes, or its file.
        operation: What to do with it.
        task_id: Of the job; made up if not given.
        **request: Fields of the request.

    Returns:
        Celery's handle: ``get()`` waits for the result as JSON, and raises the error of its code.

    Raises:
        InvalidRequest: A field is wrong; nothing is sent.
    """
    return call(app, document, operation, **request).apply_async(task_id=task_id)


def error_of(raised: BaseException) -> OcrqError | None:
    """The error in what ``get()`` raised, whichever class Celery made of it; None where it is not one of ocrq's."""
    if isinstance(raised, OcrqError):
        return raised
    arguments = raised.args
    if len(arguments) == 3 and isinstance(arguments[0], str) and isinstance(arguments[2], dict):
        return from_json({"code": arguments[0], "detail": arguments[1], **arguments[2]})
    return None
