"""The plain read with an engine that reads whole pages by itself.

An engine that gives text without boxes gets an upright page, and its text is aligned to the lines that the detector
found there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from ocrq.contracts import Line, Page
from ocrq.contracts.result import PageError
from ocrq.errors import ModelUnavailable, ReadFailed
from tasks.monitoring.stages import stage
from tasks.runner import ReadContext
from worker.engines.protocols import LineEngine, PageReader
from worker.imaging.deskew import level_page
from worker.imaging.orientation import as_sent, skew_of
from worker.imaging.prepare import prepare
from worker.layout import analyse_layout
from worker.layout.text import reading_rows
from worker.page import LineReading, PageImage, PageReading, Pixels, TextLine
from worker.reading.box_alignment import Place, Placed, place
from worker.reading.confidence import line_confidence
from worker.reading.orientation import OrientedReading, detect_orientation, read_oriented
from worker.reading.page_tree import layout_lines, page_tree
from worker.reading.plain import QUARTER, sent_box, to_line
from worker.reading.protocols import PageRead, ReadMode
from worker.reading.text_blocks import blocks_of_markup, blocks_of_text, parts_of_rows

READ_ONCE = "the model reads whole pages and has no lines to read again in variants, so each page was read once"
"""The warning where the robust operation is requested from such a model."""

UNKNOWN_REST = 0.5
"""Assumed share of its words that a text cut short has, where no line was found."""

FULL_TURN = 360.0  # degrees

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Found:
    """A page as the detector and its line reader read it: its orientation, and its lines in reading order."""

    upright: OrientedReading
    skew: float
    places: tuple[Place, ...]


class WholePagePipeline:
    """See the module and :class:`worker.reading.protocols.Pipeline`.

    Args:
        reader: Reads the pages.
        mode: How the caller wants pages read.
        find_detector: Finds and reads lines, so that the text can be aligned to them.
    """

    def __init__(self, reader: PageReader, mode: ReadMode, find_detector: Callable[[], LineEngine]) -> None:
        self._reader, self._mode, self._find_detector = reader, mode, find_detector
        self.batch_pages = reader.info.batch_size

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`."""
        finder = self._finder()
        if finder is None:
            with stage("recognise"):
                readings = self._reader.read(pages, self._mode.prompt, context)
            return [self._page_read(*read, None) for read in zip(pages, readings, strict=True)]
        oriented = [detect_orientation(self._prepared(page), finder, finder, context) for page in pages]
        upright = [replace(page, pixels=one.pixels) for page, one in zip(pages, oriented, strict=True)]
        with ThreadPoolExecutor(1, "lines") as aside:  # the CPU reads the lines while the GPU reads the pages
            finding = aside.submit(lambda: [_found(read_oriented(one, finder, context)) for one in oriented])
            with stage("recognise"):
                readings = self._reader.read(upright, self._mode.prompt, context)
            found = finding.result()
        return [self._page_read(*read) for read in zip(pages, readings, found, strict=True)]

    def _finder(self) -> LineEngine | None:
        """The engine for lines; None where the reader gives boxes itself, or no detector is available here."""
        if self._reader.info.gives_boxes:
            return None
        try:
            return self._find_detector()
        except ModelUnavailable as error:
            log.warning("texts get no boxes on their pages: %s", error.detail)
            return None

    def _prepared(self, page: PageImage) -> Pixels:
        return prepare(page.pixels).pixels if self._mode.preprocess else page.pixels

    def _page_read(self, page: PageImage, reading: PageReading, found: _Found | None) -> PageRead:
        general = (READ_ONCE,) if self._mode.robust else ()
        warnings = (*general, *(f"page {page.number}: {warning}" for warning in reading.warnings))
        if reading.failure is None:
            own = reading if self._reader.info.writes_markup else replace(reading, blocks=())
            return PageRead(_page(page, own, found), warnings)
        error = PageError(code=ReadFailed.code, detail=reading.failure)
        unread = Page(page=page.number, width=0, height=0, error=error)
        return PageRead(unread, (*warnings, f"page {page.number} could not be read: {reading.failure}"))


def _found(upright: OrientedReading) -> _Found:
    skew = skew_of(upright.quads)
    level = level_page(upright.pixels, upright.quads, skew)
    layout = analyse_layout(layout_lines(level.quads, upright.readings), level.pixels)
    order = [i for block in layout for row in reading_rows(block) for i in row]
    return _Found(upright, skew, tuple(Place(upright.quads[i], upright.readings[i]) for i in order))


def _page(page: PageImage, reading: PageReading, found: _Found | None) -> Page:
    text = LineReading(reading.text, reading.probabilities)
    parts = parts_of_rows(reading.blocks)
    placed = None if reading.lines else place(text, found.places if found else (), parts)
    lines = _laid(page, placed, found) if placed else [_line(line) for line in reading.lines]
    rows = [line.row for line in placed.lines] if placed else range(len(lines))
    quads = [line.quad for line in placed.lines] if placed else [line.quad for line in reading.lines]
    turns = found.upright.turns if placed and found else 0
    layout = blocks_of_markup(reading.blocks, rows) if reading.blocks else blocks_of_text(reading.text, rows)
    tree = page_tree(layout, lines, quads, partial(sent_box, page, turns))
    confidence = _confidence(reading, lines)
    if reading.cut:
        confidence *= placed.share if placed and found and found.places else UNKNOWN_REST
    return Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=_angle(reading, found),
        dpi=page.dpi,
        text=tree.text if reading.blocks else reading.text,
        confidence=confidence,
        lines=tree.lines,
        blocks=tree.blocks,
    )


def _angle(reading: PageReading, found: _Found | None) -> float:
    """Degrees clockwise by which the text was rotated on the page as sent."""
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
            lines.append(to_line(page, quad, line.reading, line_confidence(line.reading)))
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
