"""A faulty engine in the place of the one for GPUs; the width of the page in pixels says what goes wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.info import EngineInfo
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading

WIDE = 200  # what is this wide does not fit into the memory, what is smaller does
SHORT_ONCE = 51  # the first process to read it has no memory at all
SHORT_ALWAYS = 52  # nor has any other
BROKEN_ONCE = 53  # the first process to read it loses its GPU
KILLED_ONCE = 54  # the first process to read it is killed
SLOW = 55  # half a second
SMALLEST = 50  # nothing narrower is ever read: what the ladder makes of these pages does not fit either


class FaultyEngine(PageReader):
    info = EngineInfo("vlm/faulty", reads="pages", gives_boxes=True, needs_checkpoint=True, batch_size=4)

    def __init__(self, marks: Path) -> None:
        self._marks = marks

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        return [self._read(page) for page in pages]

    def _read(self, page: PageImage) -> PageReading:
        if page.width >= WIDE:
            raise _out_of_memory()
        if page.width == SHORT_ALWAYS or page.width < SMALLEST or (page.width == SHORT_ONCE and self._first(page)):
            raise RuntimeError("CUDA error: out of memory")
        if page.width == BROKEN_ONCE and self._first(page):
            raise RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later")
        if page.width == KILLED_ONCE and self._first(page):
            os.kill(os.getpid(), signal.SIGKILL)
        if page.width == SLOW:
            time.sleep(0.5)
        return PageReading(text=f"{page.width} x {page.height}", probability=0.9)

    def _first(self, page: PageImage) -> bool:
        """Whether no process of this test has been here before."""
        try:
            (self._marks / f"{page.width}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def _out_of_memory() -> Exception:
    """The error that CUDA's allocator raises, of torch's own class."""
    import torch

    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert isinstance(error, torch.cuda.OutOfMemoryError)
    return error


def load(model: str, settings: Settings) -> FaultyEngine:
    return FaultyEngine(Path(model))
