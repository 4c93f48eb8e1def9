"""``python standalone.py``: the HTTP routes and the reading in one process, without Redis.

For RunPod's load balancing and for small installs; the one file that imports both ``app`` and ``worker``. ``/ping``
answers 204 while the models load and 200 from then on, on ``PORT`` and on ``PORT_HEALTH``.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from app.api_keys import KeyRing
from app.application import create_app
from app.authorization import Access
from app.server import Server, bind_address
from ocrq.errors import ServiceError
from ocrq.exposure import check_exposure
from tasks.catalogue import Catalogue
from tasks.execution.inline import InlineWorkers, inline_service
from tasks.monitoring.logs import configure_logs
from tasks.monitoring.tracing import start_tracing
from tasks.settings import Settings
from worker.serverless.cuda import has_lost_its_gpu
from worker.serverless.replacement import ReplaceableRunner

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PING = "/ping"
SYNC_SECONDS = 300.0  # of a synchronous wait: RunPod cuts at 330 s, and a job asked for later may be another worker's
MAX_QUEUED = 64  # documents, which wait in this process's memory
LOAD_FAILED = 4  # the exit code at which gunicorn does not start the process again

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until stopped."""
    settings, health_port = _settings()
    configure_logs(settings.log_format)
    try:
        check_exposure(settings.host, keys=settings.has_keys, accepted=settings.open)
        keys = KeyRing.from_settings(settings)
    except ServiceError as error:
        sys.exit(f"error: {error.detail}")
    settings = settings.model_copy(update={"api_keys": None})  # the ring has their digests, and nobody needs more
    ports = dict.fromkeys((settings.port, health_port))
    StandaloneServer(settings, Access(keys), [bind_address(settings.host, port) for port in ports]).run()


class StandaloneServer(Server):
    """The HTTP server around one process that reads.

    Args:
        settings: Of the routes, the backend and the models.
        access: Who may do what.
        addresses: To listen on.
    """

    def __init__(self, settings: Settings, access: Access, addresses: Sequence[str]) -> None:
        self._addresses = list(addresses)
        super().__init__(lambda: make_app(settings, access), settings, takes_body=access.takes_body)

    def load_config(self) -> None:
        """As the API, on each of the addresses."""
        super().load_config()
        self.cfg.set("bind", self._addresses)


def make_app(settings: Settings, access: Access | None = None) -> Flask:
    """The application; its models load in the background, and the process ends if they cannot be loaded."""
    start_tracing(settings, "standalone")
    service, workers = inline_service(settings, Catalogue.from_settings(settings))
    app = create_app(service, settings, access)
    app.wsgi_app = Ping(app.wsgi_app, workers.ready)  # type: ignore[method-assign]
    threading.Thread(target=_load, args=(workers, settings), name="load", daemon=True).start()
    return app


class Ping:
    """Answers ``/ping``, for which the balancer has no key, before anything else does."""

    def __init__(self, application: WSGIApplication, is_ready: Callable[[], bool]) -> None:
        self._application = application
        self._is_ready = is_ready

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI call."""
        if environ.get("PATH_INFO") != PING:
            return self._application(environ, start_response)
        ready = self._is_ready()
        headers = [("Cache-Control", "no-store"), ("Content-Type", "text/plain")]
        start_response("200 OK" if ready else "204 No Content", headers)
        return [b"ready\n"] if ready else []


def _end() -> None:
    """End, as gracefully as ever: what is read meanwhile is answered. Another process is started for this one."""
    log.critical("this process can no longer read; it exits and is replaced")
    os.kill(os.getpid(), signal.SIGTERM)


def _load(workers: InlineWorkers, settings: Settings) -> None:
    try:
        from worker.serverless.process import start_reading  # not in the server's parent, which forks

        reading = start_reading(settings)
        workers.read_with(ReplaceableRunner(reading.runner, has_lost_its_gpu, _end), reading.at_once, reading.health)
        log.info("ready, reading %d documents at a time", reading.at_once)
    except Exception:
        log.exception("the models cannot be loaded")
        sys.stderr.flush()
        os._exit(LOAD_FAILED)


def _settings() -> tuple[Settings, int]:
    """The settings, with defaults for one process, and the port that is asked for health."""
    settings = Settings()
    parser = argparse.ArgumentParser(prog="standalone.py", description="The ocrq API and its reader in one process.")
    parser.add_argument("--host", default=settings.host, help="address to listen on (OCRQ_HOST; %(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port (PORT; %(default)s)")
    parser.add_argument(
        "--health-port",
        type=int,
        default=os.environ.get("PORT_HEALTH") or None,
        help="port that is asked for /ping, too (PORT_HEALTH; the same)",
    )
    arguments = parser.parse_args()
    changes: dict[str, Any] = {"host": arguments.host, "port": arguments.port}
    for name, value in (("sync_seconds", SYNC_SECONDS), ("max_queued", MAX_QUEUED)):
        if name not in settings.model_fields_set:
            changes[name] = value
    health_port = arguments.port if arguments.health_port is None else arguments.health_port
    return settings.model_copy(update=changes), health_port


if __name__ == "__main__":
    main()
