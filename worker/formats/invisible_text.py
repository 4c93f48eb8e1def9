"""Operators that write a page's text invisibly where it stands, each word stretched to its box."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

from ocrq.contracts import Box, Line, Page
from worker.formats.glyphless import ADVANCE, GlyphlessFont
from worker.formats.markup import number, printable
from worker.formats.page_lines import RIGHT_TO_LEFT, columns_of, is_right_to_left, words_of
from worker.geometry import angle_of, size_of

EMPTY_PAGE = (595.0, 842.0)  # points: A4, for a page of which not even the size is known
FONT = "OcrqText"  # among the page's own fonts
UNPLACED_HEIGHT = 0.6  # share of its strip that a line without a place fills

NUMBER = r"\d+(?:[.,:/\-]\d+)*"
HEBREW_AND_ARABIC = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe"
PARTS = re.compile(rf"{NUMBER}|[^\W\d_{HEBREW_AND_ARABIC}]+|.", re.DOTALL)
MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def invisible_text(page: Page, lines: Sequence[Line], scale: float, top: float, font: GlyphlessFont) -> str:
    """A text object with some of a page's lines.

    Args:
        page: Lines without a place are spread down it, so that a search finds the page at least.
        lines: Of it.
        scale: Points a pixel.
        top: Of the page, in points from its bottom.
        font: Named :data:`FONT` in the page's resources.
    """
    shown: list[str] = []
    for index, line in enumerate(lines):
        placed = line if line.box else line.model_copy(update={"box": _strip(page, index, len(lines), line)})
        shown += _shown(placed, scale, top, font)
    return "\n".join(["BT 3 Tr", *shown, "ET"])  # 3: neither filled nor stroked


def _strip(page: Page, index: int, count: int, line: Line) -> Box:
    """A place for a line that has none: its share of the page's height, as wide as its text needs."""
    width, height = page.width or EMPTY_PAGE[0], page.height or EMPTY_PAGE[1]
    strip = height / count
    upper, lower = index * strip, (index + UNPLACED_HEIGHT) * strip
    right = min(width, columns_of(line.text) * ADVANCE * (lower - upper))
    return (0.0, upper), (right, upper), (right, lower), (0.0, lower)


def _shown(line: Line, scale: float, top: float, font: GlyphlessFont) -> Iterator[str]:
    """Operators that show the line's words, each stretched to its box and followed by a space."""
    backwards = is_right_to_left(line.text)
    for word in words_of(line):
        if word.box is None:
            continue
        text = visual(printable(" ".join(word.text.split())))
        length, height = (max(side * scale, 1.0) for side in size_of(word.box))
        advance = length / len(text)
        turn = math.radians(-angle_of(word.box))  # a PDF's y runs up
        cos, sin = math.cos(turn), math.sin(turn)
        x, y = word.box[3][0] * scale, top - word.box[3][1] * scale
        if backwards:
            text, x, y = f" {text}", x - advance * cos, y - advance * sin
        else:
            text += " "
        place = " ".join(number(value) for value in (cos, sin, -sin, cos, x, y))
        stretch = 100 * advance / (ADVANCE * height)
        yield f"/{FONT} {height:.3f} Tf {stretch:.3f} Tz {place} Tm {font.encode(text)} Tj"


def visual(word: str) -> str:
    """A word's characters from left to right, as PDFs hold them.

    A word in a script written from the right is turned round, its numbers and Latin parts are not, and brackets are
    mirrored: the part of the Unicode bidirectional algorithm (UAX #9) that a single word needs.
    """
    if not any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in word):
        return word
    return "".join(part.translate(MIRRORED) for part in reversed(PARTS.findall(word)))
