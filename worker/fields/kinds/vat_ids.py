"""VAT and tax numbers: the European ones by their checksums, others by the label beside them."""

from __future__ import annotations

import re

from stdnum.eu import vat

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_EUROPEAN = re.compile(
    r"(?<![A-Za-z0-9])(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"
    r"[ .-]?[A-Z0-9](?:[ .-]?[A-Z0-9+*]){6,12}(?![A-Za-z0-9])"
)
_PRINTED = re.compile(r"[A-Z]{2}(?:[ .-]?[A-Z0-9]{0,2}\d){7,12}")
"""As Europe's are printed, the country before mostly digits."""

UNPROVEN = 0.7
"""Plausibility of one whose checksum fails: misread, or made up."""

_ANY = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Z./-]*\d){5})[A-Z0-9](?:[./-]?[A-Z0-9]){6,18}(?![A-Za-z0-9])")


def find(sheet: LayoutPage) -> list[Candidate]:
    """European numbers, surest where their checksum holds, and codes that may be another country's."""
    found = []
    for line in sheet.lines:
        taken = -1
        for match in _EUROPEAN.finditer(line.text):
            valid = vat.is_valid(match[0])
            if valid or _PRINTED.fullmatch(match[0]):
                value = vat.compact(match[0]) if valid else re.sub(r"[ .-]", "", match[0])
                found.append(Candidate(value, (Span(line.index, *match.span()),), 1.0 if valid else UNPROVEN))
                taken = match.end()
        for match in _ANY.finditer(line.text):
            if match.start() >= taken:
                found.append(Candidate(match[0], (Span(line.index, *match.span()),), 0.5))
    return found
