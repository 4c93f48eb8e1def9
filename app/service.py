"""What the service says of itself: health, readiness, models, the OpenAPI document."""

from __future__ import annotations

from functools import cache, partial

from flask import Blueprint, Response, request

from app.context import AppContext
from app.metrics import metrics_reply
from app.openapi import openapi_document
from app.replies import json_reply
from ocrq.errors import NoWorker


def service_routes(context: AppContext) -> Blueprint:
    """Routes that read nothing."""
    routes = Blueprint("service", __name__)
    routes.add_url_rule("/health", "health", partial(_health, context))
    routes.add_url_rule("/livez", "livez", _livez)
    routes.add_url_rule("/readyz", "readyz", partial(_readyz, context))
    routes.add_url_rule("/models", "models", partial(_models, context))
    routes.add_url_rule("/metrics", "metrics", partial(_metrics, context))
    routes.add_url_rule("/openapi.json", "openapi", _openapi)
    return routes


def _health(context: AppContext) -> Response:
    health = context.backend.health()
    return json_reply(health, 503 if health.status == "unhealthy" else 200)


def _livez() -> Response:
    return json_reply({"alive": True})


def _readyz(context: AppContext) -> Response:
    if not context.backend.ready():
        raise NoWorker("no worker can read now; start one, or wait until it has loaded its model")
    return json_reply({"ready": True})


def _models(context: AppContext) -> Response:
    return json_reply(context.backend.models())


def _metrics(context: AppContext) -> Response:
    return metrics_reply(context.backend.measured())


@cache
def _document() -> dict[str, object]:
    return openapi_document()


def _openapi() -> Response:
    return json_reply({**_document(), "servers": [{"url": request.script_root or "/"}]})
