"""The currency of a document, as an ISO 4217 code."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds.money import CODES, NAMED, POSTCODE, SYMBOLS
from worker.fields.layout_page import LayoutPage

_ALL = sorted([*SYMBOLS, *NAMED], key=len, reverse=True)
_SIGNS = "|".join(re.escape(name) for name in _ALL if not name.isalpha())
_WORDS = "|".join(name for name in _ALL if name.isalpha() and len(name) < 4)
_NAMES = "|".join(name for name in _ALL if name.isalpha() and len(name) >= 4)
_CURRENCY = re.compile(
    rf"(?<![A-Za-z])(?P<code>{'|'.join(CODES)})(?![A-Za-z])|(?<![A-Za-z])(?P<sign>(?i:{_SIGNS}|(?:{_NAMES})(?![^\W_])))|"
    rf"(?P<word>(?<![A-Za-z])(?i:{_WORDS})(?=\.?\s?[\d., ']{{1,12}}[.,]\d\d)|(?<=\d)\s?(?i:{_WORDS})(?![^\W_]))"
)
"""Words, such as "fr" and "kr", only beside an amount."""


def find(layout: LayoutPage) -> list[Candidate]:
    """All currencies named; the more often one is, the more plausible it is."""
    named = [
        (match["code"] or _meant(match["sign"] or match["word"].strip()), Span(line.index, *match.span()))
        for line in layout.lines
        for match in _CURRENCY.finditer(POSTCODE.sub(lambda code: "_" * len(code[0]), line.text))
    ]
    values = [value for value, _ in named]
    return [
        Candidate(value, (span,), values.count(value) / len(values), {"ambiguous": _is_bare_dollar(layout, span)})
        for value, span in named
    ]


def _is_bare_dollar(layout: LayoutPage, span: Span) -> bool:
    return layout.lines[span.line].text[span.start : span.end].strip() == "$"


def _meant(name: str) -> str:
    return SYMBOLS.get(name) or SYMBOLS.get(name.lower()) or NAMED[name.lower()]
