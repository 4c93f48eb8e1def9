"""IBANs, checked by their checksum and country's structure."""

from __future__ import annotations

import re

from stdnum import iban

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9OIl]{2}(?:[ -]?[A-Za-z0-9]){11,30}")


def find(sheet: LayoutPage) -> list[Candidate]:
    """All IBANs whose checksum holds, written together."""
    found = []
    for line in sheet.lines:
        for match in _IBAN.finditer(line.text):
            for end in range(match.end(), match.start() + 14, -1):
                value = checked(line.text[match.start() : end])
                if value and not line.text[end : end + 1].isalnum():
                    found.append(Candidate(value, (Span(line.index, match.start(), end),)))
                    break
    return found


def checked(text: str) -> str | None:
    """The IBAN written together; None where the checksum does not hold."""
    compact = iban.compact(text)
    return compact if iban.is_valid(compact) else None
