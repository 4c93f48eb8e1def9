"""Fields against a manifest's truth: what to ask of a document, and when an answer is right."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.documents import Entry
from evaluation.scoring import SCORER
from ocrq.contracts import Page
from tasks.runner import ReadContext
from worker.page import PageImage

SCHEMAS: dict[str, dict[str, str]] = {
    "receipt": {"company": "string", "date": "string", "total": "number", "address": "string"},
    "invoice": {"invoice_number": "string", "date": "string", "total": "number"},
}
"""What is asked of a kind of document; other kinds are asked what invoices are."""


def asked_of(entry: Entry) -> dict[str, str]:
    """The schema for a document: of what is asked of its kind, what its truth tells."""
    asked = SCHEMAS.get(entry.kind, SCHEMAS["invoice"])
    return {name: kind for name, kind in asked.items() if entry.gold["fields"].get(name) is not None}


def is_right(entry: Entry, name: str, value: Any) -> bool:
    """Whether a value is right, by the comparison of the data's own scorer."""
    gold = entry.gold
    manifest = next(folder for folder in entry.path.parents if (folder / SCORER).is_file())
    return bool(_comparison(manifest / SCORER)(name, value, gold["fields"][name], gold.get("dayfirst", True)))


def read_pages(images: Sequence[PageImage]) -> list[Page]:
    """Pages by the plain read on the embedded engine."""
    pipeline = _pipeline()
    return [pipeline.read_page(image, ReadContext()) for image in images]


@cache
def _pipeline() -> Any:
    from worker.engines.ppocr.engine import RapidOcrEngine
    from worker.reading.plain import PlainPipeline

    engine = RapidOcrEngine.load()
    return PlainPipeline(engine, engine)


@cache
def _comparison(scorer: Path) -> Any:
    spec = importlib.util.spec_from_file_location("data_score_fields", scorer)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{scorer} is missing; the manifest comes with its scorer")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.same
