"""Percentages; the value is the number before the sign."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_PERCENT = re.compile(r"(?<![\w.,])(-?\d{1,3}(?:[.,]\d{1,4})?)\s?%")


def find(sheet: LayoutPage) -> list[Candidate]:
    """All percentages: 19 for "19 %"."""
    return [
        Candidate(float(match[1].replace(",", ".")), (Span(line.index, *match.span()),))
        for line in sheet.lines
        for match in _PERCENT.finditer(line.text)
    ]
