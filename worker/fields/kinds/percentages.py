"""Percentages; the value is the number before the sign."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_PERCENT = re.compile(r"(?<![\w.,])(-?\d{1,3}(?:[.,]\d{1,4})?)\s?%")


def find(layout: LayoutPage) -> list[Candidate]:
    """All percentages: 19 for "19 %"."""
    return [candidate for line in layout.lines for candidate in on_line(line.text, line.index)]


def on_line(text: str, index: int) -> list[Candidate]:
    """The percentages of one line."""
    return [
        Candidate(float(match[1].replace(",", ".")), (Span(index, *match.span()),)) for match in _PERCENT.finditer(text)
    ]
