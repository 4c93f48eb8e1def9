"""What the characters' probabilities say about words, lines and pages.

A line's confidence is the probability that the line is right, a page's the expected share of its words that are.
Characters are taken as independent. The models are surer of themselves than they should be, and none of this sees
lines that were not found: both are for calibration to mend.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from worker.page import LineReading

BLANK_PAGE = 0.0
"""Nothing was read, so nothing vouches for the text: a blank page and one too faint to read look the same."""


def all_right(probabilities: Iterable[float]) -> float:
    """The probability that every character is right: their product, 0 to 1."""
    return math.prod(min(max(p, 0.0), 1.0) for p in probabilities)


def line_confidence(reading: LineReading) -> float:
    """The probability that a line is right; 0 for an empty one.

    A reader that gives no probabilities gets 0 as well: it says nothing about its text.
    """
    return all_right(reading.probabilities) if reading.probabilities else 0.0


def word_ranges(text: str) -> list[tuple[int, int]]:
    """Where the words of a line begin and end, as indices into it; words are what spaces part."""
    ranges, start = [], None
    for index, character in enumerate(f"{text} "):
        if character.isspace():
            if start is not None:
                ranges.append((start, index))
            start = None
        elif start is None:
            start = index
    return ranges


def word_confidences(reading: LineReading) -> list[float]:
    """The probability of each word of a line that it is right, in order."""
    if not reading.probabilities:
        return [0.0 for _ in word_ranges(reading.text)]
    return [all_right(reading.probabilities[first:after]) for first, after in word_ranges(reading.text)]


def page_confidence(readings: Sequence[LineReading]) -> float:
    """The expected share of a page's words that are right; :data:`BLANK_PAGE` where there are none."""
    words = [confidence for reading in readings for confidence in word_confidences(reading)]
    return sum(words) / len(words) if words else BLANK_PAGE


def document_confidence(pages: Sequence[tuple[str, float]]) -> float:
    """The expected share of a document's words that are right, from each page's text and confidence."""
    counts = [(len(text.split()), confidence) for text, confidence in pages]
    total = sum(count for count, _ in counts)
    return sum(count * confidence for count, confidence in counts) / total if total else BLANK_PAGE
