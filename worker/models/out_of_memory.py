"""Out-of-memory handling: halve the batch, shrink the page, then requeue on another process.

An engine is wrapped for each read. Errors are recognised by their class names and texts, so nothing here needs torch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Generic, TypeVar, cast

import cv2
import numpy as np

from ocrq.errors import WorkerSpent
from tasks.runner import ReadContext
from tasks.stopping import ReadStopped
from worker.engines.protocols import Engine, LineReader, PageReader, finds_lines, reads_lines, reads_pages
from worker.models.memory_budget import free_memory
from worker.page import LineReading, PageImage, PageReading, Pixels, Quad, TextLine

CHECK_SECONDS = 0.2  # between two checks for a stop, while another read holds the engine's lock
SHRINK = 0.7  # of each side: half the pixels, and about half the memory
SHRINKS = 3  # leave a third of each side; print is hardly readable below
_OUT_OF_MEMORY = ("out of memory", "cublas_status_alloc_failed")
# After these the CUDA context of a process fails every call.
_CONTEXT_LOST = (
    "device-side assert",
    "illegal memory access",
    "illegal instruction",
    "misaligned address",
    "unspecified launch failure",
    "uncorrectable ecc",
)

Input = TypeVar("Input")
Reading = TypeVar("Reading")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory did not suffice, on the GPU or in RAM."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _OUT_OF_MEMORY)


def is_context_lost(error: BaseException) -> bool:
    """Whether an error means that this process cannot use its GPU any more."""
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _CONTEXT_LOST)


def with_memory_fallback(engine: Engine, warnings: list[str], engine_lock: threading.Lock | None = None) -> Engine:
    """An engine that reads smaller batches or pictures where memory is short, and warns of it.

    Args:
        engine: Reads. One that finds lines itself reads on the CPU, and is returned as it is.
        warnings: Sentences for the result's metadata are appended.
        engine_lock: Held during each call of the engine; None for a thread-safe one.
    """
    if reads_pages(engine):
        return _PagesWithFallback(engine, warnings, engine_lock)
    if reads_lines(engine) and not finds_lines(engine):
        return _LinesWithFallback(engine, warnings, engine_lock)
    return engine


class _Batches(Generic[Input, Reading]):
    """Reads in batches, smaller ones where memory is short.

    Args:
        read: Reads a batch.
        read_shrunk: Reads one input that does not fit alone.
        noun: The inputs, for the warning.
        warn: Takes the warning.
    """

    def __init__(
        self,
        read: Callable[[Sequence[Input]], list[Reading]],
        read_shrunk: Callable[[Input], Reading],
        noun: str,
        warn: Callable[[str], None],
    ) -> None:
        self._read, self._read_shrunk, self._noun, self._warn = read, read_shrunk, noun, warn

    def read(self, batch: Sequence[Input]) -> list[Reading]:
        """Halve the batch until it fits; shrink what does not fit alone."""
        readings = _unless_out_of_memory(partial(self._read, batch))
        if readings is not None:
            return readings
        if len(batch) == 1:
            return [self._read_shrunk(batch[0])]
        half = -(-len(batch) // 2)
        self._warn(f"there was not enough memory for many {self._noun} at a time; they were read in smaller batches")
        return self.read(batch[:half]) + self.read(batch[half:])


class _PagesWithFallback(PageReader):
    def __init__(self, engine: PageReader, warnings: list[str], engine_lock: threading.Lock | None) -> None:
        self.info = engine.info
        self._engine, self._warnings, self._engine_lock = engine, warnings, engine_lock

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        def read(batch: Sequence[PageImage]) -> list[PageReading]:
            with _locked(self._engine_lock, context):
                return self._engine.read(batch, prompt, context)

        def read_shrunk(page: PageImage) -> PageReading:
            for times in range(1, SHRINKS + 1):
                context.check()
                small = replace(page, pixels=_shrunk(page.pixels, times))
                readings = _unless_out_of_memory(partial(read, [small]))
                if readings is not None:
                    return _on_full_page(readings[0], small, page)
            raise _spent()

        return _Batches(read, read_shrunk, "pages", partial(_add_once, self._warnings)).read(pages)


class _LinesWithFallback(LineReader):
    def __init__(self, engine: LineReader, warnings: list[str], engine_lock: threading.Lock | None) -> None:
        self.info = engine.info
        self._engine, self._warnings, self._engine_lock = engine, warnings, engine_lock
        self.degraded_reader = self._wrapped(engine.degraded_reader)
        self.second_opinion = self._wrapped(engine.second_opinion)

    def _wrapped(self, reader: LineReader | None) -> LineReader | None:
        return _LinesWithFallback(reader, self._warnings, self._engine_lock) if reader else None

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        warn = partial(_add_once, self._warnings)

        def read(batch: Sequence[Pixels]) -> list[LineReading]:
            with _locked(self._engine_lock, context):
                return self._engine.read(batch, context)

        def read_shrunk(crop: Pixels) -> LineReading:
            readings = _unless_out_of_memory(partial(read, [_shrunk(crop, 1)]))
            if readings is None:
                raise _spent()
            warn("there was not enough memory for some lines; they were read at a smaller size")
            return readings[0]

        return _Batches(read, read_shrunk, "lines", warn).read(crops) if crops else []


def _add_once(warnings: list[str], warning: str) -> None:
    if warning not in warnings:
        warnings.append(warning)


@contextmanager
def _locked(engine_lock: threading.Lock | None, context: ReadContext) -> Iterator[None]:
    if engine_lock is None:
        yield
        return
    while not engine_lock.acquire(timeout=CHECK_SECONDS):
        context.check()
    try:
        yield
    finally:
        engine_lock.release()


def _unless_out_of_memory(read: Callable[[], list[Reading]]) -> list[Reading] | None:
    """The readings; None where memory was short. What the attempt took is free when this returns."""
    try:
        return read()
    except Exception as error:
        if is_context_lost(error):
            spent = WorkerSpent("the GPU failed while this was read; tell the operator if it fails again")
            raise ReadStopped(spent) from error
        if not is_out_of_memory(error):
            raise
    free_memory()  # outside the handler: the error's frames held what had been taken
    return None


def _spent() -> ReadStopped:
    return ReadStopped(WorkerSpent("there is not enough memory even for a small image; use a smaller model"))


def _shrunk(pixels: Pixels, times: int) -> Pixels:
    scale = SHRINK**times
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def _on_full_page(reading: PageReading, small: PageImage, page: PageImage) -> PageReading:
    """The reading of a smaller picture, with boxes in pixels of the page."""
    scale = np.array([page.width / small.width, page.height / small.height], dtype=np.float32)
    lines = tuple(TextLine(cast(Quad, line.quad * scale), line.reading) for line in reading.lines)
    share = round(100 * small.width / page.width)
    warning = f"the memory did not suffice for its full size; it was read at {share}% of it"
    return replace(reading, lines=lines, warnings=(*reading.warnings, warning))
