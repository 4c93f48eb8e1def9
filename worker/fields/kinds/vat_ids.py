"""VAT and tax numbers: the European ones by their checksums, others by the label beside them."""

from __future__ import annotations

import re

from stdnum.eu import vat

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_EUROPEAN = re.compile(
    r"(?<![A-Za-z0-9])(?:AT|[B8]E|[B8]G|CY|CZ|DE|DK|EE|EL|E[S5]|F[I1l]|FR|GB|HR|HU|[I1l]E|[I1l]T|LT|LU|LV|MT|NL|PL|PT|"
    r"R[O0]|[S5]E|S[I1l]|5I|[S5]K)"
    r"[ .-]?[A-Zlo0-9](?:[ .-]?[A-Zlo0-9+*]){6,12}(?![A-Za-z0-9])"
)
_PRINTED = re.compile(r"[A-Z]{2}(?:[ .-]?[A-Z0-9]{0,2}\d){7,12}")
"""As Europe's are printed, the country before mostly digits."""

UNPROVEN = 0.7
"""Plausibility of one whose checksum fails: misread, or made up."""

_AS_DIGITS, _AS_LETTERS = str.maketrans("OQDIlZSGB", "000112568"), str.maketrans("0158l", "OISBI")
"""What is read for each other; a checksum says whether it was."""

_ANY = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Z./-]*\d){5})[A-Z0-9](?:[./-]?[A-Z0-9]){6,18}(?![A-Za-z0-9])")


def find(layout: LayoutPage) -> list[Candidate]:
    """European numbers, surest where their checksum holds, and codes that may be another country's."""
    found = []
    for line in layout.lines:
        taken = -1
        for match in _EUROPEAN.finditer(line.text):
            printed = match[0].replace("o", "0")
            valid = _valid(printed)
            if valid or _PRINTED.fullmatch(printed):
                value = valid or re.sub(r"[ .-]", "", printed)
                found.append(Candidate(value, (Span(line.index, *match.span()),), 1.0 if valid else UNPROVEN))
                taken = match.end()
        for match in _ANY.finditer(line.text):
            if match.start() >= taken:
                found.append(Candidate(match[0], (Span(line.index, *match.span()),), 0.5))
    return found


def _valid(text: str) -> str | None:
    """The number written together, letters read for digits and digits for letters put right; None if none is valid."""
    compact = re.sub(r"[ .-]", "", text)
    country, digits = compact[:2].translate(_AS_LETTERS), compact[2:].translate(_AS_DIGITS)
    forms = (compact, country + compact[2:], country + digits, country + digits[:-1] + compact[-1:])
    return next((str(vat.compact(form)) for form in forms if vat.is_valid(form)), None)
