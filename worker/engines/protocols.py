"""The engine Protocols: a detector and a line reader make a page reader, or an engine reads whole pages itself.

Engines inherit from the Protocol that they implement. Which of them an engine implements is in its ``info``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeGuard

from tasks.runner import ReadContext
from worker.engines.info import EngineInfo
from worker.page import LineReading, PageImage, PageReading, Pixels, Quad


class Detector(Protocol):
    """Finds text lines.

    Attributes:
        degraded_detector: A detector that finds more on degraded pages; None where there is none.
    """

    degraded_detector: Detector | None = None

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """Quads of the text lines of an upright page, in no particular order."""


class LineReader(Protocol):
    """Reads crops of one text line each.

    Attributes:
        info: What the engine is.
        degraded_reader: A reader that makes fewer errors on degraded lines; None where there is none.
        second_opinion: A reader of the same accuracy that confuses other characters; None where there is none.
    """

    info: EngineInfo
    degraded_reader: LineReader | None = None
    second_opinion: LineReader | None = None

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """One reading per crop, in order; of the other crops it depends on nothing but the script they are in."""

    def compile_ahead(self) -> Iterator[None]:
        """Steps, each of less than a tenth of a second, after which the first pages take no longer than others."""
        return iter(())


class LineEngine(Detector, LineReader, Protocol):
    """Finds text lines and reads them."""


class PageReader(Protocol):
    """Reads whole pages.

    Attributes:
        info: What the engine is.
    """

    info: EngineInfo

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """One reading per page, in order.

        Args:
            pages: Any number; ``info.batch_size`` of them are read together.
            prompt: The caller's; None for the model's own.
            context: Of this read.
        """


Engine = LineReader | PageReader


def reads_pages(engine: Engine) -> TypeGuard[PageReader]:
    """Whether the engine reads whole pages."""
    return engine.info.reads == "pages"


def reads_lines(engine: Engine) -> TypeGuard[LineReader]:
    """Whether the engine reads crops of lines."""
    return engine.info.reads == "lines"


def finds_lines(engine: Engine) -> TypeGuard[LineEngine]:
    """Whether the engine reads lines and is their detector, too."""
    return engine.info.reads == "lines" and engine.info.gives_boxes
