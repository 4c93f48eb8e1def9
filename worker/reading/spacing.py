"""Restores lost spaces from the gaps between characters.

A gap is a space if it is wide for the line: against its usual letter gaps, against the spaces that the reader did
see, and against the distance from character to character. Narrow glyphs have wide gaps where every character has
the same width, so next to them more is asked.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from worker.page import LineReading
from worker.percentiles import median, percentile

Floats = NDArray[np.float64]

PITCH_SHARE = 0.45
"""Least width of a space, in the line's mean distance from one character's middle to the next."""

LETTER_GAPS = 2.0
"""Least width of a space, in the upper quartile of the line's letter gaps."""

SEEN_SPACES = 0.75
"""Least width of a space, in the median of the gaps where the reader saw one."""

NARROW_EXTRA = 0.18
"""Added to the least width for each narrow neighbour, in the distance from character to character."""

NARROW = frozenset("1iIl.,:;'|!jtfr()[]-`\"/")

FIRST_EAST_ASIAN = 0x2E80
"""From this code point on, scripts put no spaces between words."""

MIN_LETTER_GAPS = 2
"""With fewer letter gaps there is no reliable estimate."""


def spaced(reading: LineReading) -> LineReading:
    """The reading with lost spaces restored; unchanged where the reader gives no spans.

    A restored space has the lower probability of its two neighbours, and the gap as its span. Scripts written without
    spaces are left alone, and so are numbers: nothing is put beside a decimal point or comma.
    """
    text, spans = reading.text, reading.spans
    middles = np.array([(left + right) / 2 for left, right in spans])
    shown = [index for index, character in enumerate(text) if character != " "]
    if not spans or len(shown) <= MIN_LETTER_GAPS:
        return reading
    pairs = list(itertools.pairwise(shown))
    gaps = np.array([max(0.0, spans[b][0] - spans[a][1]) for a, b in pairs])
    seen = np.array([b - a > 1 for a, b in pairs])
    if np.count_nonzero(~seen) < MIN_LETTER_GAPS:
        return reading
    pitch = float(np.diff(middles[shown])[~seen].mean())
    least = _least_space(gaps, seen, pitch)
    lost = [
        a
        for (a, b), gap, known in zip(pairs, gaps, seen, strict=True)
        if not known and gap > least + pitch * NARROW_EXTRA * ((text[a] in NARROW) + (text[b] in NARROW))
    ]
    return _with_spaces(reading, [after for after in lost if _may_part(text, after)])


def _least_space(gaps: Floats, seen: NDArray[np.bool_], pitch: float) -> float:
    least = max(PITCH_SHARE * pitch, LETTER_GAPS * percentile(gaps[~seen].tolist(), 75))
    return max(least, SEEN_SPACES * median(gaps[seen].tolist())) if seen.any() else least


def _may_part(text: str, after: int) -> bool:
    """Whether a space may follow a character: not in a number, not before or behind one letter of a word."""
    left, right = text[max(0, after - 1) : after + 1], text[after + 1 : after + 3]
    if max(ord(left[-1]), ord(right[0])) >= FIRST_EAST_ASIAN:
        return False
    if (left[-1] in ".," and left[0].isdigit() and right[0].isdigit()) or (
        right[0] in ".," and left[-1].isdigit() and right[-1].isdigit()
    ):
        return False
    if left[-1].isalpha() and right[0].isalpha():
        return len(left) == len(right) == 2 and left.isalpha() and right.isalpha()
    return True


def _with_spaces(reading: LineReading, behind: list[int]) -> LineReading:
    text, probabilities, spans = list(reading.text), list(reading.probabilities), list(reading.spans)
    for index in reversed(behind):
        text.insert(index + 1, " ")
        spans.insert(index + 1, (reading.spans[index][1], reading.spans[index + 1][0]))
        if probabilities:
            probabilities.insert(index + 1, min(reading.probabilities[index : index + 2]))
    return LineReading("".join(text), tuple(probabilities), tuple(spans), reading.script)
