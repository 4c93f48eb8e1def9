"""What the characters' probabilities say about words, lines and pages.

A line's confidence is the probability that the line is right, a page's the expected share of its words that are,
those included that were not found. On a page that reads badly a line is wrong more often than its own characters
tell, so its page counts, too. Characters are taken as independent; the calibration's curves mend what that and the
models' trust in themselves leave wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from worker.page import LineReading
from worker.reading.calibration import Calibration
from worker.reading.calibration.curves import logit, sigmoid

BLANK_PAGE = 0.0
"""Nothing was read, so nothing vouches for the text: a blank page and one too faint to read look the same."""

AS_SAID = Calibration()
"""Leaves the probabilities as the model gives them."""

SURE_WORD = 0.9
"""A word that is right with at least this probability counts as sure among a page's measures."""


def all_right(probabilities: Iterable[float]) -> float:
    """The probability that every character is right: their product, 0 to 1."""
    return math.prod(min(max(p, 0.0), 1.0) for p in probabilities)


def line_confidence(reading: LineReading) -> float:
    """The probability that a line is right, as its reader says; 0 for an empty one.

    A reader that gives no probabilities gets 0 as well: it says nothing about its text.
    """
    return all_right(reading.probabilities) if reading.probabilities else 0.0


def line_confidences(
    readings: Sequence[LineReading], calibration: Calibration, seen: Mapping[str, float]
) -> list[float]:
    """The probability of each line of a page that it is right; 0 where its reader says nothing.

    Args:
        readings: Of all its lines.
        calibration: Without a line model, the product of a line's characters is its confidence.
        seen: Measures of the page that its readings do not tell: those that a fitted line model has weights for.
    """
    measures = line_measures(readings, calibration, seen)
    return [
        0.0 if not reading.probabilities else calibration.line(own) if calibration.line else sigmoid(own["product"])
        for reading, own in zip(readings, measures, strict=True)
    ]


def line_measures(
    readings: Sequence[LineReading], calibration: Calibration, seen: Mapping[str, float]
) -> list[dict[str, float]]:
    """What tells of each line of a page whether it is right; more is better."""
    words = [confidence for reading in readings for confidence in word_confidences(reading, calibration)]
    page = {**page_measures(words), **seen} if words else {}
    result = []
    for reading in readings:
        characters = [calibration.character(probability) for probability in reading.probabilities]
        mean = sum(characters) / max(1, len(characters))
        own = (("product", all_right(characters)), ("lowest", min(characters, default=0.0)), ("mean", mean))
        result.append({**{name: logit(probability) for name, probability in own}, **page})
    return result


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


def word_confidences(reading: LineReading, calibration: Calibration = AS_SAID) -> list[float]:
    """The probability of each word of a line that it is right, in order."""
    if not reading.probabilities:
        return [0.0 for _ in word_ranges(reading.text)]
    characters = [calibration.character(probability) for probability in reading.probabilities]
    return [calibration.word(all_right(characters[first:after])) for first, after in word_ranges(reading.text)]


def page_confidence(
    readings: Sequence[LineReading], calibration: Calibration = AS_SAID, seen: Mapping[str, float] | None = None
) -> float:
    """The expected share of a page's words that are right; :data:`BLANK_PAGE` where there are none.

    Args:
        readings: Of all its lines.
        calibration: Without a page model, the mean of the words' confidences is the page's.
        seen: Measures of the page that its readings do not tell, for the page model.
    """
    words = [confidence for reading in readings for confidence in word_confidences(reading, calibration)]
    if not words:
        return BLANK_PAGE
    if calibration.page is None:
        return sum(words) / len(words)
    return calibration.page({**page_measures(words), **(seen or {})})


def page_measures(words: Sequence[float]) -> dict[str, float]:
    """What the confidences of a page's words tell of the page; more is better.

    Args:
        words: At least one; calibrated.
    """
    return {
        "words": logit(sum(words) / len(words)),
        "sure": sum(word >= SURE_WORD for word in words) / len(words),
    }


def document_confidence(pages: Sequence[tuple[str, float]]) -> float:
    """The expected share of a document's words that are right, from each page's text and confidence."""
    counts = [(len(text.split()), confidence) for text, confidence in pages]
    total = sum(count for count, _ in counts)
    return sum(count * confidence for count, confidence in counts) / total if total else BLANK_PAGE
