"""How a page is read: one pipeline a file."""

from __future__ import annotations

from typing import Protocol

from ocrq.contracts import Page
from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, Engine, LineReader, PageReader
from worker.page import PageImage


class Pipeline(Protocol):
    """Reads a page, whatever the engine under it."""

    def read_page(self, page: PageImage, context: ReadContext) -> Page:
        """Read a page of any orientation; boxes come back in its own pixels."""
        ...


def pipeline_for(engine: Engine) -> Pipeline:
    """The plain read (OLM) with an engine.

    Raises:
        ModelUnavailable: The engine reads lines and nothing finds them.
    """
    if isinstance(engine, PageReader):
        from worker.pipelines.whole_page import WholePagePipeline

        return WholePagePipeline(engine)
    if isinstance(engine, Detector) and isinstance(engine, LineReader):
        from worker.pipelines.olm import OlmPipeline

        return OlmPipeline(engine, engine)
    raise ModelUnavailable(f"{engine.name} reads lines and finds none by itself", field="model_name")
