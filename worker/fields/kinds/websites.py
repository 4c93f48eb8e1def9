"""Web addresses."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.layout_page import LayoutPage

_SITE = re.compile(r"(?<![@\w.])(?:https?://|www\.)[\w-]+(?:\.[\w-]+)+(?:/[\w./?=&%+#~-]*)?", re.IGNORECASE)


def find(layout: LayoutPage) -> list[Candidate]:
    """All addresses that begin with a scheme or ``www.``, as printed."""
    return [
        Candidate(match[0], (Span(line.index, *match.span()),))
        for line in layout.lines
        for match in _SITE.finditer(line.text)
    ]
