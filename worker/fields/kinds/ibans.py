"""IBANs, checked by their checksum and country's structure."""

from __future__ import annotations

import re

from stdnum import iban
from stdnum.iso7064 import mod_97_10

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutLine, LayoutPage

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9OIl]{2}(?:[ -]?[A-Za-z0-9]){5,30}")
SHORTEST = 15
"""Characters of the shortest."""

_REST = re.compile(r"[A-Za-z0-9]+(?:[ -]?[A-Za-z0-9]+){0,7}")


_MISREAD = str.maketrans("OQDIlZSGB", "000112568")
"""Letters that digits are read as; a checksum says whether they were."""

_LETTERS_AT = (0, 4, 1)
"""Letters that a country's account numbers begin with, of those that have any: none, a bank's code, a check letter."""


def find(layout: LayoutPage) -> list[Candidate]:
    """All IBANs whose checksum holds, written together; one may go on in the next line."""
    found = []
    for line in layout.lines:
        for match in _IBAN.finditer(line.text):
            candidate = _within(line, match) or _over_lines(layout, line, match)
            if candidate is not None:
                found.append(candidate)
    return found


def checked(text: str) -> str | None:
    """The IBAN written together, letters read for digits put right; None where the checksum does not hold."""
    compact = iban.compact(text)
    digits = compact.translate(_MISREAD)
    forms = (compact, *(compact[:2] + digits[2:4] + compact[4 : 4 + n] + digits[4 + n :] for n in _LETTERS_AT))
    valid = (form for form in forms if iban.is_valid(form))
    return next(valid, compact if _ends_97(compact) else None)


def _ends_97(compact: str) -> bool:
    """Whether the checksum holds; a country's own lengths and check digits may not: samples are printed with such."""
    return (
        len(compact) >= SHORTEST
        and compact.isascii()
        and compact.isalnum()
        and mod_97_10.is_valid(compact[4:] + compact[:4])
    )


def _within(line: LayoutLine, match: re.Match[str]) -> Candidate | None:
    ends = [end for end in range(match.end(), match.start() + 14, -1) if not line.text[end : end + 1].isalnum()]
    values = [(checked(line.text[match.start() : end]), end) for end in ends]
    valid = [(value, end) for value, end in values if value]
    best = next((one for one in valid if iban.is_valid(one[0])), valid[0] if valid else None)
    return Candidate(best[0], (Span(line.index, match.start(), best[1]),)) if best else None


def _over_lines(layout: LayoutPage, line: LayoutLine, match: re.Match[str]) -> Candidate | None:
    """The number that breaks off at its line's end and goes on at the start of the next row."""
    if match.end() < len(line.text.rstrip()) or line.row + 1 >= len(layout.rows):
        return None
    after = layout.lines[layout.rows[line.row + 1][0]]
    rest = _REST.match(after.text)
    for end in range(rest.end() if rest else 0, 0, -1):
        value = checked(line.text[match.start() : match.end()] + after.text[:end])
        if value and not after.text[end : end + 1].isalnum():
            spans = Span(line.index, match.start(), match.end()), Span(after.index, 0, end)
            return Candidate(value, spans)
    return None
