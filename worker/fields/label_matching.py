"""How strongly a label vouches for a value: beside it, in its row, above it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from worker.fields.candidate import Candidate, Span
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutPage
from worker.fields.vocabulary import CURRENCY
from worker.geometry import Bounds
from worker.layout.text import BOX_CHECKED, BOX_EMPTY

NEXT_ROW = 2.0
"""Line heights that a value alone in its row may stand under the row of its label, where that row has no value."""

SAME_LINE, SAME_ROW, SLANTED, ABOVE = 1.0, 0.95, 0.7, 0.85
"""How sure a label's place makes the value: on its line, left of it in its row, left but a little off, above it."""

WORD_BETWEEN, VALUE_BETWEEN = 0.75, 0.6
"""What is left of that for each word, and each value of the same kind, that stands between."""

ABOVE_LINES = 3.5
"""Line heights under a label within which a value may answer it."""

COLUMNS = frozenset(
    {"quantity", "unit_price", "line_total", "description", "sku", "position", "tax_column", "tax_rate", "discount"}
)


BARE = {"position"}
"""What a bare "No." names, which does not say the number of what."""


Relation = Literal["line", "row", "slanted", "above"]


@dataclass(frozen=True)
class LabelEvidence:
    """A label near a value.

    Attributes:
        label: The label.
        strength: How strongly it speaks for the value, 0 to 1.
        relation: Where it stands: on the value's line, in its row, a little off that row, above.
    """

    label: Label
    strength: float
    relation: Relation


