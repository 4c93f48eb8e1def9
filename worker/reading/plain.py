"""OLM, the plain read: upright, find lines, read each once, put them in the order a person reads them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ocrq.contracts import Line, Page, Word
from ocrq.contracts.result import Box
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import span_quad
from worker.imaging.degradation import Degradation, wear_of
from worker.imaging.ink import share_in_lines
from worker.imaging.levelling import level_page
from worker.imaging.orientation import as_sent, skew_of
from worker.imaging.prepare import prepare
from worker.page import LineReading, PageImage, Quad
from worker.reading.calibration import Calibration, calibration_for
from worker.reading.confidence import AS_SAID, line_confidences, page_confidence, word_confidences, word_ranges
from worker.reading.ensemble.readers import readers_for
from worker.reading.orientation import UprightPage, read_prepared, read_upright
from worker.reading.page_tree import read_tree
from worker.reading.protocols import PageRead

QUARTER = 90.0  # degrees

FOUND_FLOOR = 0.05
"""Added to the share of ink that was found, whose logarithm is a measure: none at all still has one."""


class OlmPipeline:
    """Reads pages with a detector and a line reader.

    Args:
        detector: Finds the lines.
        line_reader: Reads them.
        preprocess: Clean worn pages first; they keep their size, so boxes stay where they are.
    """

    batch_pages = 1

    def __init__(self, detector: Detector, line_reader: LineReader, preprocess: bool = False) -> None:
        self._detector, self._line_reader, self._preprocess = detector, line_reader, preprocess
        self._calibration = calibration_for(line_reader.info.name, "olm")

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`."""
        return [PageRead(self.read_page(page, context)) for page in pages]

    def read_page(self, page: PageImage, context: ReadContext) -> Page:
        """Read one page.

        Returns:
            Lines in reading order, boxes in pixels of the page as sent. A page without text has ``text`` "", no
            lines and confidence 0: a blank page and one too faint to read look the same.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        upright, seen = self.look(page, context)
        return to_page(page, upright, self._calibration, seen)

    def look(self, page: PageImage, context: ReadContext) -> tuple[UprightPage, dict[str, float]]:
        """What was read of a page, and the page's measures for its confidence; raises as :meth:`read_page` does."""
        if not self._preprocess:
            upright = read_upright(page.pixels, self._detector, self._line_reader, context)
            return upright, seen_measures(wear_of(page.pixels), upright)
        prepared = prepare(page.pixels)
        reader = readers_for(self._line_reader, prepared).first
        upright = read_prepared(prepared, self._detector, reader, context)
        return upright, seen_measures(prepared.wear, upright)


def to_page(page: PageImage, upright: UprightPage, calibration: Calibration, seen: Mapping[str, float]) -> Page:
    """The result page of what was read, in reading order.

    Args:
        page: As sent.
        upright: What was read of it.
        calibration: What the reader's probabilities are worth.
        seen: Measures of the page for its confidence, beside those of its words.
    """
    skew = skew_of(upright.quads)
    level = level_page(upright.pixels, upright.quads, skew)
    sure = line_confidences(upright.readings, calibration, seen)
    lines = [
        to_line(page, as_sent(quad, upright.turns, page.width, page.height), reading, confidence, calibration)
        for quad, reading, confidence in zip(upright.quads, upright.readings, sure, strict=True)
    ]

    def to_box(quad: Quad) -> Box:
        return sent_box(page, upright.turns, level.back(quad))

    tree = read_tree(upright.readings, lines, level.quads, level.pixels, to_box)
    return Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=round(QUARTER * upright.turns + skew, 1),
        dpi=page.dpi,
        text=tree.text,
        confidence=page_confidence(upright.readings, calibration, seen),
        lines=tree.lines,
        blocks=tree.blocks,
    )


def to_line(
    page: PageImage, quad: Quad, reading: LineReading, confidence: float, calibration: Calibration = AS_SAID
) -> Line:
    """A line of the result with its words.

    Args:
        page: Boxes end at its edges.
        quad: In pixels of the page as sent.
        reading: Words have boxes where the reader knows the characters' places.
        confidence: Of the line.
        calibration: What the reader's probabilities are worth.
    """
    words = [
        Word(
            text=reading.text[first:after],
            confidence=sure,
            box=_box(page, span_quad(quad, reading.spans[first][0], reading.spans[after - 1][1]))
            if reading.spans
            else None,
        )
        for (first, after), sure in zip(word_ranges(reading.text), word_confidences(reading, calibration), strict=True)
    ]
    return Line(text=reading.text, confidence=confidence, box=_box(page, quad), words=words)


def sent_box(page: PageImage, turns: int, quad: Quad) -> Box:
    """The box of a quad of the upright page, in pixels of the page as sent."""
    return _box(page, as_sent(quad, turns, page.width, page.height))


def seen_measures(wear: Degradation, upright: UprightPage) -> dict[str, float]:
    """What the page itself tells of how much of it was read right; more is better.

    ``found`` falls fast where most of the ink stands in no line: on worn pages lines are missed.
    """
    return {**wear_measures(wear), "found": math.log(share_in_lines(upright.pixels, upright.quads) + FOUND_FLOOR)}


def wear_measures(wear: Degradation) -> dict[str, float]:
    """How little a page is worn; more is better."""
    return {
        "sharp": -wear.blur,
        "light": wear.light,
        "calm": -math.log1p(wear.specks),
    }


def _box(page: PageImage, quad: Quad) -> Box:
    inside = np.clip(quad, 0, (page.width, page.height))
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in inside)
    return (a, b, c, d)
