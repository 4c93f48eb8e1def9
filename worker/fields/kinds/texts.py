"""Free text beside a label: what is left of its line, or the cell beside or under it."""

from __future__ import annotations

from collections.abc import Sequence

from worker.fields.candidate import Candidate, Span
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutPage

EDGE = " :.#-–—=*|\t"


def find(layout: LayoutPage, labels: Sequence[Label]) -> list[Candidate]:
    """Stretches of lines between labels, without the punctuation that parts them from the labels."""
    found = []
    for line in layout.lines:
        cuts = sorted((label.start, label.end) for label in labels if label.line == line.index)
        starts = [0, *(end for _, end in cuts)]
        ends = [*(start for start, _ in cuts), len(line.text)]
        for start, end in zip(starts, ends, strict=True):
            raw = line.text[start:end]
            value = raw.strip(EDGE)
            if value and any(character.isalnum() for character in value):
                begin = start + len(raw) - len(raw.lstrip(EDGE))
                found.append(Candidate(value, (Span(line.index, begin, begin + len(value)),), 0.8))
    return found
