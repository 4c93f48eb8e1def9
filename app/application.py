"""The Flask application: routes, limits and headers put together over a JobService."""

from __future__ import annotations

from flask import Flask, Response

from app.authorization import Access
from app.bytes_in_flight import MemoryLimiter
from app.context import AppContext
from app.cors import allow_origins
from app.cross_site import refuse_other_sites
from app.jobs import job_routes
from app.paths import PathNormalizer
from app.problems import report_errors_as_problems
from app.request_body import InMemoryRequest
from app.request_metrics import measure_requests
from app.service import service_routes
from app.synchronous import read_routes
from app.waiting import WaitLimiter
from app.web_page import page_routes
from app.webhooks import webhook_routes
from ocrq.contracts import MAX_BATCH
from tasks.documents.download import fetcher
from tasks.jobs.service import JobService
from tasks.settings import MEGABYTE, Settings

_BESIDE_THE_DOCUMENT = MEGABYTE  # bytes of a body for all that is not the document: prompt, schema, options
_SMALL_PARTS = 50  # parts of a form that are not files


def create_app(backend: JobService, settings: Settings, access: Access | None = None) -> Flask:
    """The application.

    Args:
        backend: Runs the jobs: the queue, or one process by itself.
        settings: Bounds: ``max_body_bytes``, ``max_waiting``, ``sync_seconds``; ``cors_origins``.
        access: Who may do what; by the settings' keys if not given.

    Raises:
        ServiceError: The settings' keys are wrong.
    """
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.request_class = InMemoryRequest
    limit = max_content_bytes(settings.max_body_bytes)
    app.config.update(MAX_CONTENT_LENGTH=limit, MAX_FORM_MEMORY_SIZE=limit, MAX_FORM_PARTS=MAX_BATCH + _SMALL_PARTS)
    context = AppContext(
        backend,
        settings,
        WaitLimiter(settings.max_waiting),
        MemoryLimiter(),
        access or Access.from_settings(settings),
        fetcher(settings),
    )
    measure_requests(app, backend)
    context.access.guard(app)
    refuse_other_sites(app, settings)
    for routes in (read_routes, job_routes, webhook_routes, service_routes, page_routes):
        app.register_blueprint(routes(context))
    report_errors_as_problems(app, settings)
    app.after_request(_add_headers)
    allow_origins(app, settings.cors_origins)
    app.wsgi_app = PathNormalizer(app.wsgi_app)  # type: ignore[method-assign]
    return app


def max_content_bytes(max_document_bytes: int) -> int:
    """The largest body taken: a document of the largest size in base64, which makes four bytes of three, and more."""
    return -(-max_document_bytes // 3) * 4 + _BESIDE_THE_DOCUMENT


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
