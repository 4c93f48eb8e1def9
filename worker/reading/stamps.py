"""Reads stamps that stand across a page's text, and hands the page on without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import Detector, LineReader
from worker.imaging.crop import cut_line
from worker.imaging.orientation import as_sent
from worker.imaging.stamps import Stamp, find_stamps, hidden_share, on_page, stamp_picture, without_stamps
from worker.page import LineReading, Pixels, Quad
from worker.reading.characters import tidied
from worker.reading.spacing import spaced

LEAST_SURE, LEAST_CHARACTERS = 0.8, 4
"""Mean probability and letters or digits from which what stands in a stamp's ink is text."""


@dataclass(frozen=True)
class StampReading:
    """A stamp.

    Attributes:
        quads: Of its lines from top to bottom, in pixels of the page.
        readings: One per quad.
        rectangle: Around the stamp, in pixels of the page.
        hidden: Share of the page's words in it that its ink hides.
    """

    quads: tuple[Quad, ...]
    readings: tuple[LineReading, ...]
    rectangle: Quad
    hidden: float

    def turned(self, turns: int, pixels: Pixels) -> StampReading:
        """The stamp on the page as it was turned back.

        Args:
            turns: Quarters clockwise of the page as sent.
            pixels: The page as sent.
        """
        height, width = pixels.shape[:2]
        size = (width, height) if turns % 2 == 0 else (height, width)
        quads = tuple(as_sent(quad, -turns, *size) for quad in self.quads)
        return replace(self, quads=quads, rectangle=as_sent(self.rectangle, -turns, *size))


def lift_stamps(
    pixels: Pixels, detector: Detector, reader: LineReader, context: ReadContext
) -> tuple[Pixels, list[StampReading]]:
    """The page without the stamps on its text, and what they say.

    Args:
        pixels: The page as sent; a stamp is read as it stands there, at most half a right angle off level.
        detector: Finds their lines.
        reader: Reads them.
        context: Of this read.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    lifted, read = list[Stamp](), list[StampReading]()
    for stamp in find_stamps(pixels):
        reading = _read(pixels, stamp, detector, reader, context)
        if reading.quads:
            lifted.append(stamp)
            read.append(reading)
    return (without_stamps(pixels, lifted) if lifted else pixels), read


def _read(pixels: Pixels, stamp: Stamp, detector: Detector, reader: LineReader, context: ReadContext) -> StampReading:
    picture = stamp_picture(pixels, stamp)
    quads = sorted(detector.find_lines(picture), key=lambda quad: float(np.mean(quad[:, 1])))
    read = [spaced(tidied(one)) for one in reader.read([cut_line(picture, quad) for quad in quads], context)]
    kept = [index for index, reading in enumerate(read) if _is_text(reading)]
    placed = tuple(on_page(quads[index], stamp, picture) for index in kept)
    return StampReading(placed, tuple(read[index] for index in kept), stamp.quad, hidden_share(pixels, stamp))


def _is_text(reading: LineReading) -> bool:
    return reading.mean_probability >= LEAST_SURE and sum(map(str.isalnum, reading.text)) >= LEAST_CHARACTERS


def all_lines(stamps: Sequence[StampReading]) -> tuple[list[Quad], list[LineReading]]:
    """The lines of all stamps, one after another."""
    return (
        [quad for stamp in stamps for quad in stamp.quads],
        [reading for stamp in stamps for reading in stamp.readings],
    )
