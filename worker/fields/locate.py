"""Finds where a value that a model gave stands on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from worker.fields.candidate import Candidate, Span
from worker.fields.candidates import CandidateIndex
from worker.fields.folding import fold
from worker.fields.layout_page import LayoutPage
from worker.fields.specs import Spec

MAX_LINES = 8
"""A value runs on over so many lines at most."""


def located(spec: Spec, value: Any, layout: LayoutPage, found: CandidateIndex) -> Candidate | None:
    """The value's place, or None where it is not on the page.

    Numbers and dates are looked for by what they mean ("1.234,56" is 1234.56), texts by their letters and digits,
    spacing, case and punctuation aside.
    """
    if isinstance(value, bool) or value is None:
        return None
    kinds = {"money": ("money", "number"), "number": ("number",), "percentage": ("percentage", "number")}
    typed = (
        kinds.get(spec.kind, (spec.kind,)) if not isinstance(value, int | float) else ("money", "number", "percentage")
    )
    for kind in typed:
        for candidate in found.of(kind):
            if _same(candidate.value, value):
                return candidate
    return _written(str(value), layout)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(one) - float(other)) < 1e-6 * max(1.0, abs(float(one)))
    return bool(str(one) == str(other))


def _written(value: str, layout: LayoutPage) -> Candidate | None:
    wanted = _plain(value)
    if not wanted:
        return None
    for row_start in range(len(layout.lines)):
        spans = _from_line(wanted, layout, row_start)
        if spans:
            return Candidate(value, tuple(spans))
    return None


def _from_line(wanted: str, layout: LayoutPage, first: int) -> Sequence[Span]:
    """Spans of a text that begins on a line and may run on over the next ones; empty if it does not stand there."""
    line = layout.lines[first]
    letters, places = _letters(line.text)
    at = letters.find(wanted)
    while at >= 0:
        if _whole(line.text, places[at], places[at + len(wanted) - 1]):
            return [Span(first, places[at], places[at + len(wanted) - 1] + 1)]
        at = letters.find(wanted, at + 1)
    for size in range(min(len(letters), len(wanted) - 1), 2, -1):
        if letters.endswith(wanted[:size]):
            spans = [Span(first, places[len(letters) - size], places[-1] + 1)]
            return _running_on(wanted[size:], layout, first, spans)
    return []


def _running_on(rest: str, layout: LayoutPage, first: int, spans: list[Span]) -> Sequence[Span]:
    for index in range(first + 1, min(first + MAX_LINES, len(layout.lines))):
        letters, places = _letters(layout.lines[index].text)
        if not letters:
            continue
        if letters.startswith(rest):
            return [*spans, Span(index, places[0], places[len(rest) - 1] + 1)]
        if not rest.startswith(letters):
            return []
        spans = [*spans, Span(index, places[0], places[-1] + 1)]
        rest = rest[len(letters) :]
    return []


def _whole(text: str, first: int, last: int) -> bool:
    """Whether characters are words of their own and no part of longer ones: 12 is not in 2012."""
    before, after = text[first - 1 : first], text[last + 1 : last + 2]
    return not (before.isalnum() and text[first].isalnum()) and not (after.isalnum() and text[last].isalnum())


def _letters(text: str) -> tuple[str, list[int]]:
    folded = fold(text)
    places = [place for place, character in enumerate(folded) if character.isalnum()]
    return "".join(folded[place] for place in places), places


def _plain(value: str) -> str:
    return re.sub(r"[\W_]", "", fold(value))
