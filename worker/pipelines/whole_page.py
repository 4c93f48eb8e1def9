"""The plain read with an engine that reads whole pages by itself."""

from __future__ import annotations

from ocrq.contracts import Line, Page
from tasks.runner import ReadContext
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading, TextLine


class WholePagePipeline:
    """See the module and :class:`worker.pipelines.Pipeline`."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def read_page(self, page: PageImage, context: ReadContext) -> Page:
        """See :class:`worker.pipelines.Pipeline`."""
        (reading,) = self._reader.read_pages([page], None, context)
        lines = [_line(line) for line in reading.lines]
        return Page(
            page=page.number,
            width=page.width,
            height=page.height,
            dpi=page.dpi,
            text=reading.text,
            confidence=_confidence(reading, lines),
            lines=lines,
        )


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
