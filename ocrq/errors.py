"""The one error tree, the same through every transport.

    OcrqError
    ├── RequestError            the caller can mend it; asking again unchanged fails again
    │   ├── InvalidRequest      400  malformed JSON, wrong type, unknown field, out of bounds
    │   │   └── InvalidSchema   422  not a JSON Schema that fields can be read with
    │   ├── InvalidImage        400  not base64, empty
    │   ├── Unauthorized        401  no key, or one that is not known
    │   ├── Forbidden           403  the key lacks the scope
    │   ├── NotFound            404  no such route or model
    │   ├── JobNotFound         404  no such job
    │   ├── MethodNotAllowed    405
    │   ├── JobConflict         409  the job's state does not allow it
    │   ├── JobExpired          410  the job ended and its result was removed
    │   ├── TooLarge            413  body, pixels or pages over the limit
    │   ├── UnsupportedFormat   415  not an image or PDF we read
    │   ├── UnreadableDocument  422  truncated, damaged or encrypted
    │   ├── ModelNotAllowed     422  not on the operator's list
    │   ├── FieldsMissing       422  the document lacks what the schema requires
    │   └── JobCancelled        409  cancelled before it ended
    └── ServiceError            the caller did nothing wrong
        ├── QueueFull           429  retryable
        ├── TooManyWaiting      429  retryable
        ├── RateLimited         429  retryable; the API key's allowance is used up
        ├── BrokerUnavailable   503  retryable
        ├── DiskFull            503  retryable
        ├── NoWorker            503  retryable
        ├── ServerUnreachable   503  retryable; raised by the client: nothing answers
        ├── ModelUnavailable    503  retryable
        ├── WorkerSpent         503  retryable; out of memory, or its GPU failed
        ├── WaitTimeout         504  retryable; the job goes on
        ├── TimeLimitExceeded   504  the job took longer than it may
        ├── DocumentLost        500  its bytes are gone from the store
        ├── WorkerLost          500  every attempt ended with its worker's death
        ├── ReadFailed          500  no page could be read
        └── InternalError       500  not foreseen; carries the id that is in the log

Each carries ``code``, a stable name, ``detail``, a sentence that is safe to show and says the remedy, and ``field``,
the request field at fault. Their ``args`` are ``(code, detail, {"field", "retryable"})``: JSON for Celery callers.
"""

from __future__ import annotations

from typing import Any, ClassVar

BY_CODE: dict[str, type[OcrqError]] = {}


class OcrqError(Exception):
    """Root of the tree.

    Args:
        detail: What is wrong and what to do, safe to show to a caller.
        field: The request field at fault, dotted for nested ones (``decoding_options.num_beams``).
        retry_after: Seconds after which asking again makes sense.
        extra: Further JSON members for the problem document, e.g. ``{"models": [...]}``.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        *args: Any,
        field: str | None = None,
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        more: dict[str, Any] = dict(extra or {})
        if len(args) == 3 and isinstance(args[2], dict):  # as unpickled, or rebuilt from a Celery result
            _, detail, more = args[0], args[1], dict(args[2])
            field = more.pop("field", field)
            retry_after = more.pop("retry_after", retry_after)
            more.pop("retryable", None)
        else:
            detail = str(args[0]) if args else self.title
        self.detail: str = str(detail)
        self.field = field
        self.retry_after = retry_after
        self.extra = more
        facts: dict[str, Any] = {"field": field, "retryable": self.retryable, **more}
        if retry_after is not None:
            facts["retry_after"] = retry_after
        super().__init__(self.code, self.detail, facts)

    def __init_subclass__(cls) -> None:
        BY_CODE.setdefault(cls.code, cls)

    def __str__(self) -> str:
        return self.detail

    def to_json(self) -> dict[str, Any]:
        """The error as plain JSON: ``{code, detail, field, retryable, …}``."""
        return {"code": self.code, "detail": self.detail, **self.args[2]}


class RequestError(OcrqError):
    """The caller can mend it; asking again unchanged fails again."""

    code, title, status = "request_error", "The request cannot be served", 400


class InvalidRequest(RequestError):
    """Malformed JSON, a wrong type, an unknown field or a value out of its bounds."""

    code, title, status = "invalid_request", "The request is not valid", 400


class InvalidImage(RequestError):
    """The image is not base64, or empty."""

    code, title, status = "invalid_image", "The image cannot be decoded", 400


class Unauthorized(RequestError):
    """No API key, or one that is not known."""

    code, title, status = "unauthorized", "An API key is needed", 401


class Forbidden(RequestError):
    """The API key lacks the scope."""

    code, title, status = "forbidden", "The API key does not allow this", 403


class NotFound(RequestError):
    """No such route."""

    code, title, status = "not_found", "Nothing is here", 404


class JobNotFound(RequestError):
    """No job has this id."""

    code, title, status = "job_not_found", "No such job", 404


class MethodNotAllowed(RequestError):
    """The route exists, the method does not."""

    code, title, status = "method_not_allowed", "This method is not allowed here", 405


class JobConflict(RequestError):
    """The job's state, or an idempotency key's first use, does not allow it."""

    code, title, status = "job_conflict", "The job's state does not allow this", 409


class JobCancelled(RequestError):
    """The job was cancelled before it ended."""

    code, title, status = "job_cancelled", "The job was cancelled", 409


class JobExpired(RequestError):
    """The job ended, and its result was removed after its time to live."""

    code, title, status = "job_expired", "The job's result has expired", 410


class TooLarge(RequestError):
    """The body, the pixels or the pages are over the limit."""

    code, title, status = "too_large", "The document is too large", 413


class UnsupportedFormat(RequestError):
    """The bytes are neither an image nor a PDF that is read here."""

    code, title, status = "unsupported_format", "The format is not supported", 415


class UnreadableDocument(RequestError):
    """The document is truncated, damaged or encrypted."""

    code, title, status = "unreadable_document", "The document cannot be opened", 422


class ModelNotAllowed(RequestError):
    """The model is not on the operator's list."""

    code, title, status = "model_not_allowed", "The model is not on the list", 422


