"""One trace of an HTTP job: request, queue wait, unit and render, whatever processes they are in."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from types import SimpleNamespace

import fakeredis
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from PIL import Image

from app import create_app
from tasks.catalogue import Catalogue
from tasks.monitoring.tracing import install_tracer, past_span, span, traceparent
from tasks.settings import Settings
from tests.documents import as_tiff
from tests.redis_service import reading_from
from worker.imaging.decode import open_document
from worker.imaging.limits import Limits
from worker.models.registry import Registry
from worker.runner import PipelineRunner

SETTINGS = Settings(model="fake")
CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    install_tracer(provider.get_tracer("test"))
    yield exporter
    install_tracer(None)


class Runner(PipelineRunner):
    """What reads in a worker, with the gate that the tests' services open at their end."""

    gate = SimpleNamespace(set=lambda: None)

    def __init__(self) -> None:
        limits = Limits(max_pixels=10**7, max_pages=10, pdf_dpi=100)
        registry = Registry(SETTINGS, Catalogue.from_settings(SETTINGS), None)
        super().__init__(registry, lambda data: open_document(data, limits), limits)


def test_a_job_is_one_trace_from_the_request_to_what_is_rendered(spans: InMemorySpanExporter) -> None:
    pages = as_tiff([Image.new("RGB", (60, 40), "white")] * 2)
    request = {"image": base64.b64encode(pages).decode(), "output": ["markdown"]}
    with reading_from(fakeredis.FakeServer(), Runner(), SETTINGS, 1) as (service, _, _):  # type: ignore[arg-type]
        client = create_app(service, SETTINGS).test_client()
        body = {"endpoint": "/extract_text", "request": request}
        job = client.post("/jobs", json=body, headers={"traceparent": CALLERS}).get_json()
        assert client.get(f"/jobs/{job['id']}?wait=30").get_json()["status"] == "succeeded"
    trace = int(CALLERS.split("-")[1], 16)
    of_job = [span for span in spans.get_finished_spans() if span.context and span.context.trace_id == trace]
    names = [span.name for span in of_job]
    assert {"POST /jobs", "queue wait", "job", "unit", "decode", "recognise", "render"} <= set(names)
    assert names.count("unit") == 2
    by_id = {span.context.span_id: span for span in of_job if span.context}

    def above(span: ReadableSpan) -> list[str]:
        found = []
        while span.parent and span.parent.span_id in by_id:
            span = by_id[span.parent.span_id]
            found.append(span.name)
        return found

    expected = {"unit": ["POST /jobs"], "recognise": ["unit", "POST /jobs"], "render": ["job", "POST /jobs"]}
    assert {name: above(next(span for span in of_job if span.name == name)) for name in expected} == expected
    logged = " ".join(str(dict(span.attributes or {})) for span in of_job)
    assert job["id"] in logged and "Hello" not in logged, "ids are told, text is not"


def test_without_a_tracer_nothing_is_kept_of_a_trace(spans: InMemorySpanExporter) -> None:
    install_tracer(None)
    with span("job", CALLERS):
        past_span("queue wait", CALLERS, 1.0, 2.0)
        assert traceparent() is None
    assert spans.get_finished_spans() == ()
