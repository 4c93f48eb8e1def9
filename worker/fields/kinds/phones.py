"""Phone and fax numbers, as printed; libphonenumber says what is one."""

from __future__ import annotations

import re

import phonenumbers

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

REGIONS = {"MYR": "MY", "USD": "US", "EUR": "DE", "GBP": "GB", "INR": "IN", "SGD": "SG", "CHF": "CH", "AUD": "AU"}
_LOOSE = re.compile(r"(?<![\w.,/-])\+?\(?\d[\d\s()./-]{6,18}\d(?![\w%])")
_LABELLED = re.compile(r"(?:tel|phone|fax|mobile|telefon|hp|call|ph|whatsapp|main|billing)\w*[^\w+(]*$", re.IGNORECASE)


def find(layout: LayoutPage, region: str | None = None) -> list[Candidate]:
    """All numbers that libphonenumber takes for possible in a region, or that a label calls a phone number."""
    found = []
    for line in layout.lines:
        for match in _LOOSE.finditer(line.text):
            valid = _valid(match[0], region)
            labelled = bool(_LABELLED.search(line.text[: match.start()]))
            if valid or labelled:
                found.append(Candidate(match[0].strip(), (Span(line.index, *match.span()),), 1.0 if valid else 0.7))
    return found


def _valid(text: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
