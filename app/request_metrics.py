"""Every request gets an id, a line in the access log, a place in the metrics and, where wanted, a span."""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from contextlib import ExitStack

from flask import Flask, Response, g, request

from tasks.jobs.service import JobService
from tasks.monitoring.counters import COUNTERS
from tasks.monitoring.logs import REQUEST_ID
from tasks.monitoring.tracing import span

HEADER = "X-Request-ID"
FLUSH_SECONDS = 5.0  # between two times that what was counted is added to Redis
_SENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what a proxy or a caller may send; anything else gets an id of ocrq's

log = logging.getLogger("ocrq.access")


def measure_requests(app: Flask, backend: JobService) -> None:
    """Measure each request of an application. Registered first, so that refused requests count too."""
    flush = _Flush(backend)

    def begin() -> None:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if _SENT_ID.fullmatch(sent) else secrets.token_hex(8)
        g.began = time.perf_counter()
        REQUEST_ID.set(g.request_id)
        g.spans = ExitStack()
        name = f"{request.method} {_route()}"
        g.spans.enter_context(span(name, request.headers.get("traceparent"), request_id=g.request_id))

    def end(response: Response) -> Response:
        seconds, route = time.perf_counter() - g.began, _route()
        COUNTERS.add("http_requests", method=_method(), route=route, status=str(response.status_code))
        COUNTERS.observe("http_request_seconds", seconds, route=route)
        response.headers[HEADER] = g.request_id
        facts = {"status": response.status_code, "bytes": response.content_length, "seconds": round(seconds, 4)}
        log.info(
            '%s "%s %s" %d %s %.3f s %s',
            request.remote_addr,
            request.method,
            request.path,  # without its query, where a caller may have put a key by mistake
            response.status_code,
            response.content_length or "-",
            seconds,
            g.request_id,
            extra={"method": request.method, "path": request.path, "address": request.remote_addr, **facts},
        )
        flush.flush_when_due()
        return response

    def close(_error: BaseException | None) -> None:
        if "spans" in g:
            g.spans.close()
        REQUEST_ID.set(None)

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(close)


def _route() -> str:
    """The route's pattern: ids in labels would make a series for each job."""
    return request.url_rule.rule if request.url_rule else "none"


def _method() -> str:
    return request.method if request.method in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} else "other"


class _Flush:
    """Adds this process's counts to all others', every few seconds while requests come."""

    def __init__(self, backend: JobService) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def flush_when_due(self) -> None:
        if time.monotonic() - self._last < FLUSH_SECONDS or not self._lock.acquire(blocking=False):
            return
        self._last = time.monotonic()
        # In a thread of its own: while Redis does not answer, no caller waits for it.
        threading.Thread(target=self._flush, name="counters", daemon=True).start()

    def _flush(self) -> None:
        try:
            self._backend.flush_counters()
        finally:
            self._lock.release()
