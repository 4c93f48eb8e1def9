"""The plain read with an engine that reads whole pages by itself.

One that says what stands on a page but not where (``text_only``) gets it upright, and its text is laid on the lines
that the detector found there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ocrq.contracts import Line, Page
from ocrq.contracts.result import PageError
from ocrq.errors import ModelUnavailable, ReadFailed
from tasks.runner import ReadContext
from worker.confidence import line_confidence
from worker.engines.protocols import Detector, LineReader, PageReader
from worker.imaging.orient import as_sent, skew_of, straightened
from worker.layout import arrange
from worker.page import LineReading, PageImage, PageReading, TextLine
from worker.pipelines.olm import QUARTER, to_line
from worker.pipelines.placing import Place, Placed, place
from worker.pipelines.protocols import PageRead, ReadMode
from worker.pipelines.upright import UprightPage, read_upright

READ_ONCE = "the model reads whole pages and has no lines to read again in variants, so each page was read once"
"""The warning where the robust operation is asked of such a model."""

UNKNOWN_REST = 0.5
"""Share of its words that a text cut short is taken to hold, where no line was found to tell."""

FULL_TURN = 360.0  # degrees

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Found:
    """What the detector and its line reader made of a page: how it stands, and its lines in reading order."""

    upright: UprightPage
    skew: float
    places: tuple[Place, ...]


class WholePagePipeline:
    """See the module and :class:`worker.pipelines.protocols.Pipeline`.

    Args:
        reader: Reads the pages.
        mode: How.
        find_detector: What finds lines, and reads them so that the text can be laid on them.
    """

    def __init__(self, reader: PageReader, mode: ReadMode, find_detector: Callable[[], Detector]) -> None:
        self._reader, self._mode, self._find_detector = reader, mode, find_detector
        self.batch_pages = reader.batch_pages

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.pipelines.protocols.Pipeline`."""
        found = self._lines_of(pages, context) if getattr(self._reader, "text_only", False) else [None] * len(pages)
        upright = [
            replace(page, pixels=lines.upright.pixels) if lines else page
            for page, lines in zip(pages, found, strict=True)
        ]
        readings = self._reader.read_pages(upright, self._mode.prompt, context)
        told = (READ_ONCE,) if self._mode.robust else ()
        return [
            _page_read(page, reading, lines, told) for page, reading, lines in zip(pages, readings, found, strict=True)
        ]

    def _lines_of(self, pages: Sequence[PageImage], context: ReadContext) -> Sequence[_Found | None]:
        try:
            detector = self._find_detector()
        except ModelUnavailable as error:
            log.warning("texts get no places on their pages: %s", error.detail)
            return [None] * len(pages)
        if not isinstance(detector, LineReader):
            return [None] * len(pages)
        return [_found(read_upright(page.pixels, detector, detector, context)) for page in pages]


def _found(upright: UprightPage) -> _Found:
    skew = skew_of(upright.quads)
    order = [i for block in arrange(straightened(upright.quads, skew)) for row in block for i in row]
    return _Found(upright, skew, tuple(Place(upright.quads[i], upright.readings[i]) for i in order))


def _page_read(page: PageImage, reading: PageReading, found: _Found | None, told: tuple[str, ...]) -> PageRead:
    warnings = (*told, *(f"page {page.number}: {warning}" for warning in reading.warnings))
    if reading.failure:
        unread = Page(
            page=page.number, width=0, height=0, error=PageError(code=ReadFailed.code, detail=reading.failure)
        )
        return PageRead(unread, (*warnings, f"page {page.number} could not be read: {reading.failure}"))
    text = LineReading(reading.text, reading.probabilities)
    placed = None if reading.lines else place(text, found.places if found else ())
    lines = _laid(page, placed, found) if placed else [_line(line) for line in reading.lines]
    confidence = _confidence(reading, lines)
    if reading.cut:
        confidence *= placed.share if placed and found and found.places else UNKNOWN_REST
    result = Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=_angle(reading, found),
        dpi=page.dpi,
        text=reading.text,
        confidence=confidence,
        lines=lines,
    )
    return PageRead(result, warnings)


def _angle(reading: PageReading, found: _Found | None) -> float:
    """Degrees clockwise by which the text stood on the page as sent."""
    turns, skew = (found.upright.turns, found.skew) if found else (0, 0.0)
    return (
        round((QUARTER * (turns + reading.turns) + skew) % FULL_TURN, 1) if turns or reading.turns else round(skew, 1)
    )


def _laid(page: PageImage, placed: Placed, found: _Found | None) -> list[Line]:
    lines = []
    for line in placed.lines:
        if line.quad is None or found is None:
            lines.append(Line(text=line.reading.text, confidence=line_confidence(line.reading)))
        else:
            quad = as_sent(line.quad, found.upright.turns, page.width, page.height)
            lines.append(to_line(page, quad, line.reading))
    return lines


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
