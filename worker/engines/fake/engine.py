"""Instant readings without a model: the whole stack runs on it in tests, load tests and demos."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.fake import INFO
from worker.engines.protocols import PageReader
from worker.page import LineReading, PageImage, PageReading, Quad, TextLine

PROBABILITY = 0.99  # of every character
CHECK_SECONDS = 0.05  # the longest sleep between two checks for a stop
MARGIN = 0.1  # of the page's width and height, left white on each side
LINE_HEIGHT = 0.04  # of the page's height
FULL_LINE = 40  # characters of a line that fills the width between the margins
LINE_STEP = 0.06  # of the page's height, from line to line


class FakeEngine(PageReader):
    """Returns the same few lines for every page; only the page's number differs.

    Args:
        seconds_per_page: How long a page takes; a cancel and the deadline take effect within 50 ms.
    """

    info = replace(INFO, name="fake/fixed")  # a batch of 1, so that pages spread over the workers

    def __init__(self, seconds_per_page: float = 0.0) -> None:
        self.seconds_per_page = seconds_per_page

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """One fixed reading per page.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        readings = []
        for page in pages:
            _wait(self.seconds_per_page, context)
            readings.append(_reading(page))
        return readings


def load(model: str, settings: Settings) -> FakeEngine:
    """The engine with the configured seconds per page; every model name gets the same."""
    return FakeEngine(settings.fake_seconds)


def _wait(seconds: float, context: ReadContext) -> None:
    end = time.monotonic() + seconds
    context.check()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, CHECK_SECONDS))
        context.check()


def _reading(page: PageImage) -> PageReading:
    texts = (
        f"Fake reading of page {page.number}",
        f"Invoice number: FAKE-{page.number:04d}",
        "Date: 2026-01-31",
        "Total: 42.00",
    )
    lines = tuple(TextLine(_quad(page, index, text), _line(text)) for index, text in enumerate(texts))
    return PageReading(text="\n".join(texts), lines=lines, probability=PROBABILITY)


def _line(text: str) -> LineReading:
    count = len(text)
    return LineReading(
        text=text,
        probabilities=(PROBABILITY,) * count,
        spans=tuple((index / count, (index + 1) / count) for index in range(count)),
    )


def _quad(page: PageImage, index: int, text: str) -> Quad:
    """A box inside the page, whatever its size, as wide as the text is long."""
    left, top = MARGIN * page.width, (MARGIN + index * LINE_STEP) * page.height
    right = left + (1 - 2 * MARGIN) * page.width * min(1.0, len(text) / FULL_LINE)
    bottom = top + LINE_HEIGHT * page.height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)
