from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ocrq.errors import WorkerSpent
from tasks.runner import ReadContext
from tests.stops import stops
from worker.engines.info import EngineInfo
from worker.engines.protocols import LineReader, PageReader, finds_lines, reads_lines, reads_pages
from worker.models.out_of_memory import is_context_lost, is_out_of_memory, with_memory_fallback
from worker.page import LineReading, PageImage, PageReading, TextLine


class OutOfMemoryError(RuntimeError):
    """As torch's: known by its name."""


def page(number: int = 1, width: int = 100, height: int = 60) -> PageImage:
    return PageImage(number, np.full((height, width, 3), 255, np.uint8))


class PagesWithin(PageReader):
    """Has memory for so many pixels at a time; finds a line over the whole of each page."""

    info = EngineInfo("vlm/within", reads="pages", gives_boxes=True, batch_size=4)

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self.batches: list[list[int]] = []

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        self.batches.append([one.number for one in pages])
        if sum(one.width * one.height for one in pages) > self.pixels:
            raise OutOfMemoryError
        return [PageReading(f"{one.number}", (_line(one),)) for one in pages]


def _line(one: PageImage) -> TextLine:
    corners = [[0, 0], [one.width, 0], [one.width, one.height], [0, one.height]]
    return TextLine(np.array(corners, np.float32), LineReading("x", (0.9,)))


class LinesWithin(LineReader):
    info = EngineInfo("trocr/within", reads="lines", gives_boxes=False)

    def __init__(self, crops: int, error: type[Exception] = OutOfMemoryError) -> None:
        self.crops, self.error = crops, error

    def read(self, crops: Sequence[Any], context: ReadContext) -> list[LineReading]:
        if len(crops) > self.crops:
            raise self.error("no more")
        return [LineReading(f"{crop.shape[1]}") for crop in crops]


def read(engine: Any, *pages: PageImage) -> tuple[list[PageReading], list[str]]:
    warnings: list[str] = []
    wrapped = with_memory_fallback(engine, warnings)
    assert reads_pages(wrapped)
    return wrapped.read(pages, None, ReadContext()), warnings


def test_a_batch_that_is_too_large_is_halved_until_it_fits_and_that_is_reported_once() -> None:
    engine = PagesWithin(2 * 6000)
    readings, warnings = read(engine, *(page(number) for number in range(1, 8)))
    assert [reading.text for reading in readings] == list("1234567")
    assert engine.batches == [[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4], [1, 2], [3, 4], [5, 6, 7], [5, 6], [7]]
    [warning] = warnings
    assert "memory" in warning


def test_what_fits_is_read_as_it_is() -> None:
    readings, warnings = read(PagesWithin(10**6), page(1), page(2))
    assert warnings == []
    assert all(reading.warnings == () for reading in readings)


def test_a_page_that_is_too_large_alone_is_read_smaller_and_its_places_are_the_pages() -> None:
    [reading], _ = read(PagesWithin(3000), page())
    assert reading.lines[0].quad.tolist() == [[0, 0], [100, 0], [100, 60], [0, 60]]
    assert any("70%" in warning for warning in reading.warnings)


def test_where_even_a_small_picture_does_not_fit_the_worker_is_replaced() -> None:
    with stops(WorkerSpent):
        read(PagesWithin(10), page())


def test_lines_are_halved_and_keep_their_order() -> None:
    warnings: list[str] = []
    engine = with_memory_fallback(LinesWithin(3), warnings)
    assert reads_lines(engine)
    crops = [np.zeros((10, width, 3), np.uint8) for width in range(20, 30)]
    assert [reading.text for reading in engine.read(crops, ReadContext())] == [str(w) for w in range(20, 30)]
    assert warnings
    assert engine.read([], ReadContext()) == []


def test_what_has_nothing_to_do_with_memory_passes() -> None:
    engine = with_memory_fallback(LinesWithin(1, ValueError), [])
    assert reads_lines(engine)
    with pytest.raises(ValueError, match="no more"):
        engine.read([np.zeros((10, 10, 3), np.uint8)] * 2, ReadContext())


def test_a_gpu_that_failed_ends_the_process_and_nothing_is_tried_again() -> None:
    class Asserts(LinesWithin):
        def read(self, crops: Sequence[Any], context: ReadContext) -> list[LineReading]:
            self.crops += 1
            raise RuntimeError("CUDA error: device-side assert triggered")

    engine = Asserts(0)
    wrapped = with_memory_fallback(engine, [])
    assert reads_lines(wrapped)
    with stops(WorkerSpent):
        wrapped.read([np.zeros((10, 10, 3), np.uint8)] * 4, ReadContext())
    assert engine.crops == 1


def test_a_wrapped_engine_is_what_the_engine_is() -> None:
    engine = PagesWithin(1)
    assert with_memory_fallback(engine, []).info is engine.info


def test_the_other_readers_of_a_wrapped_line_reader_have_the_fallback_too() -> None:
    engine = LinesWithin(10)
    engine.degraded_reader = LinesWithin(1)
    wrapped = with_memory_fallback(engine, [])
    assert reads_lines(wrapped)
    assert wrapped.degraded_reader
    assert len(wrapped.degraded_reader.read([np.zeros((10, 10, 3), np.uint8)] * 3, ReadContext())) == 3
    assert wrapped.second_opinion is None


def test_an_engine_on_the_cpu_that_finds_lines_itself_is_not_wrapped() -> None:
    class Both(LinesWithin):
        info = EngineInfo("test/both", reads="lines", gives_boxes=True)

    engine = Both(1)
    assert finds_lines(engine)
    assert with_memory_fallback(engine, []) is engine


def test_errors_are_known_by_name_and_text_so_that_nothing_here_needs_torch() -> None:
    assert is_out_of_memory(OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("CUDA error: out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert is_context_lost(RuntimeError("CUDA error: an illegal memory access was encountered"))
    assert not is_context_lost(RuntimeError("CUDA error: invalid argument"))
