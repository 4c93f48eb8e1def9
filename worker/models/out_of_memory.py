"""What is done where the memory does not suffice: half the batch, then a smaller picture, then another process.

An engine is wrapped for each read. Errors are known by their names and texts, so that nothing here needs torch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

import cv2
import numpy as np

from ocrq.errors import WorkerSpent
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, Engine, LineReader, PageReader
from worker.models.memory import give_back
from worker.page import LineReading, PageImage, PageReading, Pixels, Quad, TextLine

LOOK_SECONDS = 0.2  # between two looks at whether to stop, while another read uses the model
SHRINK = 0.7  # of each side: half the pixels, and about half the memory
SHRINKS = 3  # a third of each side is left then; print is hardly read below
_SHORT = ("out of memory", "cublas_status_alloc_failed")
# After these a process's CUDA context answers nothing any more, however long one waits.
_BROKEN = (
    "device-side assert",
    "illegal memory access",
    "illegal instruction",
    "misaligned address",
    "unspecified launch failure",
    "uncorrectable ecc",
)

Read = TypeVar("Read")
Given = TypeVar("Given")


def is_short(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice, on the GPU or beside it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SHORT)


def is_broken(error: BaseException) -> bool:
    """Whether an error says that this process can use its GPU no more."""
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _BROKEN)


def with_memory_fallback(engine: Engine, warnings: list[str], turn: threading.Lock | None = None) -> Engine:
    """An engine that makes do with less where memory is short, and says so.

    Args:
        engine: What reads. One that finds lines itself reads on the CPU, and is returned as it is.
        warnings: Sentences for the result's metadata are appended.
        turn: Held while the engine reads, so that threads wait for each other; None where they need not.
    """
    if isinstance(engine, PageReader):
        return _CarefulPages(engine, warnings, turn)
    if isinstance(engine, LineReader) and not isinstance(engine, Detector):
        return _CarefulLines(engine, warnings, turn)
    return engine


class _Careful:
    def __init__(self, engine: Any, warnings: list[str], turn: threading.Lock | None) -> None:
        self._engine, self._warnings, self._turn = engine, warnings, turn
        self.name: str = engine.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)  # what else an engine offers to those who know it

    def _read(
        self,
        given: Sequence[Given],
        read: Callable[[Sequence[Given]], list[Read]],
        shrunk: Callable[[Given], Read],
        what: str,
    ) -> list[Read]:
        """Down the ladder until something can be read."""
        readings = _unless_short(lambda: read(given))
        if readings is not None:
            return readings
        if len(given) == 1:
            return [shrunk(given[0])]
        half = -(-len(given) // 2)
        self._tell(f"the memory did not suffice for many {what} at a time; they were read in smaller batches")
        return [one for part in (given[:half], given[half:]) for one in self._read(part, read, shrunk, what)]

    def _tell(self, warning: str) -> None:
        if warning not in self._warnings:
            self._warnings.append(warning)


class _CarefulPages(_Careful):
    @property
    def batch_pages(self) -> int:
        return int(self._engine.batch_pages)

    def read_pages(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        def read(some: Sequence[PageImage]) -> list[PageReading]:
            with _in_turn(self._turn, context):
                return cast(list[PageReading], self._engine.read_pages(some, prompt, context))

        def shrunk(page: PageImage) -> PageReading:
            for times in range(1, SHRINKS + 1):
                context.check()
                small = replace(page, pixels=_smaller(page.pixels, times))
                readings = _unless_short(lambda page=small: read([page]))  # type: ignore[misc]
                if readings is not None:
                    return _as_large(readings[0], small, page)
            raise _spent()

        return self._read(pages, read, shrunk, "pages")


class _CarefulLines(_Careful):
    def read_lines(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        def read(some: Sequence[Pixels]) -> list[LineReading]:
            with _in_turn(self._turn, context):
                return cast(list[LineReading], self._engine.read_lines(some, context))

        def shrunk(crop: Pixels) -> LineReading:
            readings = _unless_short(lambda: read([_smaller(crop, 1)]))
            if readings is None:
                raise _spent()
            self._tell("the memory did not suffice for some lines; they were read at a smaller size")
            return readings[0]

        return self._read(crops, read, shrunk, "lines") if crops else []


@contextmanager
def _in_turn(turn: threading.Lock | None, context: ReadContext) -> Iterator[None]:
    if turn is None:
        yield
        return
    while not turn.acquire(timeout=LOOK_SECONDS):
        context.check()
    try:
        yield
    finally:
        turn.release()


def _unless_short(read: Callable[[], list[Read]]) -> list[Read] | None:
    """What was read; None where memory was short. What the attempt took is free when this returns."""
    try:
        return read()
    except Exception as error:
        if is_broken(error):
            raise WorkerSpent("the GPU failed while this was read; tell the operator if it fails again") from error
        if not is_short(error):
            raise
    give_back()  # out of the handler: the error's frames held what had been taken
    return None


def _spent() -> WorkerSpent:
    return WorkerSpent("the memory did not suffice even for a small picture; ask for a smaller model")


def _smaller(pixels: Pixels, times: int) -> Pixels:
    scale = SHRINK**times
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def _as_large(reading: PageReading, small: PageImage, page: PageImage) -> PageReading:
    """What was read off a smaller picture, with places in pixels of the page."""
    scale = np.array([page.width / small.width, page.height / small.height], dtype=np.float32)
    lines = tuple(TextLine(cast(Quad, line.quad * scale), line.reading) for line in reading.lines)
    share = round(100 * small.width / page.width)
    warning = f"the memory did not suffice for its full size; it was read at {share}% of it"
    return replace(reading, lines=lines, warnings=(*reading.warnings, warning))
