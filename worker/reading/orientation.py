"""Corrects a page's orientation and reads its lines: the start of every pipeline of detector and line reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.monitoring.stages import stage
from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import cut_line, quad_size
from worker.imaging.ink import LetterInk, letter_ink_of
from worker.imaging.lone_ink import lone_ink
from worker.imaging.orientation import half_turned, is_tall, lies_on_side, quarter_turned, turned_back, whole
from worker.imaging.prepare import Prepared
from worker.layout.rivers import cut_at_rivers
from worker.page import LineReading, Pixels, Quad
from worker.reading.characters import is_rule, tidied, without_strays
from worker.reading.lone_signs import with_lone_signs
from worker.reading.losses import Dropped
from worker.reading.show_through import mirrored_lines
from worker.reading.spacing import spaced
from worker.reading.stamps import StampReading, lift_stamps

PROBE_LINES = 5
"""Longest lines read to detect whether a page is upside down; their readings are kept."""

FEWEST_LEVEL = 2
"""Quads that must read well as they stand for a page of mostly tall ones to be taken as upright."""

SURE = 0.9
"""Mean probability from which the page counts as upright: upright text has about .99, upside-down text .70."""

NONSENSE = 0.5
"""Mean probability below which a reading is taken for an image or a smudge, and dropped."""

STRIP_SIDE = 100
"""Pixels: an image this low or narrow without a detected line is taken as one line."""


@dataclass(frozen=True)
class OrientedReading:
    """An upright page and the readings of its lines.

    Attributes:
        pixels: Turned back by ``turns``; a small skew is left in.
        turns: Quarter turns clockwise of the text on the page as sent.
        quads: Of the lines, in pixels of the upright page.
        readings: One per quad.
        dropped: Lines that were found and hold no text that could be read.
        stamps: Read beside the lines, and no longer in ``pixels``; their quads are of the upright page, too.
        behind: Of what is not text of the page: rules of signs, and lines of the sheet's other side.
    """

    pixels: Pixels
    turns: int
    quads: tuple[Quad, ...]
    readings: tuple[LineReading, ...]
    dropped: tuple[Dropped, ...] = ()
    stamps: tuple[StampReading, ...] = ()
    behind: tuple[Quad, ...] = ()

    @property
    def ink(self) -> LetterInk:
        """Of the page's letters."""
        return letter_ink_of(self.pixels)


@dataclass(frozen=True)
class OrientedPage:
    """An upright page with its lines found, of which only those used to detect the orientation are read.

    Attributes:
        pixels: Turned back by ``turns``; a small skew is left in.
        turns: Quarter turns clockwise of the text on the page as sent.
        quads: Of the lines, in pixels of the upright page.
        probed: Readings so far, by the index of their quad.
    """

    pixels: Pixels
    turns: int
    quads: tuple[Quad, ...]
    probed: Mapping[int, LineReading]


