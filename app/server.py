"""The HTTP server: gunicorn with threads, since most callers wait and few compute."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from app.application import max_content_bytes
from app.http_connection import KEEPALIVE_SECONDS, Intake, TakesBody
from app.http_worker import HttpWorker
from app.replies import PROBLEM
from ocrq.errors import DiskFull
from tasks.settings import Settings

SPARE_THREADS = 64  # beside those held by waiting callers: for submits, polls and answers to slow readers
_BUSY_RETRY = 5  # seconds
_SHARED_MEMORY = Path("/dev/shm")  # gunicorn touches a file every second; on a busy disk that can block


class Server(BaseApplication):
    """Gunicorn around an application that each of its processes makes for itself.

    Args:
        make: Makes the application; called in each server process, after the fork, so that no connection is shared.
        settings: Address and bounds.
        processes: Server processes, each with threads for ``max_waiting`` waiting callers.
        takes_body: Whether a request's body is received before it is answered; always, if not given.
    """

    def __init__(
        self,
        make: Callable[[], Flask],
        settings: Settings,
        processes: int = 1,
        takes_body: TakesBody | None = None,
    ) -> None:
        self._make = make
        self.intake = Intake(
            takes_body or (lambda headers: True),
            max_content_bytes(settings.max_body_bytes),
            settings.max_connections,
            _busy(),
        )
        threads = settings.max_waiting + SPARE_THREADS
        self._options: dict[str, Any] = {
            "bind": bind_address(settings.host, settings.port),
            "worker_class": HttpWorker,
            "workers": processes,
            "threads": threads,
            "worker_connections": 1_000_000,  # the worker has a bound of its own, at which it makes room
            "keepalive": KEEPALIVE_SECONDS,
            "graceful_timeout": int(settings.drain_seconds),
            "control_socket_disable": True,
            "worker_tmp_dir": str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None,
            "proc_name": "ocrq-api",
        }
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn asks for its settings; its own files and environment variables are not read."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Gunicorn asks for the application, in the process that will serve it."""
        return self._make()


def _busy() -> bytes:
    """The answer to a body that there is no room for while it arrives."""
    error = DiskFull("the server has no room for the document now; try again", retry_after=_BUSY_RETRY)
    members = {"type": f"urn:ocrq:error:{error.code}", "title": error.title, "status": error.status, **error.to_json()}
    body = json.dumps(members).encode()
    head = (
        f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(body)}\r\n"
        f"Retry-After: {_BUSY_RETRY}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def bind_address(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
