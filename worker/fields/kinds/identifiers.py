"""Identifiers: numbers and codes of documents, orders, customers."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds import dates
from worker.fields.layout_page import LayoutPage

MIN_CHARACTERS = 2
LONG = 40  # characters: longer ones are checksums or noise

_TOKEN = re.compile(r"#?\s?[A-Za-z0-9](?:[A-Za-z0-9]|[-/._#](?=[A-Za-z0-9#])| ?_ ?(?=[A-Za-z0-9]))*")
_SERIES = re.compile(
    r"(?:^|: ?|\b[Nn](?:[ro]|[.º°]){1,3} |# ?)"
    r"((?!(?:NO|NR|INV|REF|PO|ID|TEL|FAX) )[A-Z]{1,4} [A-Z0-9]{1,8}/\d{1,9})\s*$"
)
"""A number with the letters of its series before it, as in FT A/123, alone on its line or behind a colon or "no."."""

_TIME = re.compile(r"\d{1,2}:\d{2}")


def find(layout: LayoutPage) -> list[Candidate]:
    """All codes with a digit in them that are not dates, amounts or times."""
    return [candidate for line in layout.lines for candidate in on_line(line.text, line.index)]


def on_line(text: str, index: int = 0) -> list[Candidate]:
    """The codes of one line."""
    found = []
    for match in _SERIES.finditer(text):
        found.append(Candidate(match[1], (Span(index, *match.span(1)),)))
    for match in _TOKEN.finditer(text):
        if found and match.end() == found[0].first.end:
            continue  # the series' number is not an identifier of its own
        token = match[0].lstrip("# ")
        start = match.end() - len(token)
        plausible = _plausibility(token, text[: match.start()], text[match.end() :])
        if plausible:
            found.append(Candidate(token.replace(" ", ""), (Span(index, start, match.end()),), plausible))
    return found


def _plausibility(token: str, before: str, after: str) -> float:
    digits = sum(character.isdigit() for character in token)
    if not digits or not MIN_CHARACTERS <= len(token) <= LONG:
        return 0.1 if digits == 1 and len(token) == 1 else 0.0
    if dates.parse(token) and not re.search(r"\d{8}", token):  # RE-20190610/507 is a code with a date in it
        return 0.1 if re.match(r"\d{4}/\d{1,2}/\d{1,6}$", token) else 0.0  # or a year, a month and a number
    if re.match(r":\d{2}", after) or re.search(r"\d:$", before) or re.match(r"\s?%", after):
        return 0.0
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}", token):
        return 0.1
    if re.search(r"[$€£]\s?$", before):
        return 0.0
    return 1.0 if digits >= 3 or len(token) >= 5 else 0.6