def orient_and_read(
    pixels: Pixels,
    detector: Detector,
    reader: LineReader,
    context: ReadContext,
    orientation_detector: Detector | None = None,
) -> OrientedReading:
    """Correct a page's orientation, find its lines and read them.

    Args:
        pixels: The page, in any orientation.
        detector: Finds its lines.
        reader: Reads them.
        context: Of this read.
        orientation_detector: Also detects whether the page lies on its side, where ``detector`` was trained on
            horizontal lines.

    Returns:
        Lines whose reading is empty or nonsense are left out.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    lifted, stamps = lift_stamps(pixels, detector, reader, context)
    upright = read_oriented(
        detect_orientation(lifted, detector, reader, context, orientation_detector), reader, context
    )
    return replace(upright, stamps=tuple(stamp.turned(upright.turns, pixels) for stamp in stamps))


def read_prepared(prepared: Prepared, detector: Detector, reader: LineReader, context: ReadContext) -> OrientedReading:
    """The same for a prepared page: a degraded one with the degraded detector."""
    finder = prepared.detector_for(detector)
    orientation_detector = None if finder is detector else detector
    return orient_and_read(prepared.pixels, finder, reader, context, orientation_detector)


def detect_orientation(
    pixels: Pixels,
    detector: Detector,
    reader: LineReader,
    context: ReadContext,
    orientation_detector: Detector | None = None,
) -> OrientedPage:
    """Correct a page's orientation and find its lines; raises as :func:`orient_and_read` does.

    ``orientation_detector`` is used only where the longest lines read badly: detection costs half as much as reading.
    """
    quads, turns = _find(detector, pixels), 0
    on_side = lies_on_side(quads)
    # Sideways headers of a table or labels of a chart may be longer than all its level words.
    level = _read_level(pixels, quads, reader, context) if on_side else {}
    on_side = on_side and not level
    probed = level or ({} if on_side else _probe(pixels, quads, reader, context))
    if orientation_detector is not None and not on_side and _certainty(probed.values()) < SURE:
        on_side = lies_on_side(_find(orientation_detector, pixels))
    if on_side:
        pixels, turns = turned_back(pixels, 1), 1
        context.check()
        quads = _find(detector, pixels)
        probed = _probe(pixels, quads, reader, context)
    if _certainty(probed.values()) < SURE:
        upside_down = _read(pixels, [half_turned(quads[i]) for i in probed], reader, context)
        if _certainty(upside_down) > _certainty(probed.values()):
            pixels, turns = turned_back(pixels, 2), turns + 2
            context.check()
            quads, probed = _find(detector, pixels), {}
    return OrientedPage(pixels, turns, tuple(quads), probed)


def read_oriented(page: OrientedPage, reader: LineReader, context: ReadContext) -> OrientedReading:
    """Read the lines of an upright page; returns and raises as :func:`orient_and_read` does."""
    rest = [i for i in range(len(page.quads)) if i not in page.probed]
    read = _read(page.pixels, [page.quads[i] for i in rest], reader, context)
    readings = {**page.probed, **dict(zip(rest, read, strict=True))}
    quads = _read_tall(page.pixels, page.quads, readings, reader, context)
    quads, ordered = with_lone_signs(page.pixels, quads, [readings[i] for i in range(len(quads))])
    behind = mirrored_lines(page.pixels, quads, ordered, reader, context)
    own = [i for i in range(len(quads)) if i not in behind]
    kept = tuple(quads[i] for i in own), tuple(ordered[i] for i in own)
    read_page = OrientedReading(page.pixels, page.turns, *kept, behind=tuple(quads[i] for i in sorted(behind)))
    return without_nonsense(read_page)


def without_nonsense(page: OrientedReading) -> OrientedReading:
    """The page without characters and lines that are not text: stray marks, smudges, images, rules."""
    readings = without_strays(page.readings)
    kept = [
        i
        for i, reading in enumerate(readings)
        if reading.text and reading.mean_probability >= NONSENSE and not is_rule(reading.text)
    ]
    rest = sorted(set(range(len(readings))) - set(kept))
    marks = {i for i in rest if is_rule(readings[i].text) or (page.readings[i].text and not readings[i].text)}
    dropped = [Dropped(page.quads[i], page.readings[i]) for i in rest if i not in marks]
    return replace(
        page,
        quads=tuple(page.quads[i] for i in kept),
        readings=tuple(readings[i] for i in kept),
        dropped=(*page.dropped, *dropped),
        behind=(*page.behind, *(page.quads[i] for i in sorted(marks))),
    )


def _find(detector: Detector, pixels: Pixels) -> list[Quad]:
    with stage("detect"):
        quads = cut_at_rivers(detector.find_lines(pixels), pixels)
    return quads or ([whole(pixels)] if min(pixels.shape[:2]) <= STRIP_SIDE else lone_ink(pixels))


def _read(pixels: Pixels, quads: Sequence[Quad], reader: LineReader, context: ReadContext) -> list[LineReading]:
    with stage("recognise"):
        return [spaced(tidied(reading)) for reading in reader.read([cut_line(pixels, quad) for quad in quads], context)]


def _probe(pixels: Pixels, quads: Sequence[Quad], reader: LineReader, context: ReadContext) -> dict[int, LineReading]:
    """Readings of the longest lines, by the index of their quad."""
    longest = sorted(range(len(quads)), key=lambda i: -quad_size(quads[i])[0])[:PROBE_LINES]
    return dict(zip(longest, _read(pixels, [quads[i] for i in longest], reader, context), strict=True))


def _read_level(
    pixels: Pixels, quads: Sequence[Quad], reader: LineReader, context: ReadContext
) -> dict[int, LineReading]:
    """Readings of some quads that do not run up or down, if they show that the page stands upright; else none.

    On a page on its side they are single letters and short numbers, which read worse as they stand than turned.
    """
    level = sorted((i for i in range(len(quads)) if not is_tall(quads[i])), key=lambda i: -quad_size(quads[i])[0])
    level = level[:PROBE_LINES]
    if len(level) < FEWEST_LEVEL:
        return {}
    readings = _read(pixels, [quads[i] for i in level], reader, context)
    if _certainty(readings) < SURE:
        return {}
    turned = [_read(pixels, [quarter_turned(quads[i], way) for i in level], reader, context) for way in (1, -1)]
    if max(map(_certainty, turned)) >= _certainty(readings):
        return {}
    return dict(zip(level, readings, strict=True))


def _read_tall(
    pixels: Pixels, quads: Sequence[Quad], readings: dict[int, LineReading], reader: LineReader, context: ReadContext
) -> list[Quad]:
    """Vertical text: its quads from the text's own top left, with their readings put into ``readings``."""
    result = list(quads)
    for index, quad in enumerate(quads):
        if is_tall(quad) and readings[index].mean_probability < SURE:
            ways = [quarter_turned(quad, 1), quarter_turned(quad, -1)]
            for way, reading in zip(ways, _read(pixels, ways, reader, context), strict=True):
                if reading.mean_probability > readings[index].mean_probability:
                    result[index], readings[index] = way, reading
    return result


def _certainty(readings: Iterable[LineReading]) -> float:
    """Mean probability over all characters; 0 where there are none."""
    probabilities = [p for reading in readings for p in reading.probabilities]
    return sum(probabilities) / len(probabilities) if probabilities else 0.0
