"""The task functions: the four operations, their units, and health.

Called directly, they read in this process, without a broker, and may be given a context to cancel them by and to
hear from. As Celery tasks they run in the JobExecutor, which makes each job end exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from celery import Task, shared_task

from ocrq.contracts import Operation
from ocrq.contracts.parse import MAX_FIELD_CHARACTERS
from ocrq.errors import InvalidRequest, OcrqError
from tasks.documents.download import fetcher
from tasks.documents.submission import Submission
from tasks.process_context import process
from tasks.runner import ReadContext, run_inline
from tasks.settings import Settings

OPERATION_OF: dict[str, Operation | None] = {
    "ocr.extract_text": "extract_text",
    "ocr.extract_text_robust": "extract_text_robust",
    "ocr.extract_structured": "extract_structured",
    "ocr.extract_structured_robust": "extract_structured_robust",
    "ocr.read_unit": None,
}


class TrackedTask(Task):  # type: ignore[type-arg]
    """A task whose messages run in the JobExecutor; called directly, it is a plain function."""

    throws = (OcrqError,)  # reported errors, logged without a traceback
    Request = "tasks.execution.celery_request:LedgerRequest"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, or the task's message."""
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        return process.get_executor().run(self, OPERATION_OF[self.name], request_of(args, kwargs))


def request_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
    """The request of a message: the keyword ``request``, or the one positional argument; None where there is none.

    Raises:
        InvalidRequest: Something else came; the caller gets an error rather than wait for ever.
    """
    others = sorted(name for name in kwargs if name not in ("request", "context"))
    if others:
        name = others[0][:MAX_FIELD_CHARACTERS]
        raise InvalidRequest(
            f"{name} was sent next to request; send kwargs={{'request': {{…}}}} with it inside", field=name
        )
    if "request" in kwargs:
        return kwargs["request"]  # a chain puts the result before it in front of it
    if len(args) > 1:
        raise InvalidRequest(f"{len(args)} arguments were sent; send kwargs={{'request': {{…}}}}", field="request")
    return args[0] if args else None


def _read(operation: Operation, request: object, context: ReadContext | None) -> dict[str, Any]:
    settings = Settings()
    given = Submission.of(operation, request, max_bytes=settings.max_body_bytes, fetch=fetcher(settings))
    context = replace(context or ReadContext(), options=given.decoding_options)
    return run_inline(process.get_runner(), given, context)


@shared_task(name="ocr.extract_text", base=TrackedTask)
def extract_text(request: dict[str, Any] | None = None, context: ReadContext | None = None) -> dict[str, Any]:
    """Read a document plainly (OLM). ``request`` is a ReadRequest as JSON; returns a TextResult as JSON."""
    return _read("extract_text", request, context)


@shared_task(name="ocr.extract_text_robust", base=TrackedTask)
def extract_text_robust(request: dict[str, Any] | None = None, context: ReadContext | None = None) -> dict[str, Any]:
    """Read variants of each page and vote (RoLM). Request and result as for :func:`extract_text`."""
    return _read("extract_text_robust", request, context)


@shared_task(name="ocr.extract_structured", base=TrackedTask)
def extract_structured(request: dict[str, Any] | None = None, context: ReadContext | None = None) -> dict[str, Any]:
    """Read plainly and fill ``schema``; returns a StructuredResult as JSON."""
    return _read("extract_structured", request, context)


@shared_task(name="ocr.extract_structured_robust", base=TrackedTask)
def extract_structured_robust(
    request: dict[str, Any] | None = None, context: ReadContext | None = None
) -> dict[str, Any]:
    """Read robustly, fill ``schema`` and check across fields; returns a StructuredResult as JSON."""
    return _read("extract_structured_robust", request, context)


@shared_task(name="ocr.read_unit", base=TrackedTask)
def read_unit() -> None:
    """Some pages of a document; the ledger says which. For the workers among themselves."""
    raise NotImplementedError("units exist in the ledger only")


@shared_task(name="ocr.health")
def health(request: dict[str, Any] | None = None) -> dict[str, Any]:
    """The service's health from the workers' heartbeats, as JSON."""
    return process.health().model_dump(mode="json")
