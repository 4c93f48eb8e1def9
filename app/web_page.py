"""The web page, and the page that describes the API."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, make_response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from app.context import AppContext
from ocrq import __version__

# Everything from here and nothing inline; blob: shows the document that was chosen.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
_ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_ASSET_SECONDS = 86400


def page_routes(context: AppContext) -> Blueprint:
    """``/``, ``/docs`` and what that is made of."""
    routes = Blueprint("page", __name__)

    def show() -> Response:
        return _page(
            render_template(
                "index.html",
                version=__version__,
                max_bytes=context.settings.max_body_bytes,
                asks_for_key=context.access.requires_keys,
            )
        )

    routes.add_url_rule("/", "show", show)
    routes.add_url_rule("/docs", "docs", lambda: _page(render_template("docs.html")))
    routes.add_url_rule("/docs/assets/<name>", "asset", _asset)
    return routes


def _page(text: str) -> Response:
    response = make_response(text)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _asset(name: str) -> Response:
    if name not in _ASSETS:
        raise NotFound
    return send_from_directory(_SWAGGER, name, max_age=_ASSET_SECONDS)