class InvalidSchema(InvalidRequest):
    """The schema is not a JSON Schema, too large, recursive, or holds a pattern that may run for ever."""

    code, title, status = "invalid_schema", "The schema cannot be used", 422


class FieldsMissing(RequestError):
    """The document lacks a field that the schema requires and does not let be null."""

    code, title, status = "fields_missing", "Required fields were not found", 422


class ServiceError(OcrqError):
    """The caller did nothing wrong."""

    code, title, status = "service_error", "The service could not do this", 500


class QueueFull(ServiceError):
    """As many jobs wait as may."""

    code, title, status, retryable = "queue_full", "The queue is full", 429, True


class TooManyWaiting(ServiceError):
    """As many callers wait for results as this process can hold."""

    code, title, status, retryable = "too_many_waiting", "Too many callers are waiting", 429, True


class RateLimited(ServiceError):
    """The API key's allowance of requests or bytes is used up for now."""

    code, title, status, retryable = "rate_limited", "The API key's limit is reached", 429, True


class BrokerUnavailable(ServiceError):
    """Redis does not answer."""

    code, title, status, retryable = "broker_unavailable", "The queue cannot be reached", 503, True


class DiskFull(ServiceError):
    """A disk of the service is full."""

    code, title, status, retryable = "disk_full", "A disk is full", 503, True


class NoWorker(ServiceError):
    """No worker lives that could read this."""

    code, title, status, retryable = "no_worker", "No worker is running", 503, True


class ServerUnreachable(ServiceError):
    """Nothing answers at the server's address; raised by the client."""

    code, title, status, retryable = "server_unreachable", "The server cannot be reached", 503, True


class ModelUnavailable(ServiceError):
    """The model is on the list, and no worker can load it."""

    code, title, status, retryable = "model_unavailable", "The model cannot be served now", 503, True


class WorkerSpent(ServiceError):
    """The reading process is out of memory, or its GPU failed; another one may read this."""

    code, title, status, retryable = "worker_spent", "The worker could not go on", 503, True


class WaitTimeout(ServiceError):
    """The synchronous wait ran out; the job goes on."""

    code, title, status, retryable = "wait_timeout", "The result is not ready yet", 504, True


class TimeLimitExceeded(ServiceError):
    """The job took longer than it may."""

    code, title, status = "time_limit_exceeded", "The job took too long", 504


class DocumentLost(ServiceError):
    """The document's bytes are gone from the store."""

    code, title, status = "document_lost", "The document is gone", 500


class WorkerLost(ServiceError):
    """Every attempt ended with the death of its worker."""

    code, title, status = "worker_lost", "The workers died on this job", 500


class ReadFailed(ServiceError):
    """No page of the document could be read."""

    code, title, status = "read_failed", "No page could be read", 500


class InternalError(ServiceError):
    """Not foreseen; the detail carries an id that is also in the log, and nothing of the inside."""

    code, title, status = "internal_error", "Something went wrong inside", 500


def from_json(data: dict[str, Any]) -> OcrqError:
    """The error that JSON with ``code`` and ``detail`` tells of; the root's own for a code not known here."""
    more = {k: v for k, v in data.items() if k not in {"code", "detail", "type", "title", "status", "instance"}}
    return BY_CODE.get(str(data.get("code")), OcrqError)(data.get("code"), data.get("detail", ""), more)
