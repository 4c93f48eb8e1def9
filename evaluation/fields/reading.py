"""Documents read by the embedded engine as the worker reads them, their pages kept as JSON."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from evaluation.documents import Entry
from ocrq.contracts import Page
from tasks.runner import ReadContext
from worker.imaging.decode import open_document
from worker.imaging.limits import Limits
from worker.reading.layer_reading import page_image

TextLayer = Literal["auto", "never"]


def pages_of(entry: Entry, cache: Path, text_layer: TextLayer = "never") -> list[Page]:
    """A document's pages as the plain read gives them; read once and kept.

    Args:
        entry: The document.
        cache: Folder of what was read; delete it when reading or layout change.
        text_layer: As in a request.
    """
    kept = cache / text_layer / f"{Path(entry.name).name}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        pages = _read(entry, text_layer)
        kept.write_text(json.dumps([page.model_dump(mode="json") for page in pages]), encoding="utf-8")
    return [Page.model_validate(page) for page in json.loads(kept.read_text(encoding="utf-8"))]


def _read(entry: Entry, text_layer: TextLayer) -> list[Page]:
    engine, pipelines = _pipelines()
    with open_document(entry.path.read_bytes(), Limits()) as document:
        images = [page_image(document, number, text_layer != "never") for number in range(1, document.page_count + 1)]
    return [one.page for image in images for one in pipelines[text_layer].read_pages([image], ReadContext())]


@cache
def _pipelines() -> tuple[Any, dict[str, Any]]:
    from worker.engines.ppocr.engine import RapidOcrEngine
    from worker.reading import ReadMode, pipeline_for
    from worker.reading.layer_reading import TextLayerPipeline

    engine = RapidOcrEngine.load()
    plain = pipeline_for(engine, ReadMode(), lambda: engine)
    return engine, {"never": plain, "auto": TextLayerPipeline(plain, "auto", engine)}
