"""The consumer of Celery messages: what is not an ocrq job is answered with an error, and its body is never logged.

While Redis takes no commands, one line a second says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from celery import signals
from celery.worker.consumer import Consumer
from kombu.exceptions import KombuError
from pydantic import BaseModel, TypeAdapter

from ocrq.errors import InvalidRequest, OcrqError
from ocrq.redis_faults import redis_fault

log = logging.getLogger(__name__)

_MAX_NAME_CHARACTERS = 100
_RETRY_SECONDS = 1.0


class _TaskHeaders(BaseModel):
    """Headers that Celery uses unchecked once a task has its place in the pool, which an error there would not free."""

    id: str = ""
    timelimit: tuple[float | None, float | None] | None = None
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None


_HEADERS = TypeAdapter(_TaskHeaders | None)


class AnsweringConsumer(Consumer):
    """Celery's consumer, which would log such messages with their documents, and answer few of them."""

    app: Any  # what Celery's stubs leave out
    connection_errors: Any

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Redis refuses what a consumer begins with. Celery would try seven times a second, with a traceback."""
        log.error("no jobs are taken, trying again: %s", redis_fault(exc).detail)
        time.sleep(_RETRY_SECONDS)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], object]:
        """What takes a message: one whose headers or options Celery cannot use is refused like any other."""
        take = super().create_task_handler(*args, **kwargs)

        def take_or_refuse(message: Any) -> None:
            try:
                _HEADERS.validate_python(message.headers)
                take(message)
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                self._reject(message)
                self.on_invalid_task(None, message, error)

        return take_or_refuse

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """No task has this name."""
        name = _name(message)
        known = ", ".join(sorted(task for task in self.app.tasks if task.startswith("ocr.")))
        self._refuse(message, InvalidRequest(f"{name!r} is not a task; there are {known}", field="task"))
        signals.task_unknown.send(sender=self, message=message, exc=exc, name=name, id=_headers(message).get("id"))

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """The name is known and the rest is wrong: arguments that are not a list, a date that is not one."""
        self._refuse(message, InvalidRequest("the message's arguments or options are not those of a Celery task"))
        signals.task_rejected.send(sender=self, message=message, exc=exc)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """It is not a task's message: nobody can be answered."""
        log.warning("a message of %d bytes that is not a task was dropped", len(message.body or b""))
        self._reject(message)
        signals.task_rejected.send(sender=self, message=message, exc=None)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Its body is in a format that is not accepted, such as pickle."""
        log.warning("a message of type %.40r was dropped: only JSON is accepted", message.content_type)
        message.ack()

    def _reject(self, message: Any) -> None:
        """Take it off the queue: one that is kept holds the place of another task."""
        if not message.acknowledged:
            message.reject_log_error(log, self.connection_errors)

    def _refuse(self, message: Any, error: OcrqError) -> None:
        headers = _headers(message)
        log.warning("message %.64s was refused: %s", headers.get("id"), error)
        self._reject(message)
        if not isinstance(headers.get("id"), str):
            return
        about = SimpleNamespace(
            id=headers["id"],
            name=_name(message),
            task=_name(message),
            chord=None,
            errbacks=None,
            root_id=headers.get("root_id"),
            group=headers.get("group"),
            correlation_id=message.properties.get("correlation_id"),
            reply_to=message.properties.get("reply_to"),
        )
        self.app.backend.mark_as_failure(headers["id"], error, request=about)


def _headers(message: Any) -> dict[str, Any]:
    """Those of a task's message, which the first protocol keeps in its body."""
    headers = message.headers if isinstance(message.headers, dict) else {}
    if "task" in headers:
        return headers
    try:
        payload = message.payload
    except (KombuError, TypeError, ValueError, LookupError):  # pickled, say
        return {}
    return payload if isinstance(payload, dict) else {}


def _name(message: Any) -> str:
    return str(_headers(message).get("task"))[:_MAX_NAME_CHARACTERS]
