"""RoLM, the robust read: read once, read uncertain lines again in variants, and let the readings vote."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ocrq.contracts import Line, Page
from ocrq.errors import ReadFailed
from tasks.monitoring.stages import stage
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import cut_line, quad_size
from worker.imaging.prepare import prepare
from worker.page import LineReading, PageImage, Pixels, Quad
from worker.reading.calibration import calibration_for
from worker.reading.characters import tidied
from worker.reading.confidence import line_confidence, line_confidences
from worker.reading.ensemble import VARIANTS, Lattice, Variant
from worker.reading.ensemble.readers import COARSE_ROWS, Readers, coarse, readers_for
from worker.reading.ensemble.variants import ordered, same
from worker.reading.form_boxes import with_form_boxes
from worker.reading.orientation import OrientedReading, read_prepared, without_nonsense
from worker.reading.plain import degradation_measures, image_measures, to_line, to_page
from worker.reading.protocols import PageRead, ReadMode
from worker.reading.spacing import spaced

SURE = 0.9
"""A line with at least this uncalibrated confidence is not read again; the curves are fitted on the voted readings."""

REREAD_BUDGET, DEGRADED_REREAD_BUDGET = 0.5, 0.25
"""Share of the first reading's cost that the variants may cost for each further reading allowed, by the width of the
lines; the least certain lines come first. On degraded pages, where many lines are uncertain and there is no second
opinion, twice as much gained nothing; on others half as much lost .0008 of word F1."""

MOST_READINGS = 10
"""Of a line that is read again because its value cannot be right: all variants, and the unchanged crop."""

log = logging.getLogger(__name__)


@dataclass
class _HardLine:
    """A line that is being read again."""

    quad: Quad
    lattice: Lattice
    untried: Iterator[Variant]


_Crop = tuple[_HardLine, Variant, Pixels]


class RobustPipeline:
    """Reads pages with a detector and a line reader, uncertain lines several times.

    Args:
        detector: Finds the lines.
        line_reader: Reads them.
        mode: ``variants`` caps the readings of a line.
        variants: Variants to read, in this order.
    """

    batch_pages = 1

    def __init__(
        self, detector: Detector, line_reader: LineReader, mode: ReadMode, variants: Sequence[Variant] = VARIANTS
    ) -> None:
        self._detector, self._reader, self._mode, self._variants = detector, line_reader, mode, tuple(variants)
        self._calibration = calibration_for(line_reader.info.name, "rolm")

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`."""
        return [self.read_page(page, context) for page in pages]

    def read_page(self, page: PageImage, context: ReadContext) -> PageRead:
        """Read one page; see :meth:`worker.reading.plain.PlainPipeline.read_page` for the returned page.

        A variant that fails does not vote, and is named in a warning.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        upright, measured, read = self.analyse(page, context)
        upright = with_form_boxes(upright, self._reader, context)
        placed = to_page(page, upright, self._calibration, measured)
        return replace(read, page=placed.page, warnings=(*read.warnings, *placed.warnings))

    def analyse(self, page: PageImage, context: ReadContext) -> tuple[OrientedReading, dict[str, float], PageRead]:
        """The reading of a page, measures for its confidence, and a PageRead with warnings and counts.

        Raises as :meth:`read_page` does; the page in the PageRead is empty.
        """
        prepared = prepare(page.pixels)
        readers = readers_for(self._reader, prepared)
        upright = read_prepared(prepared, self._detector, readers.first, context)
        hard = self._hard_lines(upright, ordered(self._variants, readers))
        failed: dict[str, None] = {}
        budget = DEGRADED_REREAD_BUDGET if prepared.degraded else REREAD_BUDGET
        self._vote(list(hard.values()), upright, budget, readers, context, failed)
        readings = [hard[i].lattice.reading() if i in hard else one for i, one in enumerate(upright.readings)]
        read = PageRead(
            Page(page=page.number, width=page.width, height=page.height),
            tuple(f"page {page.number}: the variant '{name}' failed and did not vote" for name in failed),
            variants=max((line.lattice.readings for line in hard.values()), default=1),
            lines_reread=sum(line.lattice.readings > 1 for line in hard.values()),
        )
        voted = without_nonsense(replace(upright, readings=tuple(readings)))
        return voted, image_measures(prepared.degradation, voted), read

    def reread(self, page: PageImage, quads: Sequence[Quad], context: ReadContext) -> list[Line]:
        """Read some lines of a page again in all variants, and vote.

        Args:
            page: As sent.
            quads: In its pixels.
            context: Gets a warning for each failed variant, which does not vote.

        Returns:
            One per quad; an empty one where nothing could be read.

        Raises:
            ReadFailed: The reader failed on everything.
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        prepared, failed = prepare(page.pixels), dict[str, None]()
        readers = readers_for(self._reader, prepared)
        small = readers.first is not readers.again
        first = Variant("unchanged", partial(coarse, rows=COARSE_ROWS) if small else same)
        variants = [first, *ordered(self._variants, readers)]
        votes: list[Lattice | None] = []
        for quad in quads:
            context.check()
            line = _HardLine(quad, Lattice(LineReading("")), iter(variants))
            crops = self._crops(line, MOST_READINGS, prepared.pixels, failed)
            read = zip(crops, _read(crops, readers, context, failed), strict=True)
            votes.append(_voted([_on_first_quad(one, variant, quad) for (_, variant, _), one in read if one]))
        for name in failed:
            context.warn(f"page {page.number}: the variant '{name}' failed and did not vote")
        if quads and not any(votes):
            raise ReadFailed(f"no line of page {page.number} could be read again")
        readings = [vote.reading() if vote else LineReading("") for vote in votes]
        confidences = line_confidences(readings, self._calibration, degradation_measures(prepared.degradation))
        return [to_line(page, *one, self._calibration) for one in zip(quads, readings, confidences, strict=True)]

    def _hard_lines(self, upright: OrientedReading, variants: Sequence[Variant]) -> dict[int, _HardLine]:
        """The uncertain lines by their index, the least certain first."""
        certainty = [line_confidence(reading) for reading in upright.readings]
        order = sorted(range(len(certainty)), key=lambda index: certainty[index])
        return {
            index: _HardLine(upright.quads[index], Lattice(upright.readings[index]), iter(variants))
            for index in order
            if certainty[index] < SURE
        }

    def _vote(
        self,
        lines: Sequence[_HardLine],
        upright: OrientedReading,
        budget: float,
        readers: Readers,
        context: ReadContext,
        failed: dict[str, None],
    ) -> None:
        """Read variants of the lines in rounds, each round's crops together, until every vote is decided.

        No vote is decided before most of the readings are there, so that many are read before the first count.
        """
        most = self._mode.variants
        left = budget * (most - 1) * sum(map(_strip_width, upright.quads))
        while lines:
            crops: list[_Crop] = []
            for line in lines:
                crops += self._crops(line, max(1, most // 2 + 1 - line.lattice.readings), upright.pixels, failed)
            affordable = _within(left, crops)
            readings = _read(affordable, readers, context, failed)
            for (line, variant, _), reading in zip(affordable, readings, strict=True):
                if reading is not None:
                    left -= _strip_width(line.quad)
                    line.lattice.add(_on_first_quad(reading, variant, line.quad))
            read = {id(line) for line, _, _ in affordable}
            lines = [
                line for line in lines if id(line) in read and not line.lattice.settled(most - line.lattice.readings)
            ]

    def _crops(self, line: _HardLine, wanted: int, pixels: Pixels, failed: dict[str, None]) -> list[_Crop]:
        """The next crops of a line; a variant that fails is skipped."""
        crops: list[_Crop] = []
        while len(crops) < wanted and (variant := next(line.untried, None)):
            try:
                crops.append((line, variant, variant.make(cut_line(pixels, grown(line.quad, variant.grow)))))
            except Exception:
                log.exception("variant %s", variant.name)
                failed[variant.name] = None
        return crops


def _read(
    crops: Sequence[_Crop], readers: Readers, context: ReadContext, failed: dict[str, None]
) -> list[LineReading | None]:
    """A reading per crop, by the reader that its variant is for; None for those that the reader fails on."""
    readings: dict[int, LineReading | None] = {}
    for reader, second in ((readers.again, False), (readers.second, True)):
        own = [index for index, (_, variant, _) in enumerate(crops) if variant.second_opinion == second]
        if reader is not None:
            readings.update(zip(own, _read_by(reader, [crops[index] for index in own], context, failed), strict=True))
    return [readings[index] for index in range(len(crops))]


def _read_by(
    reader: LineReader, crops: Sequence[_Crop], context: ReadContext, failed: dict[str, None]
) -> list[LineReading | None]:
    """Likewise, by one reader: all crops together, and each by itself where that fails."""
    try:
        with stage("recognise"):
            read = reader.read([crop for _, _, crop in crops], context) if crops else []
        return [spaced(tidied(reading)) for reading in read]
    except Exception:
        if len(crops) > 1:
            return [reading for crop in crops for reading in _read_by(reader, [crop], context, failed)]
        log.exception("reading variant %s", crops[0][1].name)
        failed[crops[0][1].name] = None
        return [None]


def _voted(readings: Sequence[LineReading]) -> Lattice | None:
    """The vote over some readings; None where there are none."""
    if not readings:
        return None
    lattice = Lattice(readings[0])
    for reading in readings[1:]:
        lattice.add(reading)
    return lattice


def grown(quad: Quad, share: float) -> Quad:
    """The quad with a share of its height added on every side."""
    height = quad_size(quad)[1]
    along, across = (_unit(quad[1] - quad[0]) * height * share, _unit(quad[3] - quad[0]) * height * share)
    moves = np.stack([-along - across, along - across, along + across, across - along])
    return np.asarray(quad + moves, np.float32)


def _strip_width(quad: Quad) -> float:
    """The cost of reading a line: its width in units of its height."""
    width, height = quad_size(quad)
    return width / height


def _within(budget: float, crops: Sequence[_Crop]) -> list[_Crop]:
    """The first crops, as far as the budget goes."""
    kept = []
    for crop in crops:
        budget -= _strip_width(crop[0].quad)
        if budget < 0:
            break
        kept.append(crop)
    return kept


def _unit(vector: Quad) -> Quad:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)


def _on_first_quad(reading: LineReading, variant: Variant, quad: Quad) -> LineReading:
    """A reading's spans as shares of the width that the line's own quad has."""
    if not variant.grow or not reading.spans:
        return reading
    width, height = quad_size(quad)
    extra = variant.grow * height / width
    spans = [[min(max(at * (1 + 2 * extra) - extra, 0.0), 1.0) for at in span] for span in reading.spans]
    return replace(reading, spans=tuple((left, right) for left, right in spans))
