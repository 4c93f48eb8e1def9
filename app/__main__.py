"""``python -m app``: the API over the queue."""

from __future__ import annotations

import argparse
import json
import logging
import sys

from flask import Flask

from app.api_keys import KeyRing
from app.application import create_app
from app.authorization import Access
from app.limits import Meter
from app.openapi import openapi_document
from app.server import Server
from ocrq.errors import ServiceError
from ocrq.exposure import check_exposure
from tasks.monitoring.logs import configure_logs
from tasks.monitoring.tracing import start_tracing
from tasks.settings import Settings


def main() -> None:
    """Serve until stopped."""
    settings, arguments = _settings()
    if arguments.openapi:
        print(json.dumps(openapi_document(), indent=2, ensure_ascii=False, sort_keys=True))
        return
    configure_logs(settings.log_format)
    if not arguments.access_log:
        logging.getLogger("ocrq.access").setLevel(logging.WARNING)
    try:
        check_exposure(settings.host, keys=settings.has_keys, accepted=settings.open)
        keys = KeyRing.from_settings(settings)
    except ServiceError as error:
        sys.exit(f"error: {error.detail}")
    settings = settings.model_copy(update={"api_keys": None})  # the ring has their digests, and nobody needs more

    def make() -> Flask:
        from tasks.jobs.queue import queue_service

        start_tracing(settings, "api")
        meter = Meter.in_redis(settings) if keys and keys.metered else None
        return create_app(queue_service(settings), settings, Access(keys, meter))

    Server(make, settings, processes=arguments.processes, takes_body=Access(keys).takes_body).run()


def _settings() -> tuple[Settings, argparse.Namespace]:
    settings = Settings()
    parser = argparse.ArgumentParser(prog="python -m app", description="The ocrq API over the queue.")
    parser.add_argument("--host", default=settings.host, help="address to listen on (OCRQ_HOST; %(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port, 0 for any free (PORT; %(default)s)")
    parser.add_argument("--processes", type=int, default=1, help="server processes (%(default)s)")
    parser.add_argument("--openapi", action="store_true", help="print the OpenAPI document and exit")
    parser.add_argument(
        "--access-log", action=argparse.BooleanOptionalAction, default=True, help="log every request (%(default)s)"
    )
    arguments = parser.parse_args()
    return settings.model_copy(update={"host": arguments.host, "port": arguments.port}), arguments


if __name__ == "__main__":
    main()
