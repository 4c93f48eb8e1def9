"""One loaded engine and pipeline for all of these tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ocrq.contracts import Page
from tasks.runner import ReadContext
from tests.models_cache import MODELS_CACHE
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.page import PageImage, Pixels
from worker.reading.plain import PlainPipeline


@pytest.fixture(scope="session")
def engine() -> RapidOcrEngine:
    return RapidOcrEngine.load(cache=MODELS_CACHE)


@pytest.fixture(scope="session")
def read(engine: RapidOcrEngine) -> Callable[[Pixels], Page]:
    pipeline = PlainPipeline(engine, engine)

    def read_pixels(pixels: Pixels) -> Page:
        return pipeline.read_page(PageImage(1, pixels), ReadContext())

    return read_pixels