class LabelMatcher:
    """Looks up which labels speak for which values.

    Args:
        layout: The document.
        labels: Its labels.
    """

    def __init__(self, layout: LayoutPage, labels: Sequence[Label]) -> None:
        self._layout = layout
        self._by_line: dict[int, list[Label]] = defaultdict(list)
        for label in labels:
            self._by_line[label.line].append(label)
        self._headers = self._header_rows(labels)
        self._places = {id(label): layout.lines[label.line].part(label.start, label.end) for label in labels}

    def of(self, candidate: Candidate, competitors: Mapping[int, Sequence[Span]]) -> list[LabelEvidence]:
        """The labels that speak for a value.

        Args:
            candidate: The value.
            competitors: Spans of all values of its kind, by line: one between label and value takes the label away.
        """
        span = candidate.first
        found = [*self._on_line(span, competitors), *self._in_row(span, competitors), *self._slanted(span, competitors)]
        beside = max((one.strength for one in found if set(one.label.concepts) != BARE), default=0.0)
        above = self._above(span, competitors)
        if beside > 0.5:  # a value that has its label beside it is not an answer to one above
            above = [replace(label_evidence, strength=label_evidence.strength * 0.4) for label_evidence in above]
        return found + above

    def is_header(self, label: Label) -> bool:
        """Whether a label heads a table's column."""
        return self._layout.lines[label.line].row in self._headers

    def on_line(self, index: int) -> Sequence[Label]:
        """The labels of a line."""
        return self._by_line.get(index, ())

    def _header_rows(self, labels: Sequence[Label]) -> set[int]:
        columns: dict[int, set[str]] = defaultdict(set)
        for label in labels:
            row = self._layout.lines[label.line].row
            columns[row] |= {concept for concept in label.concepts if concept in COLUMNS}
        parts: dict[int, int] = defaultdict(int)
        for label in labels:
            parts[self._layout.lines[label.line].row] += bool(COLUMNS & set(label.concepts))
        return {row for row, concepts in columns.items() if parts[row] >= 3 and len(concepts) >= 2}

    def _on_line(self, span: Span, competitors: Mapping[int, Sequence[Span]]) -> list[LabelEvidence]:
        text = self._layout.lines[span.line].folded
        found = []
        for label in self._by_line[span.line]:
            if label.start < span.start and label.end < span.end:  # "total RM" may reach into "RM 5.00"
                between = text[label.end : span.start]
                values = _values(competitors, span.line, label.end, span.start)
                strength = SAME_LINE * WORD_BETWEEN ** _words(between) * VALUE_BETWEEN**values
                found.append(LabelEvidence(label, strength, "line"))
            elif self._is_of_box(label, span):
                found.append(LabelEvidence(label, SAME_LINE, "line"))
        return found

    def _is_of_box(self, label: Label, span: Span) -> bool:
        """Whether a value is a checkbox's mark, and a label stands right behind it."""
        text = self._layout.lines[span.line].text
        mark, between = text[span.start : span.end], text[span.end : label.start]
        return mark in (BOX_CHECKED, BOX_EMPTY) and label.start >= span.end and not between.strip()

    def _in_row(self, span: Span, competitors: Mapping[int, Sequence[Span]]) -> list[LabelEvidence]:
        line = self._layout.lines[span.line]
        row = self._layout.rows[line.row]
        at = row.index(span.line)
        before = line.folded[: span.start]
        values = _values(competitors, span.line, 0, span.start)
        strength = SAME_ROW * WORD_BETWEEN ** _words(before) * VALUE_BETWEEN**values
        found = []
        for index in reversed(row[:at]):
            other = self._layout.lines[index]
            for label in self._by_line[index]:
                behind = _values(competitors, index, label.end, len(other.text))
                words = _words(other.folded[label.end :])
                factor = WORD_BETWEEN**words * VALUE_BETWEEN**behind
                found.append(LabelEvidence(label, strength * factor, "row"))
            passed = _values(competitors, index, 0, len(other.text))
            strength *= VALUE_BETWEEN**passed if passed else WORD_BETWEEN
        return found

    def _slanted(self, span: Span, competitors: Mapping[int, Sequence[Span]]) -> list[LabelEvidence]:
        """Labels whose line ends left of the value, in the next row: a little slanted, or a row for the label alone."""
        line = self._layout.lines[span.line]
        row = self._layout.rows[line.row]
        if len(row) > 1 or span.start > 2:
            return []
        found = []
        for number in (line.row - 1, line.row + 1):
            members = self._layout.rows[number] if 0 <= number < len(self._layout.rows) else ()
            alone = number < line.row and not any(competitors.get(index) for index in members)
            for index in members:
                other = self._layout.lines[index]
                off = abs(other.rect.middle - line.rect.middle) / self._layout.pitch
                if other.page != line.page or other.rect.right > line.rect.left or off > (NEXT_ROW if alone else 1.0):
                    continue
                for label in self._by_line[index]:
                    behind = _values(competitors, index, label.end, len(other.text))
                    found.append(LabelEvidence(label, SLANTED * VALUE_BETWEEN**behind, "slanted"))
        return found

    def _above(self, span: Span, competitors: Mapping[int, Sequence[Span]]) -> list[LabelEvidence]:
        line = self._layout.lines[span.line]
        place = line.part(span.start, span.end)
        found = []
        for number in range(line.row - 1, max(-1, line.row - 8), -1):
            for index in self._layout.rows[number]:
                other = self._layout.lines[index]
                if other.page != line.page:
                    continue
                for label in self._by_line[index]:
                    found += self._if_above(label, place, number, line.row, competitors)
        return found

    def _if_above(
        self, label: Label, place: Bounds, above: int, row: int, competitors: Mapping[int, Sequence[Span]]
    ) -> list[LabelEvidence]:
        head = self._places[id(label)]
        far = (place.top - head.bottom) / self._layout.pitch
        shared = min(head.right, place.right) - max(head.left, place.left)
        if far > ABOVE_LINES or far < -0.6 or shared < 0.2 * min(head.right - head.left, place.right - place.left):
            return []
        strength = ABOVE - 0.12 * max(0.0, far)
        for number in range(above + 1, row):
            for index in self._layout.rows[number]:
                for competitor in competitors.get(index, ()):
                    part = self._layout.lines[index].part(competitor.start, competitor.end)
                    if min(part.right, place.right) > max(part.left, place.left):
                        strength *= VALUE_BETWEEN
        return [LabelEvidence(label, max(0.0, strength), "above")]


def _values(competitors: Mapping[int, Sequence[Span]], line: int, start: int, end: int) -> int:
    return sum(start <= span.start and span.end <= end for span in competitors.get(line, ()))


def _words(text: str) -> int:
    """Words of a text that are neither values nor currencies."""
    without = re.sub(rf"(?<![^\W_]){CURRENCY}(?![^\W_])", " ", text)
    return len(re.findall(r"[^\W\d_]{2,}", without))
