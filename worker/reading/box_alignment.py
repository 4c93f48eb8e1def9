"""Aligns a page's text to its detected lines, so that the text gets boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from worker.imaging.crop import span_quad
from worker.page import LineReading, Quad
from worker.reading.confidence import word_ranges
from worker.reading.pairing import paired

Span = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A line found on the page.

    Attributes:
        quad: Its box.
        reading: Its reading by the line reader; the text is aligned to it.
    """

    quad: Quad
    reading: LineReading


@dataclass(frozen=True)
class PlacedLine:
    """A line of the text.

    Attributes:
        reading: Its text and probabilities; spans where its words were found.
        quad: Its box; None where it was not found.
        row: The text's row on which it begins, empty rows included.
    """

    reading: LineReading
    quad: Quad | None
    row: int = 0


@dataclass(frozen=True)
class Placed:
    """A text aligned to lines.

    Attributes:
        lines: In the text's order: one for each line found on the page, or part of it that the text keeps apart.
        share: The share of the page's detected words that are in the text; 1 where none were detected.
    """

    lines: tuple[PlacedLine, ...]
    share: float


@dataclass(frozen=True)
class _Word:
    """A word of the text: its characters' indices, its row, and where it is on the page, if that is known."""

    first: int
    after: int
    row: int
    line: int | None = None
    span: Span | None = None


def place(text: LineReading, places: Sequence[Place], parts: Mapping[int, int] | None = None) -> Placed:
    """Cut a page's text into the lines of the page.

    A paragraph that the text has on one row comes out as the lines it is printed in. Words that were not found go with
    their neighbours of the same row; a row of which no word was found is a line without a place.

    Args:
        text: Of the whole page, rows parted by newlines.
        places: The lines found, in reading order.
        parts: For rows of the text, the number of the block or cell they are of; a line is of one of these only.
    """
    words = _words(text.text)
    found = [(line, span) for line, item in enumerate(places) for span in word_ranges(item.reading.text)]
    others = [places[line].reading.text[first:after] for line, (first, after) in found]
    pairs = paired([text.text[word.first : word.after] for word in words], others)
    known = [_known(word, found[pairs[index]], places) if index in pairs else word for index, word in enumerate(words)]
    groups = _groups(_with_neighbours(known), parts or {})
    whole = {line for line, count in _counts(groups).items() if count == 1}
    lines = tuple(_placed(text, group, places, whole) for group in groups)
    return Placed(lines, len(pairs) / len(others) if others else 1.0)


def _words(text: str) -> list[_Word]:
    rows = enumerate(re.finditer(r"[^\n]*(?:\n|$)", text))
    return [
        _Word(row.start() + first, row.start() + after, number)
        for number, row in rows
        for first, after in word_ranges(row.group())
    ]


def _known(word: _Word, found: tuple[int, tuple[int, int]], places: Sequence[Place]) -> _Word:
    line, (first, after) = found
    reading = places[line].reading
    count = len(reading.text)
    left, right = (
        (reading.spans[first][0], reading.spans[after - 1][1]) if reading.spans else (first / count, after / count)
    )
    return _Word(word.first, word.after, word.row, line, (left, right))


def _with_neighbours(words: Sequence[_Word]) -> list[_Word]:
    """Words that were not found, given the line of the nearest found one of their row, the one before it first."""
    result = list(words)
    for order in (range(len(words)), range(len(words) - 1, -1, -1)):
        before: _Word | None = None
        for index in order:
            word = result[index]
            if word.line is None and before is not None and before.line is not None and before.row == word.row:
                result[index] = word = _Word(word.first, word.after, word.row, before.line)
            before = word
    return result


def _groups(words: Sequence[_Word], parts: Mapping[int, int]) -> list[list[_Word]]:
    """Runs of words of one line or, where it is not known, of one row, and of one part of the text."""
    groups: list[list[_Word]] = []
    for word in words:
        last = groups[-1][-1] if groups else None
        same = last is not None and last.line == word.line and (word.line is not None or last.row == word.row)
        same = same and last is not None and parts.get(last.row) == parts.get(word.row)
        if same:
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _counts(groups: Sequence[Sequence[_Word]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for group in groups:
        if (line := group[0].line) is not None:
            counts[line] = counts.get(line, 0) + 1
    return counts


def _placed(text: LineReading, group: Sequence[_Word], places: Sequence[Place], whole: set[int]) -> PlacedLine:
    """A group as a line: words joined by one space, wherever the text breaks its rows."""
    characters: list[str] = []
    probabilities: list[float] = []
    spans: list[Span] = []
    ranges = _ranges(group)
    for word, (left, right) in zip(group, ranges, strict=True):
        if characters:
            characters.append(" ")
            probabilities.append(1.0)
            spans.append((spans[-1][1], left))
        count = word.after - word.first
        edges = np.linspace(left, right, count + 1).tolist()
        characters += text.text[word.first : word.after]
        probabilities += text.probabilities[word.first : word.after]
        spans += zip(edges[:-1], edges[1:], strict=True)
    line = group[0].line
    reading = LineReading("".join(characters), tuple(probabilities) if text.probabilities else (), tuple(spans))
    if line is None:
        return PlacedLine(LineReading(reading.text, reading.probabilities), None, group[0].row)
    if line in whole:
        return PlacedLine(reading, places[line].quad, group[0].row)
    return _part(reading, places[line].quad, group[0].row)


def _part(reading: LineReading, quad: Quad, row: int) -> PlacedLine:
    """A line that is a part of one found on the page, with spans in shares of the part."""
    left, right = min(span[0] for span in reading.spans), max(span[1] for span in reading.spans)
    width = max(right - left, 1e-6)
    spans = tuple(((a - left) / width, (b - left) / width) for a, b in reading.spans)
    return PlacedLine(LineReading(reading.text, reading.probabilities, spans), span_quad(quad, left, right), row)


def _ranges(group: Sequence[_Word]) -> list[Span]:
    """Each word's share of its line: where it was found, or else its part of the room between those that were."""
    ranges: list[Span] = []
    while (at := len(ranges)) < len(group):
        known = next(((index, word.span) for index, word in enumerate(group[at:], at) if word.span is not None), None)
        if known and known[0] == at:
            ranges.append(known[1])
            continue
        after, right = (known[0], known[1][0]) if known else (len(group), 1.0)
        left = ranges[-1][1] if ranges else 0.0
        lengths = np.array([word.after - word.first + 1 for word in group[at:after]], float)
        edges = left + (max(right, left) - left) * np.concatenate(([0.0], lengths.cumsum() / lengths.sum()))
        ranges += zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return ranges
