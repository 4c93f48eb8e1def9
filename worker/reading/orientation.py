"""Set a page upright and read what stands on it: what every pipeline of detector and line reader begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import cut_line, quad_size
from worker.imaging.orientation import half_turned, is_tall, lies_on_side, quarter_turned, turned_back, whole
from worker.imaging.prepare import Prepared
from worker.page import LineReading, Pixels, Quad
from worker.reading.characters import is_rule, tidied, without_strays
from worker.reading.spacing import spaced

PROBE_LINES = 5
"""Longest lines read to see whether a page stands on its head; their readings are kept."""

SURE = 0.9
"""Mean probability from which the page is taken as upright: right way up reads at about .99, wrong way at .70."""

NONSENSE = 0.5
"""Mean probability below which a reading is taken for a picture or a smudge, and dropped."""

STRIP_SIDE = 100
"""Pixels: a picture this low or narrow on which no line is found is taken for one line."""


@dataclass(frozen=True)
class UprightPage:
    """A page turned upright, and its lines.

    Attributes:
        pixels: Turned back by ``turns``; a small skew is left in.
        turns: Quarters clockwise by which the text stood on the page as sent.
        quads: Of the lines, in pixels of the turned picture.
        readings: One per quad.
    """

    pixels: Pixels
    turns: int
    quads: tuple[Quad, ...]
    readings: tuple[LineReading, ...]


@dataclass(frozen=True)
class StandingPage:
    """A page turned upright, its lines found and, but for those that showed which way up it stands, not yet read.

    Attributes:
        pixels: Turned back by ``turns``; a small skew is left in.
        turns: Quarters clockwise by which the text stood on the page as sent.
        quads: Of the lines, in pixels of the turned picture.
        probed: Readings so far, by the index of their quad.
    """

    pixels: Pixels
    turns: int
    quads: tuple[Quad, ...]
    probed: Mapping[int, LineReading]


def read_upright(
    pixels: Pixels, detector: Detector, reader: LineReader, context: ReadContext, scout: Detector | None = None
) -> UprightPage:
    """Turn a page upright, find its lines and read them.

    Args:
        pixels: The page, any way up.
        detector: Finds its lines.
        reader: Reads them.
        context: Of this read.
        scout: Looks as well whether the page lies on its side, where the detector knows level lines best.

    Returns:
        Lines whose reading is empty or nonsense are left out.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    return read_standing(stand(pixels, detector, reader, context, scout), reader, context)


def read_prepared(prepared: Prepared, detector: Detector, reader: LineReader, context: ReadContext) -> UprightPage:
    """Likewise, a page that was prepared: a worn one by the detector's other one, with the detector itself as scout."""
    finder = prepared.finder(detector)
    scout = None if finder is detector else detector
    return read_upright(prepared.pixels, finder, reader, context, scout)


def stand(
    pixels: Pixels, detector: Detector, reader: LineReader, context: ReadContext, scout: Detector | None = None
) -> StandingPage:
    """Turn a page upright and find its lines; raises as :func:`read_upright` does.

    The scout is asked only where the longest lines read badly: looking at a page costs as much as reading half of it.
    """
    quads, turns = _find(detector, pixels), 0
    on_side = lies_on_side(quads)
    probed = {} if on_side else _probe(pixels, quads, reader, context)
    if scout is not None and not on_side and _certainty(probed.values()) < SURE:
        on_side = lies_on_side(_find(scout, pixels))
    if on_side:
        pixels, turns = turned_back(pixels, 1), 1
        context.check()
        quads = _find(detector, pixels)
        probed = _probe(pixels, quads, reader, context)
    if _certainty(probed.values()) < SURE:
        overhead = _read(pixels, [half_turned(quads[i]) for i in probed], reader, context)
        if _certainty(overhead) > _certainty(probed.values()):
            pixels, turns = turned_back(pixels, 2), turns + 2
            context.check()
            quads, probed = _find(detector, pixels), {}
    return StandingPage(pixels, turns, tuple(quads), probed)


def read_standing(page: StandingPage, reader: LineReader, context: ReadContext) -> UprightPage:
    """Read the lines of a page that stands upright; returns and raises as :func:`read_upright` does."""
    rest = [i for i in range(len(page.quads)) if i not in page.probed]
    read = _read(page.pixels, [page.quads[i] for i in rest], reader, context)
    readings = {**page.probed, **dict(zip(rest, read, strict=True))}
    quads = _read_tall(page.pixels, page.quads, readings, reader, context)
    read_page = UprightPage(page.pixels, page.turns, tuple(quads), tuple(readings[i] for i in range(len(quads))))
    return without_nonsense(read_page)


def without_nonsense(page: UprightPage) -> UprightPage:
    """The page without characters and lines that are no text: strays, smudges, pictures taken for it, rules."""
    readings = without_strays(page.readings)
    kept = [
        i
        for i, reading in enumerate(readings)
        if reading.text and reading.mean_probability >= NONSENSE and not is_rule(reading.text)
    ]
    return replace(page, quads=tuple(page.quads[i] for i in kept), readings=tuple(readings[i] for i in kept))


def _find(detector: Detector, pixels: Pixels) -> list[Quad]:
    quads = detector.find_lines(pixels)
    return quads or ([whole(pixels)] if min(pixels.shape[:2]) <= STRIP_SIDE else [])


def _read(pixels: Pixels, quads: Sequence[Quad], reader: LineReader, context: ReadContext) -> list[LineReading]:
    return [spaced(tidied(reading)) for reading in reader.read([cut_line(pixels, quad) for quad in quads], context)]


def _probe(pixels: Pixels, quads: Sequence[Quad], reader: LineReader, context: ReadContext) -> dict[int, LineReading]:
    """Readings of the longest lines, by the index of their quad."""
    longest = sorted(range(len(quads)), key=lambda i: -quad_size(quads[i])[0])[:PROBE_LINES]
    return dict(zip(longest, _read(pixels, [quads[i] for i in longest], reader, context), strict=True))


def _read_tall(
    pixels: Pixels, quads: Sequence[Quad], readings: dict[int, LineReading], reader: LineReader, context: ReadContext
) -> list[Quad]:
    """Quads whose text runs up or down, begun at the text's own top left; ``readings`` gets what was read so."""
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
