"""Webhook deliveries that were given up: look at them, send them again."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, request

from app.context import AppContext
from app.replies import json_reply
from ocrq.errors import InvalidRequest


def webhook_routes(context: AppContext) -> Blueprint:
    """``/webhooks`` and what is below."""
    routes = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    routes.add_url_rule("", "list", partial(_list, context), methods=["GET"])
    routes.add_url_rule("/<delivery_id>/retry", "retry", partial(_retry, context), methods=["POST"])
    return routes


def _list(context: AppContext) -> Response:
    if request.args.get("state") != "dead":
        raise InvalidRequest("state must be dead, for deliveries that finally failed", field="state")
    found = context.backend.dead_deliveries(context.access.caller().sees)
    return json_reply({"deliveries": found})


def _retry(context: AppContext, delivery_id: str) -> Response:
    context.backend.retry_delivery(delivery_id, context.access.caller().sees)
    return json_reply({"id": delivery_id}, 202)
