"""Quantities: bare numbers, counts and measures with their unit."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_UNITS = r"(?:pcs?|pieces?|stk|stück|kg|g|lbs?|l|ml|m|cm|mm|km|h|hrs?|hours?|days?|tage?|x|units?|items?|ea|box|set)"
_NUMBER = re.compile(
    rf"(?<![\w.,/:-])(-?\d{{1,7}}(?:[.,]\d{{1,4}})?)(?:\s?{_UNITS}(?![^\W_]))?(?![\w%/:]|[.,]\d)", re.IGNORECASE
)


def find(layout: LayoutPage) -> list[Candidate]:
    """All numbers that stand alone or before a unit."""
    return [
        Candidate(
            _number(match[1]), (Span(line.index, match.start(1), match.end(1)),), 1.0 if len(match[1]) <= 5 else 0.5
        )
        for line in layout.lines
        for match in _NUMBER.finditer(line.text)
    ]


def _number(written: str) -> float:
    return float(written.replace(",", "."))
