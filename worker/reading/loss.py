"""Text of a page that is not in its lines."""

from __future__ import annotations

from dataclasses import dataclass

from worker.imaging.crop import quad_size
from worker.page import Quad

WORD_HEIGHTS = 2.4
"""Length of a word with its space, in heights of its line's box."""

LEAST_WORDS = 0.5
"""Lost words below which a page is taken for whole."""


@dataclass(frozen=True)
class Loss:
    """Text of a page that is not in its lines.

    Attributes:
        words: Estimated number of them.
        what: A sentence's beginning for the warning, with the number of lines.
        certainty: Share of these words of which it is certain, 0 to 1; 0 where whole pages often look like it.
    """

    words: float
    what: str
    certainty: float = 1.0


def words_in(quad: Quad) -> float:
    """Estimated words of a line."""
    width, height = quad_size(quad)
    return max(1.0, max(width, height) / (WORD_HEIGHTS * max(1.0, min(width, height))))


def line_count(count: int) -> str:
    """For a sentence."""
    return "1 line" if count == 1 else f"{count} lines"
