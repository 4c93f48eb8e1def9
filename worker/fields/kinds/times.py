"""Times of day; the value is ISO 8601."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3])\s?:\s?([0-5]\d)(?:\s?:\s?([0-5]\d))?\s?([AaPp]\.?[Mm]\b)?")


def find(layout: LayoutPage) -> list[Candidate]:
    """All times, as ``hh:mm:ss``."""
    return [
        Candidate(_iso(match), (Span(line.index, match.start(), match.end()),))
        for line in layout.lines
        for match in _TIME.finditer(line.text)
    ]


def _iso(match: re.Match[str]) -> str:
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower().startswith("p") else 0)
    return f"{hour:02}:{match[2]}:{match[3] or '00'}"


def of(text: str) -> str | None:
    """The first time in a text; None if there is none."""
    match = _TIME.search(text)
    return _iso(match) if match else None
