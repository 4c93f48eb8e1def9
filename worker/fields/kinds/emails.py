"""E-mail addresses."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}")


def find(layout: LayoutPage) -> list[Candidate]:
    """All addresses, in lower case as mail treats them."""
    return [
        Candidate(match[0].lower(), (Span(line.index, *match.span()),))
        for line in layout.lines
        for match in _EMAIL.finditer(line.text)
    ]
