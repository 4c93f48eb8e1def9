"""The data of a read: a page's pixels, the lines found on it, their readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from worker.imaging.text_layer import TextLayer

if TYPE_CHECKING:  # the decoder's process loads no contracts
    from ocrq.contracts.result import BlockType

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
        size: Width and height of the page where ``pixels`` is a smaller copy; None where it is not.
        whole: Gives the page itself then.
    """

    number: int
    pixels: Pixels
    dpi: float | None = None
    layer: TextLayer | None = None
    warnings: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    whole: Callable[[], PageImage] | None = None

    @property
    def width(self) -> int:
        """Pixels."""
        return self.size[0] if self.size else int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return self.size[1] if self.size else int(self.pixels.shape[0])

    @property
    def scale(self) -> float:
        """Pixels of ``pixels`` to one of the page."""
        return float(self.pixels.shape[1] / self.width)


@dataclass(frozen=True)
class LineReading:
    """A line reader's reading of one crop.

    Attributes:
        text: As given by the model, with spaces.
        probabilities: One per character of ``text``, 0 to 1.
        spans: One ``(left, right)`` per character, in shares of the crop's width, 0 to 1; empty where the model
            gives none.
        script: ISO 15924 code of the script of a line that is in another than the reader's own ones; None otherwise.
        is_lost: Whether nothing here reads that script; what was made of it is not its text.
    """

    text: str
    probabilities: tuple[float, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    script: str | None = None
    is_lost: bool = False

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
class TextCell:
    """A cell of a table that a model wrote; rows and columns of the table count from 0.

    Attributes:
        first: Its first row of the page's text.
        after: The row of the text behind its last; ``first`` for an empty cell.
    """

    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    first: int = 0
    after: int = 0


@dataclass(frozen=True)
class TextTable:
    """The structure of a table that a model wrote: no two cells cover the same place."""

    rows: int
    columns: int
    cells: tuple[TextCell, ...]


@dataclass(frozen=True)
class TextBlock:
    """A block that a model wrote.

    Attributes:
        type: Its role.
        first: Its first row of the page's text.
        after: The row of the text behind its last.
        level: Of a heading, 1 to 6.
        latex: Of a formula.
        table: Of a table; each cell has rows of its own among the block's.
        checked: Of a checkbox.
    """

    type: BlockType
    first: int
    after: int
    level: int | None = None
    latex: str | None = None
    table: TextTable | None = None
    checked: bool | None = None


@dataclass(frozen=True)
class PageReading:
    """A page reader's reading of one page.

    Attributes:
        text: In reading order, lines separated by newlines.
        blocks: Of the text, in its order, where the engine writes markup; every row that is not empty is in one.
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
    blocks: tuple[TextBlock, ...] = ()
    probability: float | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)
    probabilities: tuple[float, ...] = ()
    turns: int = 0
    cut: bool = False
    failure: str | None = None
