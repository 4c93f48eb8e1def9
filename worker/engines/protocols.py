"""What an engine promises. Pipelines know these and no engine by name.

Of its own accord an engine may tell the registry more: ``memory_bytes``, what it takes, where that cannot be counted
from the torch modules among its attributes, and ``concurrent``, that threads may call it at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tasks.runner import ReadContext
from worker.page import LineReading, PageImage, PageReading, Pixels, Quad


@runtime_checkable
class Detector(Protocol):
    """Finds text lines."""

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """Quads of the text lines of a page that stands upright, in no promised order."""
        ...


@runtime_checkable
class DegradedPageDetector(Detector, Protocol):
    """A detector that has another one for worn pages."""

    for_degraded_pages: Detector


@runtime_checkable
class LineReader(Protocol):
    """Reads crops that hold one text line each."""

    name: str

    def read_lines(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """One reading per crop, in the order given; equal crops give equal readings whatever stands beside them."""
        ...


@runtime_checkable
class LineReaderWithOthers(LineReader, Protocol):
    """A line reader that has two others: one for worn lines, and one that errs on other letters."""

    for_degraded_lines: LineReader
    second_opinion: LineReader


@runtime_checkable
class PageReader(Protocol):
    """Reads whole pages."""

    name: str
    batch_pages: int

    def read_pages(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """One reading per page, in the order given."""
        ...


Engine = LineReader | PageReader
