"""The web page."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from app.context import AppContext
from ocrq import __version__

# Everything from here and nothing inline; blob: shows the document that was chosen.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_routes(context: AppContext) -> Blueprint:
    """``/``."""
    routes = Blueprint("page", __name__)

    def show() -> Response:
        page = render_template(
            "index.html",
            version=__version__,
            max_bytes=context.settings.max_body_bytes,
            asks_for_key=context.access.asks_for_keys,
        )
        response = make_response(page)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"
        return response

    routes.add_url_rule("/", "show", show)
    return routes
