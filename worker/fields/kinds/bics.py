"""BICs (SWIFT codes)."""

from __future__ import annotations

import re

from stdnum import bic

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_BIC = re.compile(r"(?<![A-Z0-9])[A-Z]{4} ?[A-Z]{2} ?[A-Z0-9]{2}(?: ?[A-Z0-9]{3})?(?![A-Z0-9])")
_LABEL = re.compile(r"bic|swift", re.IGNORECASE)


def find(layout: LayoutPage) -> list[Candidate]:
    """All codes in a BIC's form; plain words have the same form, so that one without a label near is less plausible."""
    return [
        Candidate(bic.compact(match[0]), (Span(line.index, *match.span()),), 1.0 if _LABEL.search(line.text) else 0.3)
        for line in layout.lines
        for match in _BIC.finditer(line.text)
        if bic.is_valid(match[0])
    ]
