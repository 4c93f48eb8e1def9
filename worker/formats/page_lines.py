"""A page's lines and a line's words, also where the engine gave only the larger piece."""

from __future__ import annotations

import unicodedata

from ocrq.contracts import Box, Line, Page, Word
from worker.geometry import part_of

WIDE = frozenset("WF")  # East Asian width classes that fill two columns
RIGHT_TO_LEFT = frozenset(("R", "AL"))  # bidirectional classes of Hebrew and of Arabic letters
STRONG = RIGHT_TO_LEFT | {"L"}


def lines_of(page: Page) -> list[Line]:
    """The page's lines with text; cut from its text, with no box, where the engine gave none."""
    if page.lines:
        return [line for line in page.lines if line.text.strip()]
    return [Line(text=text, confidence=page.confidence) for text in page.text.splitlines() if text.strip()]


def words_of(line: Line) -> list[Word]:
    """The line's words, each with a box where the line has one.

    A word's own box is kept. One that is missing is estimated: the line's box cut by the width of the characters,
    from the right for a script that is written so. A word without confidence of its own has the line's.
    """
    words = [word for word in line.words or () if word.text.strip()]
    if not words:
        words = [Word(text=text, confidence=line.confidence) for text in line.text.split()]
    if line.box is None or all(word.box for word in words):
        return words
    estimated = _cut(line.box, [word.text for word in words], backwards=is_right_to_left(line.text))
    return [
        word if word.box else word.model_copy(update={"box": box}) for word, box in zip(words, estimated, strict=True)
    ]


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is one of a script written from the right."""
    for char in text:
        if (direction := unicodedata.bidirectional(char)) in STRONG:
            return direction in RIGHT_TO_LEFT
    return False


def columns_of(text: str) -> int:
    """Width in columns of a fixed font: marks take none, East Asian characters two. At least 1."""
    return max(1, sum(_columns(char) for char in text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in WIDE else 1


def _cut(box: Box, texts: list[str], *, backwards: bool) -> list[Box]:
    widths = [columns_of(text) for text in texts]
    total = sum(widths) + len(widths) - 1  # one column for each space between
    pieces, start = [], 0
    for width in widths:
        left, right = start / total, (start + width) / total
        pieces.append(part_of(box, 1 - right, 1 - left) if backwards else part_of(box, left, right))
        start += width + 1
    return pieces
