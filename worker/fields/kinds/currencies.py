"""The currency of a document, as an ISO 4217 code."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds.money import CODES, NAMED, SYMBOLS
from worker.fields.layout_page import LayoutPage

_NAMES = "|".join(re.escape(name) for name in sorted([*NAMED, *SYMBOLS], key=len, reverse=True))
_CURRENCY = re.compile(
    rf"(?<![A-Za-z])(?P<code>{'|'.join(CODES)})(?![A-Za-z])|(?<![A-Za-z])(?P<name>(?i:{_NAMES}))(?=[\s.)\d]|$)"
)


def find(sheet: LayoutPage) -> list[Candidate]:
    """All currencies named; the more often one is, the more plausible it is."""
    named = [
        (match["code"] or SYMBOLS.get(match["name"]) or NAMED[match["name"].lower()], Span(line.index, *match.span()))
        for line in sheet.lines
        for match in _CURRENCY.finditer(line.text)
    ]
    values = [value for value, _ in named]
    return [Candidate(value, (span,), values.count(value) / len(values)) for value, span in named]
