"""The HTTP server: gunicorn with threads, since most callers wait and few compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from tasks.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SPARE_THREADS = 64  # beside those held by waiting callers: for health, submits and uploads on their way
SILENT_SECONDS = 30  # of a client in the middle of its body or our answer, after which it counts as gone
KEEPALIVE_SECONDS = 20  # an idle connection costs no thread
# Path without query, and no user name: both may hold what a caller meant to keep, a key by mistake among it.
ACCESS_LOG = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'
_IDLE_CONNECTIONS = 1000
_SHARED_MEMORY = Path("/dev/shm")  # gunicorn touches a file every second; on a busy disk that can block


class Server(BaseApplication):
    """Gunicorn around an application that each of its processes makes for itself.

    Args:
        make: Makes the application; called in each server process, after the fork, so that no connection is shared.
        settings: Address and bounds.
        processes: Server processes, each with threads for ``max_waiting`` waiting callers.
        access_log: Whether every request is logged on standard output.
    """

    def __init__(
        self, make: Callable[[], Flask], settings: Settings, processes: int = 1, access_log: bool = False
    ) -> None:
        self._make = make
        threads = settings.max_waiting + SPARE_THREADS
        self._options: dict[str, Any] = {
            "bind": bind_address(settings.host, settings.port),
            "worker_class": "gthread",
            "workers": processes,
            "threads": threads,
            "worker_connections": threads + _IDLE_CONNECTIONS,
            "keepalive": KEEPALIVE_SECONDS,
            "graceful_timeout": int(settings.drain_seconds),
            "accesslog": "-" if access_log else None,
            "access_log_format": ACCESS_LOG,
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
        return impatient(self._make())


def impatient(application: WSGIApplication) -> WSGIApplication:
    """Give up on clients that stop sending or receiving, so that they do not hold a thread for ever."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ["gunicorn.socket"].settimeout(SILENT_SECONDS)
        return application(environ, start_response)

    return call


def bind_address(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
