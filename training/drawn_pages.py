"""Parts of pages drawn as business documents have them: paragraphs, labels with values, tables, titles, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training import values
from training.fonts import Fonts, covered
from training.page_pairs import SIDE, Floats, Printed
from training.random_source import RandomSource
from training.texts import Texts

SHRUNK_SHARE, SMALLEST = 0.6, 0.5
"""Of the sheets, and their smallest scale: large pages are shrunk before their lines are found, blurred ones, too."""

SMALLEST_TEXT, LARGEST_TEXT = 11, 36
"""Pixels of font size, as on the page; titles are larger."""

SMALL_POWER = 1.4
"""Sizes are drawn as a uniform number to this power, on a logarithmic scale: small ones more often."""

LINE_STEPS = (1.02, 1.8)
"""From line to line, in font sizes."""

GAPS = (0.2, 3.0)
"""From block to block, in font sizes."""

COLUMNS = {1: 50, 2: 30, 3: 12, 4: 8}
MOST_LINES, MOST_CELLS = 8, 10
LONGEST = 90  # characters
INK, FAINT_INK = 255, (90, 254)
FAINT_SHARE = 0.3
"""Of blocks printed in grey."""

RULED_SHARE = 0.6
"""Of tables."""

SEPARATORS = "-=*_.~"
Block = Callable[[float, float, float], float]
"""Draws at a left and a top into a width, in pixels, and tells the bottom."""


def sheets(characters: frozenset[str], seed: int) -> Iterator[Printed]:
    """Sheets without end.

    Args:
        characters: Those that may stand on them.
        seed: Equal seeds draw equal sheets.
    """
    rng, texts = RandomSource(seed), Texts(seed, characters)
    while True:
        scale = rng.uniform(SMALLEST, 1) if rng.happens(SHRUNK_SHARE) else 1.0
        sheet = Sheet(round(SIDE / scale), texts, rng)
        yield sheet.fill(), sheet.size


class Sheet:
    """A square part of a page, filled from top to bottom.

    Args:
        side: Pixels.
        texts: Draw what stands on lines.
        rng: Draws the rest.

    Attributes:
        size: Of the font of running text, in pixels.
    """

    def __init__(self, side: int, texts: Texts, rng: RandomSource) -> None:
        self._side, self._texts, self._chance, self._fonts = side, texts, rng, Fonts(rng)
        self._image = Image.new("L", (side, side), 0)
        self._pen = ImageDraw.Draw(self._image)
        self.size = round(SMALLEST_TEXT * (LARGEST_TEXT / SMALLEST_TEXT) ** (rng.random() ** SMALL_POWER))
        self._blocks: dict[Block, int] = {
            self._paragraph: 30,
            self._pairs: 25,
            self._table: 25,
            self._title: 10,
            self._separator: 5,
            self._picture: 5,
        }

    def fill(self) -> Floats:
        """Side x side, 0 ground to 255 ink."""
        rng, top = self._chance, self._chance.uniform(-1, 2) * self.size
        while top < self._side:
            count = rng.by_share(COLUMNS)
            width = self._side / count
            bottoms = [self._block(column * width, top, width) for column in range(count)]
            top = max(bottoms) + rng.uniform(*GAPS) * self.size
        return np.asarray(self._image, np.float32)

    def _block(self, left: float, top: float, width: float) -> float:
        indent = self._chance.uniform(0.2, 2) * self.size
        return self._chance.by_share(self._blocks)(left + indent, top, width - 2 * indent)

    def _paragraph(self, left: float, top: float, width: float) -> float:
        rng, font, ink = self._chance, self._font(self.size), self._ink()
        step, side = self.size * rng.uniform(*LINE_STEPS), rng.choice((0.0, 0.0, 0.5, 1.0))
        for _ in range(rng.randint(1, MOST_LINES)):
            self._write(self._line(), left, top, width, font, ink, side)
            top += step
        return float(top)

    def _pairs(self, left: float, top: float, width: float) -> float:
        """Labels with values, on the same rows."""
        rng, ink = self._chance, self._ink()
        label_font, value_font = self._font(self.size), self._font(self.size)
        step, side = self.size * rng.uniform(*LINE_STEPS), rng.choice((0.0, 1.0))
        split = width * rng.uniform(0.25, 0.7)
        for _ in range(rng.randint(1, MOST_LINES)):
            self._write(values.label(rng), left, top, split, label_font, ink)
            self._write(self._value(), left + split, top, width - split, value_font, ink, side)
            top += step
        return top

    def _table(self, left: float, top: float, width: float) -> float:
        rng, font, ink = self._chance, self._font(self.size), self._ink()
        step, rows = self.size * rng.uniform(1.2, 2.2), rng.randint(2, MOST_LINES)
        count = rng.randint(2, max(2, min(MOST_CELLS, int(width / (3 * self.size)))))
        shares = [rng.uniform(0.4, 1.6) for _ in range(count)]
        edges = left + width * np.cumsum([0, *shares]) / sum(shares)
        sides = [rng.choice((0.0, 0.5, 1.0)) for _ in range(count)]
        inset = 0.2 * self.size
        for row in range(rows):
            for cell, side in enumerate(sides):
                if rng.happens(0.85):
                    text = values.label(rng) if row == 0 else self._value()
                    cell_width = edges[cell + 1] - edges[cell] - 2 * inset
                    self._write(text, edges[cell] + inset, top + row * step, cell_width, font, ink, side)
        bottom = top + rows * step
        if rng.happens(RULED_SHARE):
            self._rules(edges, top - 0.15 * self.size, bottom, step)
        return bottom

    def _rules(self, edges: NDArray[np.float64], top: float, bottom: float, step: float) -> None:
        thick, ink = self._chance.randint(1, 3), self._ink()
        if self._chance.happens(0.7):
            for y in np.arange(top, bottom + 1, step):
                self._pen.line((edges[0], y, edges[-1], y), ink, thick)
        if self._chance.happens(0.7):
            for x in edges:
                self._pen.line((x, top, x, bottom), ink, thick)

    def _title(self, left: float, top: float, width: float) -> float:
        size = round(self.size * self._chance.uniform(1.3, 3))
        self._write(self._line(), left, top, width, self._font(size), self._ink(), self._chance.choice((0.0, 0.5)))
        return top + size * self._chance.uniform(*LINE_STEPS)

    def _separator(self, left: float, top: float, width: float) -> float:
        """A ruled line, or a row of one character."""
        if self._chance.happens(0.5):
            self._pen.line((left, top, left + width, top), self._ink(), self._chance.randint(1, 4))
            return top
        text = self._chance.choice(SEPARATORS) * LONGEST
        self._write(text, left, top, width, self._font(self.size), self._ink())
        return top + self.size

    def _picture(self, left: float, top: float, width: float) -> float:
        """A filled shape, some with a line of text left white on it."""
        bottom = top + self._chance.uniform(1.5, 6) * self.size
        if width < self.size:
            return top
        draw = self._chance.choice((self._pen.rectangle, self._pen.ellipse))
        draw((left, top, left + width * self._chance.uniform(0.3, 1), bottom), self._ink())
        if self._chance.happens(0.5):
            self._write(self._line(), left + self.size, top + 0.3 * self.size, width, self._font(self.size), 0)
        return bottom

    def _write(
        self,
        text: str,
        left: float,
        top: float,
        width: float,
        font: ImageFont.FreeTypeFont,
        ink: int,
        side: float = 0.0,
    ) -> None:
        """As much of a text as a width has room for, at its left (0), in its middle (.5) or at its right (1)."""
        known = covered(Path(str(font.path)))
        text = "".join(character for character in text if character == " " or character in known)
        while text and font.getlength(text) > width:
            text = text[: min(len(text) - 1, int(len(text) * width / font.getlength(text)))]
        if text:
            self._pen.text((left + side * (width - font.getlength(text)), top), text, ink, font)

    def _line(self) -> str:
        return self._texts.line(LONGEST)

    def _value(self) -> str:
        kinds = (values.amount, values.date, values.code, values.count, values.count, values.label)
        return self._chance.choice(kinds)(self._chance) if self._chance.happens(0.85) else self._line()

    def _font(self, size: int) -> ImageFont.FreeTypeFont:
        while not (font := self._fonts.drawn(self._line(), size)):
            pass
        return font

    def _ink(self) -> int:
        return self._chance.randint(*FAINT_INK) if self._chance.happens(FAINT_SHARE) else INK
