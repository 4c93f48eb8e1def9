"""The plain read with an engine that reads whole pages by itself."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import Line, Page
from tasks.runner import ReadContext
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading, TextLine
from worker.pipelines.protocols import PageRead, ReadMode

READ_ONCE = "the model reads whole pages and has no lines to read again in variants, so each page was read once"
"""The warning where the robust operation is asked of such a model."""


class WholePagePipeline:
    """See the module and :class:`worker.pipelines.protocols.Pipeline`."""

    def __init__(self, reader: PageReader, mode: ReadMode) -> None:
        self._reader, self._mode = reader, mode
        self.batch_pages = reader.batch_pages

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.pipelines.protocols.Pipeline`."""
        readings = self._reader.read_pages(pages, self._mode.prompt, context)
        told = (READ_ONCE,) if self._mode.robust else ()
        return [_page_read(page, reading, told) for page, reading in zip(pages, readings, strict=True)]


def _page_read(page: PageImage, reading: PageReading, told: tuple[str, ...]) -> PageRead:
    lines = [_line(line) for line in reading.lines]
    result = Page(
        page=page.number,
        width=page.width,
        height=page.height,
        dpi=page.dpi,
        text=reading.text,
        confidence=_confidence(reading, lines),
        lines=lines,
    )
    return PageRead(result, warnings=(*told, *(f"page {page.number}: {warning}" for warning in reading.warnings)))


def _line(line: TextLine) -> Line:
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in line.quad)
    return Line(
        text=line.reading.text,
        confidence=line.reading.mean_probability,
        box=(top_left, top_right, bottom_right, bottom_left),
    )


def _confidence(reading: PageReading, lines: list[Line]) -> float:
    if reading.probability is not None:
        return reading.probability
    return sum(line.confidence for line in lines) / len(lines) if lines else 0.0
