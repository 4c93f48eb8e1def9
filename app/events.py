"""A job's events as server-sent events."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ocrq.contracts import ENDED, Batch, Job
from ocrq.errors import InvalidRequest, OcrqError
from tasks.jobs.store import JobEvent
from tasks.unexpected import unexpected

logger = logging.getLogger(__name__)

_RECONNECT_MILLISECONDS = 2000
_EVENT_ID = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)  # as the stores number them: 7, or 1732400000000-0
_LAST_ID = (1 << 64) - 1  # of Redis's streams
_ID_DIGITS = 20  # of that number


def event_stream(events: Iterator[JobEvent | None], look: Callable[[], Job | Batch]) -> Iterator[str]:
    """The events as they are sent; one that says ``problem`` where they broke off.

    Args:
        events: From the backend; None becomes a comment, whose sending shows whether the client still listens.
        look: The job as it is now; sent whole when it has ended.
    """
    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
    try:
        for event in events:
            if event is None:
                yield ": still here\n\n"
            elif event.name == "status" and event.data.get("status") in ENDED:
                yield _as_text(replace(event, data=look().model_dump(mode="json")))
            else:
                yield _as_text(event)
    except OcrqError as error:
        yield _problem(error)
    except Exception as error:
        yield _problem(unexpected(logger, error, "telling a job's events"))
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def resume_after(last_event_id: str | None) -> str | None:
    """The ``Last-Event-ID`` header; None where it is not one of ocrq's, which replays the stream from its start.

    Raises:
        InvalidRequest: It is a number that no event has.
    """
    match = _EVENT_ID.fullmatch(last_event_id or "")
    if not match:
        return None
    if any(part and (len(part) > _ID_DIGITS or int(part) > _LAST_ID) for part in match.groups()):
        raise InvalidRequest("Last-Event-ID is not an event id; send the last one you received", field="Last-Event-ID")
    return last_event_id


def _as_text(event: JobEvent) -> str:
    return f"id: {event.id}\nevent: {event.name}\ndata: {_one_line(event.data)}\n\n"


def _problem(error: OcrqError) -> str:
    return f"event: problem\ndata: {_one_line(error.to_json())}\n\n"


def _one_line(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
