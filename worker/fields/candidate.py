"""A value found on the page, before it is known which field it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from worker.fields.layout_page import LayoutPage
from worker.geometry import Bounds


@dataclass(frozen=True)
class Span:
    """Some characters of a line."""

    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Candidate:
    """A value and where it stands.

    Attributes:
        value: Plain JSON in its canonical form: a number, an ISO 8601 date, a string.
        spans: Where: one stretch, or several lines' for an address.
        plausibility: How much it looks like its kind, 0 to 1.
        facts: What its kind knows beside the value (a currency, whether a date's order is sure).
    """

    value: Any
    spans: tuple[Span, ...]
    plausibility: float = 1.0
    facts: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def first(self) -> Span:
        """Where it begins."""
        return self.spans[0]

    def text(self, layout: LayoutPage) -> str:
        """As it stands on the page, lines joined by spaces."""
        return " ".join(layout.lines[span.line].text[span.start : span.end] for span in self.spans)

    def confidence(self, layout: LayoutPage) -> float:
        """The probability that all its characters are right."""
        return math.prod(layout.lines[span.line].confidence(span.start, span.end) for span in self.spans)

    def rect(self, layout: LayoutPage) -> Bounds:
        """Its upright place: of its first stretch."""
        return layout.lines[self.first.line].part(self.first.start, self.first.end)
