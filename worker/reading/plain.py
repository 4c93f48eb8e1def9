"""OLM, the plain read: correct the orientation, find lines, read each once, and arrange them in reading order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from ocrq.contracts import Line, Page, Word
from ocrq.contracts.result import Box
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import span_quads
from worker.imaging.degradation import Degradation, measure_degradation
from worker.imaging.deskew import level_page
from worker.imaging.ink import share_in_lines
from worker.imaging.orientation import as_sent, skew_of
from worker.imaging.prepare import PEPPERED, prepare
from worker.page import LineReading, PageImage, Quad
from worker.reading.calibration import Calibration, calibration_for
from worker.reading.confidence import (
    UNCALIBRATED,
    line_confidences,
    page_confidence,
    word_confidences,
    word_ranges,
    word_spans,
)
from worker.reading.ensemble.readers import readers_for
from worker.reading.form_boxes import with_form_boxes
from worker.reading.losses import confidence_left, doubtful_words, empty_boxes, garbled_lines, losses_of, warnings_for
from worker.reading.orientation import OrientedReading, orient_and_read, read_prepared
from worker.reading.page_tree import read_tree
from worker.reading.protocols import PageRead
from worker.reading.stamps import all_lines

QUARTER = 90.0  # degrees

FOUND_FLOOR = 0.05
"""Added to the share of ink found before its logarithm is taken, so that 0 has one."""


class PlainPipeline:
    """Reads pages with a detector and a line reader.

    Args:
        detector: Finds the lines.
        line_reader: Reads them.
        preprocess: Clean degraded pages first; they keep their size, so boxes need no change. Salt and pepper is
            always cleaned: hardly a line is found in it.
    """

    batch_pages = 1

    def __init__(self, detector: Detector, line_reader: LineReader, preprocess: bool = False) -> None:
        self._detector, self._line_reader, self._preprocess = detector, line_reader, preprocess
        self._calibration = calibration_for(line_reader.info.name, "olm")

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`."""
        return [self._read(page, context) for page in pages]

    def _read(self, page: PageImage, context: ReadContext) -> PageRead:
        upright, measured = self.analyse(page, context)
        upright = with_form_boxes(upright, self._line_reader, context)
        return to_page(page, upright, self._calibration, measured)

    def read_page(self, page: PageImage, context: ReadContext) -> Page:
        """Read one page.

        Returns:
            Lines in reading order, boxes in pixels of the page as sent. A page without text has ``text`` "", no
            lines and confidence 0: a blank page and one too faint to read give the same result.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        return self._read(page, context).page

    def analyse(self, page: PageImage, context: ReadContext) -> tuple[OrientedReading, dict[str, float]]:
        """The reading of a page, and measures for its confidence; raises as :meth:`read_page` does."""
        degradation = measure_degradation(page.pixels)
        if not self._preprocess and degradation.impulses < PEPPERED:
            upright = orient_and_read(page.pixels, self._detector, self._line_reader, context)
            return upright, image_measures(degradation, upright)
        prepared = prepare(page.pixels, degradation)
        reader = readers_for(self._line_reader, prepared).first
        upright = read_prepared(prepared, self._detector, reader, context)
        return upright, image_measures(prepared.degradation, upright)


def to_page(
    page: PageImage, upright: OrientedReading, calibration: Calibration, measured: Mapping[str, float]
) -> PageRead:
    """The result page, in reading order, and a warning for each loss of text.

    Args:
        page: As sent.
        upright: Its reading.
        calibration: Of the reader's probabilities.
        measured: Measures of the page for its confidence, beside those of its words.
    """
    skew = skew_of(upright.quads)
    stamp_quads, stamp_readings = all_lines(upright.stamps)
    level = level_page(upright.pixels, [*upright.quads, *stamp_quads], skew)
    every = [*upright.readings, *stamp_readings]
    sure = line_confidences(every, calibration, measured)
    lines = [
        to_line(page, as_sent(quad, upright.turns, page.width, page.height), reading, confidence, calibration)
        for quad, reading, confidence in zip([*upright.quads, *stamp_quads], every, sure, strict=True)
    ]

    def to_box(quad: Quad) -> Box:
        return sent_box(page, upright.turns, level.back(quad))

    tree = read_tree(every, lines, level.quads, level.pixels, to_box, [len(one.quads) for one in upright.stamps])
    stamps = [(stamp.rectangle, stamp.hidden) for stamp in upright.stamps]
    doubtful = partial(doubtful_words, upright.quads, upright.readings, calibration)
    losses = losses_of(upright.pixels, upright.ink, upright.quads, upright.dropped, upright.behind, stamps, doubtful)
    losses += [*empty_boxes(upright.readings), *garbled_lines(upright.quads, upright.readings)]
    confidence = page_confidence(upright.readings, calibration, measured) * confidence_left(losses, upright.readings)
    result = Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=round(QUARTER * upright.turns + skew, 1),
        dpi=page.dpi,
        text=tree.text,
        confidence=confidence,
        lines=tree.lines,
        blocks=tree.blocks,
    )
    return PageRead(result, warnings_for(page.number, losses))


def to_line(
    page: PageImage, quad: Quad, reading: LineReading, confidence: float, calibration: Calibration = UNCALIBRATED
) -> Line:
    """A line of the result with its words.

    Args:
        page: Boxes end at its edges.
        quad: In pixels of the page as sent.
        reading: Words have boxes where the reader knows the characters' places.
        confidence: Of the line.
        calibration: Of the reader's probabilities.
    """
    ranges = word_ranges(reading.text)
    quads = span_quads(quad, word_spans(reading, ranges)) if reading.spans else [None] * len(ranges)
    words = [
        Word(text=reading.text[first:after], confidence=sure, box=None if part is None else _box(page, part))
        for (first, after), sure, part in zip(ranges, word_confidences(reading, calibration), quads, strict=True)
    ]
    return Line(text=reading.text, confidence=confidence, box=_box(page, quad), words=words)


def sent_box(page: PageImage, turns: int, quad: Quad) -> Box:
    """The box of a quad of the upright page, in pixels of the page as sent."""
    return _box(page, as_sent(quad, turns, page.width, page.height))


def image_measures(degradation: Degradation, upright: OrientedReading) -> dict[str, float]:
    """Measures of the page image for its confidence; more is better.

    ``found`` is low where most of the ink is outside the lines: on degraded pages lines are missed.
    """
    return {
        **degradation_measures(degradation),
        "found": math.log(share_in_lines(upright.ink, upright.quads) + FOUND_FLOOR),
    }


def degradation_measures(degradation: Degradation) -> dict[str, float]:
    """Measures of a page's quality; more is better."""
    return {
        "sharp": -degradation.blur,
        "light": degradation.light,
        "calm": -math.log1p(degradation.specks),
    }


def _box(page: PageImage, quad: Quad) -> Box:
    width, height = page.width, page.height
    a, b, c, d = ((round(min(max(x, 0.0), width), 1), round(min(max(y, 0.0), height), 1)) for x, y in quad.tolist())
    return (a, b, c, d)
