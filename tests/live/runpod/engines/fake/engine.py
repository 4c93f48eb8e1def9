"""An engine in the place of the fake one, whose GPU fails on pages of a certain width."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.info import EngineInfo
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading

DEADLY = 101  # pixels


class DyingEngine(PageReader):
    info = EngineInfo("fake/dying", reads="pages", gives_boxes=True, batch_size=2)

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        if any(page.width == DEADLY for page in pages):
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return [PageReading(text=f"page {page.number}", probability=0.9) for page in pages]


def load(model: str, settings: Settings) -> DyingEngine:
    return DyingEngine()
