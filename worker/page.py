"""The data of a read: a page's pixels, the lines found on it, their readings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.imaging.text_layer import TextLayer

Pixels = NDArray[np.uint8]
"""height x width x 3, BGR, 8 bit."""

Quad = NDArray[np.float32]
"""4 x 2: x and y of the corners in pixels, clockwise from the text's own top left."""


@dataclass(frozen=True)
class PageImage:
    """A page as sent: transposed by its EXIF orientation, otherwise not rotated.

    Attributes:
        number: From 1, the frame's or PDF page's place in the document.
        pixels: BGR on a white background; transparency flattened, 16 bit scaled to 8.
        dpi: The resolution a PDF page was rendered at; None for images.
        layer: The text that a PDF page itself carries; None where it has none or nobody asked for it.
        warnings: What was lost while it was decoded, as sentences for the result's metadata.
    """

    number: int
    pixels: Pixels
    dpi: float | None = None
    layer: TextLayer | None = None
    warnings: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class LineReading:
    """A line reader's reading of one crop.

    Attributes:
        text: As given by the model, with spaces.
        probabilities: One per character of ``text``, 0 to 1.
        spans: One ``(left, right)`` per character, in shares of the crop's width, 0 to 1; empty where the model
            gives none.
    """

    text: str
    probabilities: tuple[float, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()

    @property
    def mean_probability(self) -> float:
        """Mean of the characters' probabilities; 0 for an empty text."""
        return sum(self.probabilities) / len(self.probabilities) if self.probabilities else 0.0


@dataclass(frozen=True)
class TextLine:
    """A line found on a page and read.

    Attributes:
        quad: Its corners, in pixels of the page as sent.
        reading: Its text.
    """

    quad: Quad
    reading: LineReading


@dataclass(frozen=True)
class PageReading:
    """A page reader's reading of one page.

    Attributes:
        text: In reading order, lines separated by newlines.
        lines: With boxes, where the engine gives them.
        probability: The engine's own estimate for the page, 0 to 1; None if it has none.
        warnings: Sentences for the result's metadata.
        probabilities: One per character of ``text``, 0 to 1; empty where the engine gives none.
        turns: Quarter turns clockwise of the page's text, as detected by the engine.
        cut: Whether the page may have more text than ``text``.
        failure: Why the page could not be read, though others of its batch were; its text is empty then.
    """

    text: str
    lines: tuple[TextLine, ...] = ()
    probability: float | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)
    probabilities: tuple[float, ...] = ()
    turns: int = 0
    cut: bool = False
    failure: str | None = None
