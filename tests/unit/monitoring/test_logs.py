from __future__ import annotations

import json
import logging
import sys

from tasks.monitoring.logs import JOB_ID, REQUEST_ID, TEXT, JsonFormatter, TextFormatter


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("ocrq.jobs", logging.INFO, __file__, 1, message, (), None)
    vars(made).update(extra)
    return made


def test_a_line_is_one_json_object_with_the_ids_at_hand() -> None:
    tokens = (JOB_ID, JOB_ID.set("4f1c")), (REQUEST_ID, REQUEST_ID.set("ab12"))
    try:
        line = JsonFormatter().format(record("two\nlines", pages=2))
    finally:
        for variable, token in tokens:
            variable.reset(token)
    assert "\n" not in line
    logged = json.loads(line)
    assert logged.pop("time").endswith("+00:00")
    assert logged == {
        "level": "info",
        "logger": "ocrq.jobs",
        "message": "two\nlines",
        "job_id": "4f1c",
        "request_id": "ab12",
        "pages": 2,
    }


def test_what_a_caller_sent_ends_no_line_and_moves_no_cursor() -> None:
    line = TextFormatter(TEXT).format(record("failed: a\n2026-01-01 ERROR ocrq: made up\x1b[2J\u2028é"))
    assert line.endswith(r"failed: a\n2026-01-01 ERROR ocrq: made up\x1b[2J\u2028é")
    assert len(line.splitlines()) == 1


def test_an_exception_is_reported_with_its_traceback() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        logged = json.loads(JsonFormatter().format(record("failed", exc_info=sys.exc_info())))
    assert "ValueError: why" in logged["exception"] and "job_id" not in logged
