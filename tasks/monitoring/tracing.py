"""Traces, where the operator has set ``OCRQ_TRACES_URL``: one of a job, from the HTTP request to the last page.

The OpenTelemetry packages (extra ``traces``) are imported only then. A job keeps the W3C ``traceparent`` of whoever
submitted it, so its runs belong to that trace, in whatever process and however often they are published.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from ocrq.errors import ServiceError
from tasks.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_tracer: Tracer | None = None


def install_tracer(tracer: Tracer | None) -> None:
    """Make ``tracer`` the one of this process; None ends tracing."""
    global _tracer
    _tracer = tracer


def start_tracing(settings: Settings, part: str) -> None:
    """Send this process's spans to the operator's collector, in batches; called after a fork, for the thread's sake.

    Args:
        settings: ``traces_url``; nothing happens without it.
        part: ``api``, ``worker`` or ``control``: the service's name is ``ocrq-`` and this.

    Raises:
        ServiceError: The packages are missing.
    """
    if settings.traces_url is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ServiceError("OCRQ_TRACES_URL needs OpenTelemetry; in the checkout: pip install -e '.[traces]'") from None
    provider = TracerProvider(resource=Resource.create({"service.name": f"ocrq-{part}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces_url)))
    install_tracer(provider.get_tracer("ocrq"))


def span(name: str, parent: str | None = None, **attributes: str | int | float) -> AbstractContextManager[object]:
    """A span around a block; nothing without a tracer.

    Args:
        name: Of the span.
        parent: A ``traceparent``; the current span if not given.
        **attributes: Of the span; never anything of a document.
    """
    if _tracer is None:
        return nullcontext()
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    return _tracer.start_as_current_span(name, context=context, attributes=attributes)


def past_span(name: str, parent: str | None, began: float, ended: float) -> None:
    """A span of what was not a block of code, such as a wait in the queue; seconds since the epoch."""
    if _tracer is None or parent is None:
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent})
    made = _tracer.start_span(name, context=context, start_time=round(began * 1e9))
    made.end(round(max(began, ended) * 1e9))


def traceparent() -> str | None:
    """The current span, as a job keeps it; None without a tracer."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
