"""The words of a table, laid straight, and the visual rows they stand on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worker.imaging.orientation import skew_of
from worker.layout.tree import LayoutLine, LayoutWord
from worker.page import Quad

ROW_TOLERANCE = 0.42
"""Text heights between the middles of words that stand on one visual row."""

CORNER_NOISE, DOUBTS = 2.0, 2.5
"""Pixels by which the ends of a line's box stand too high or low, and the standard errors from which a skew is one."""

SIDEWAYS_ASPECT = 1.8
"""A line of several characters that is so many times taller than wide runs up or down the page."""


@dataclass(frozen=True)
class Token:
    """A word, or a whole line whose words have no places; bounds in straightened pixels.

    Attributes:
        line: Index into the page's lines.
        word: Index into the line's words; 0 for a whole line.
    """

    line: int
    word: int
    left: float
    top: float
    right: float
    bottom: float
    text: str

    @cached_property
    def centre(self) -> float:
        """Its x."""
        return (self.left + self.right) / 2

    @cached_property
    def middle(self) -> float:
        """Its y."""
        return (self.top + self.bottom) / 2

    @cached_property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @cached_property
    def is_number(self) -> bool:
        """Whether it has digits and hardly any letters."""
        return self.has_digits and sum(map(str.isalpha, self.text)) <= 2

    @cached_property
    def has_digits(self) -> bool:
        """Whether it has any."""
        return any(map(str.isdigit, self.text))


Rows = list[list[Token]]
"""Visual rows from top to bottom, each from left to right."""


@dataclass(frozen=True)
class TableText:
    """The text of a table.

    Attributes:
        rows: Of tokens.
        height: The usual height of a line, in pixels.
        skew: Degrees clockwise by which the page was turned back.
        bounds: Left, top, right and bottom of all tokens, straightened.
    """

    rows: Rows
    height: float
    skew: float
    bounds: tuple[float, float, float, float]

    @cached_property
    def tokens(self) -> list[Token]:
        """Row by row."""
        return [token for row in self.rows for token in row]


def table_text(lines: Sequence[LayoutLine], members: Sequence[int], skew: float | None = None) -> TableText:
    """The words of some lines of a page, at least one.

    Args:
        lines: All of the page.
        members: Indices of the table's.
        skew: Of the page in degrees, where it is known; else the lines show it.
    """
    turned = page_skew(lines) if skew is None else skew
    return _arranged([token for index in members for token in _tokens(lines[index], index, turned)], turned)


def text_of(page: TableText, members: Collection[int]) -> TableText:
    """The words of some lines of a page, at least one.

    Args:
        page: All its words.
        members: Indices of the lines, among the page's.
    """
    tokens = sorted((token for token in page.tokens if token.line in members), key=lambda one: (one.line, one.word))
    return _arranged(tokens, page.skew)


def _arranged(tokens: Sequence[Token], skew: float) -> TableText:
    heights = [token.bottom - token.top for token in tokens if token.width > 0.5 * (token.bottom - token.top)]
    height = max(1.0, float(np.median(heights or [token.bottom - token.top for token in tokens])))
    bounds = (
        min(token.left for token in tokens),
        min(token.top for token in tokens),
        max(token.right for token in tokens),
        max(token.bottom for token in tokens),
    )
    return TableText(visual_rows(tokens, height), height, skew, bounds)


def page_skew(lines: Sequence[LayoutLine]) -> float:
    """Degrees clockwise by which a page's lines are turned; 0 where they are too few and short to tell."""
    quads = [np.asarray(line.quad, np.float32) for line in lines]
    skew = skew_of(quads)
    widths = np.array([np.linalg.norm(quad[1] - quad[0]) for quad in quads])
    doubt = np.degrees(CORNER_NOISE / max(float(np.sqrt((widths**2).sum())), 1.0))
    return skew if abs(skew) >= DOUBTS * doubt else 0.0


def straightened(quads: Sequence[Quad], skew: float) -> list[Quad]:
    """Quads turned back by a skew in degrees about the page's origin."""
    if not skew:
        return [np.asarray(quad, np.float32) for quad in quads]
    cos, sin = np.cos(np.radians(skew)), np.sin(np.radians(skew))
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    return [np.asarray(np.asarray(quad, np.float32) @ turn, np.float32) for quad in quads]


def visual_rows(tokens: Sequence[Token], height: float) -> Rows:
    """Tokens by the height they stand at."""
    rows: Rows = []
    middles: list[float] = []
    for token in sorted(tokens, key=lambda token: (token.middle, token.left)):
        if rows and token.middle - middles[-1] <= ROW_TOLERANCE * height:
            rows[-1].append(token)
            middles[-1] += (token.middle - middles[-1]) / len(rows[-1])
        else:
            rows.append([token])
            middles.append(token.middle)
    return [sorted(row, key=lambda token: token.left) for row in rows]


def row_middle(row: Sequence[Token]) -> float:
    """The y at which a visual row stands."""
    return sum([token.middle for token in row]) / len(row)


def _tokens(line: LayoutLine, index: int, skew: float) -> list[Token]:
    quad = np.asarray(line.quad, np.float32)
    (outer,) = straightened([quad], skew)
    width, height = np.ptp(outer[:, 0]), np.ptp(outer[:, 1])
    sideways = height > SIDEWAYS_ASPECT * width and len(line.text.strip()) > 1
    words = [word for word in line.words if word.text.strip()]
    if sideways or not words or len(words) < len(line.words):
        return [_token(index, 0, outer, line.text)]
    if any(word.quad is None for word in words):
        words = _estimated(words, quad)
    quads = straightened([np.asarray(word.quad, np.float32) for word in words], skew)
    return [
        _token(index, number, bounds, word.text) for number, (word, bounds) in enumerate(zip(words, quads, strict=True))
    ]


def _token(line: int, word: int, quad: Quad, text: str) -> Token:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return Token(line, word, float(left), float(top), float(right), float(bottom), text)


def _estimated(words: Sequence[LayoutWord], quad: Quad) -> list[LayoutWord]:
    """Words with places cut from their line's by the number of characters."""
    total = sum(len(word.text) for word in words) + len(words) - 1
    placed, start = [], 0
    for word in words:
        first, after = start / total, (start + len(word.text)) / total
        top, bottom = quad[1] - quad[0], quad[2] - quad[3]
        corners = [quad[0] + first * top, quad[0] + after * top, quad[3] + after * bottom, quad[3] + first * bottom]
        placed.append(LayoutWord(word.text, np.array(corners, np.float32)))
        start += len(word.text) + 1
    return placed
