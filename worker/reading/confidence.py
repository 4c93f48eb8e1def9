"""Confidence of words, lines and pages from the characters' probabilities.

A line's confidence is the probability that the line is right, a page's the expected share of its words that are,
those included that were not found. On a page that reads badly a line is wrong more often than its own characters
indicate, so measures of the page are used, too. Characters are taken as independent; the calibration corrects for that
and for the models' overconfidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from worker.page import LineReading
from worker.reading.calibration import Calibration
from worker.reading.calibration.curves import Platt, logit, sigmoid

BLANK_PAGE = 0.0
"""Nothing was read: a blank page and one too faint to read give the same result."""

UNCALIBRATED = Calibration()
"""Leaves the model's probabilities unchanged."""

WORD = re.compile(r"\S+")

SURE_WORD = 0.9
"""A word with at least this probability counts as certain in a page's measures."""


def all_right(probabilities: Sequence[float]) -> float:
    """The probability that every character is right: their product, 0 to 1."""
    if probabilities and (min(probabilities) < 0.0 or max(probabilities) > 1.0):
        probabilities = [min(max(p, 0.0), 1.0) for p in probabilities]
    return math.prod(probabilities)


def line_confidence(reading: LineReading) -> float:
    """The uncalibrated probability that a line is right; 0 for an empty one.

    0 also where the reader gives no probabilities.
    """
    return all_right(reading.probabilities) if reading.probabilities else 0.0


def line_confidences(
    readings: Sequence[LineReading], calibration: Calibration, image_measures: Mapping[str, float]
) -> list[float]:
    """The probability that each line of a page is right; 0 where its reader gives no probabilities.

    Args:
        readings: Of all its lines.
        calibration: Without a line model, the product of a line's characters is its confidence.
        image_measures: Measures of the page image: those that the fitted line model has weights for.
    """
    measures = line_measures(readings, calibration, image_measures)
    return [
        0.0 if not reading.probabilities else calibration.line(own) if calibration.line else sigmoid(own["product"])
        for reading, own in zip(readings, measures, strict=True)
    ]


def line_measures(
    readings: Sequence[LineReading], calibration: Calibration, image_measures: Mapping[str, float]
) -> list[dict[str, float]]:
    """Measures of each line for its confidence; more is better."""
    words = [confidence for reading in readings for confidence in word_confidences(reading, calibration)]
    page = {**page_measures(words), **image_measures} if words else {}
    result = []
    for reading in readings:
        characters = _characters(reading.probabilities, calibration.character)
        mean = sum(characters) / max(1, len(characters))
        own = (("product", all_right(characters)), ("lowest", min(characters, default=0.0)), ("mean", mean))
        result.append({**{name: logit(probability) for name, probability in own}, **page})
    return result


def word_ranges(text: str) -> list[tuple[int, int]]:
    """Where the words of a line begin and end, as indices into it; words are separated by spaces."""
    return [word.span() for word in WORD.finditer(text)]


def word_spans(reading: LineReading, ranges: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """From where to where words stand, in shares of the line's width, whose characters have places.

    Args:
        reading: Of the line.
        ranges: Its words, as :func:`word_ranges` has them.
    """
    return [(reading.spans[first][0], reading.spans[after - 1][1]) for first, after in ranges]


def word_confidences(reading: LineReading, calibration: Calibration = UNCALIBRATED) -> list[float]:
    """The probability that each word of a line is right, in order."""
    if not reading.probabilities:
        return [0.0 for _ in word_ranges(reading.text)]
    characters = _characters(reading.probabilities, calibration.character)
    return [calibration.word(all_right(characters[first:after])) for first, after in word_ranges(reading.text)]


@lru_cache(maxsize=1024)  # each line is looked at for its words, for itself and for its page
def _characters(probabilities: tuple[float, ...], curve: Platt) -> tuple[float, ...]:
    return tuple(curve.each(probabilities))


def page_confidence(
    readings: Sequence[LineReading],
    calibration: Calibration = UNCALIBRATED,
    image_measures: Mapping[str, float] | None = None,
) -> float:
    """The expected share of a page's words that are right; :data:`BLANK_PAGE` where there are none.

    Args:
        readings: Of all its lines.
        calibration: Without a page model, the mean of the words' confidences is the page's.
        image_measures: Measures of the page image, for the page model.
    """
    words = [confidence for reading in readings for confidence in word_confidences(reading, calibration)]
    if not words:
        return BLANK_PAGE
    if calibration.page is None:
        return sum(words) / len(words)
    return calibration.page({**page_measures(words), **(image_measures or {})})


def page_measures(words: Sequence[float]) -> dict[str, float]:
    """Measures of a page from its words' confidences; more is better.

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
