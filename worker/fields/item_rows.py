"""Rows of a document as segments of text and numbers, and which of them head a table of items or end one."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds import money
from worker.fields.label_matching import COLUMNS, LabelMatcher
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutPage
from worker.geometry import Bounds

ENDS = frozenset(
    {"total", "subtotal", "tax", "gross_total", "cash", "change", "rounding", "balance", "amount_paid", "count"}
)
"""What the row behind the items is called."""

ASIDE = frozenset({"discount", "shipping", "service_charge", "tip"})
"""Rows that change the sum and are not items."""


@dataclass(frozen=True)
class Segment:
    """A run of text, or a number, of a line.

    Attributes:
        span: Where.
        text: As it stands there.
        rect: Its place.
        number: What it means; None for text.
        decimals: Whether the number has two, as amounts have.
    """

    span: Span
    text: str
    rect: Bounds
    number: float | None = None
    decimals: bool = False

    def candidate(self, value: float | str | None = None) -> Candidate:
        """As a value."""
        own = self.number if self.number is not None else self.text
        return Candidate(own if value is None else value, (self.span,))


@dataclass(frozen=True)
class Column:
    """A column under a header.

    Attributes:
        concepts: What its label names; empty for words that are not a label.
        rect: Place of the label.
        cell: Column of the table that the layout found; None outside of one.
    """

    concepts: dict[str, float]
    rect: Bounds
    cell: tuple[int, int] | None


class ItemRows:
    """The rows of a document.

    Args:
        layout: The document.
        relations: Its labels.
    """

    def __init__(self, layout: LayoutPage, relations: LabelMatcher) -> None:
        self.layout, self._relations, self._comma = layout, relations, money.decimal_comma(layout)
        self._segments: dict[int, list[Segment]] = {}

    def page(self, row: int) -> int:
        """The page of a row."""
        return self.layout.lines[self.layout.rows[row][0]].page

    def segments(self, row: int) -> list[Segment]:
        """The segments of a row, from the left."""
        return [segment for index in self.layout.rows[row] for segment in self._of_line(index)]

    def _of_line(self, index: int) -> list[Segment]:
        """Kept, for a row is looked at as a head, as an end, by its label and for its cells."""
        if index not in self._segments:
            self._segments[index] = self._divided(index)
        return self._segments[index]

    def _divided(self, index: int) -> list[Segment]:
        line = self.layout.lines[index]
        found = [one for one in money.on_line(line.text, index, self._comma) if not _in_words(line.text, one)]
        segments, at = [], 0
        end = Span(index, len(line.text), len(line.text))
        for amount in [*found, Candidate(None, (end,))]:
            span = amount.first
            text = line.text[at : span.start]
            if re.search(r"[^\W_]", text):
                start = at + len(text) - len(text.lstrip(" .:-|*"))
                place = Span(index, start, at + len(text.rstrip(" .:-|$€£")))
                segments.append(Segment(place, line.text[place.start : place.end], line.part(place.start, place.end)))
            if span.start < span.end:
                text = line.text[span.start : span.end]
                decimals = bool(amount.facts.get("decimals"))
                segments.append(Segment(span, text, line.part(span.start, span.end), float(amount.value), decimals))
            at = span.end
        return segments

    def header(self, row: int) -> list[Column]:
        """The columns that a row heads; empty if it heads none."""
        labels = [label for index in self.layout.rows[row] for label in self._relations.on_line(index)]
        named = {concept for label in labels for concept in label.concepts if concept in COLUMNS}
        telling = [label for label in labels if COLUMNS & set(label.concepts)]
        if len(telling) < 2 or len(named) < 2 or any(segment.decimals for segment in self.segments(row)):
            return []
        if len(telling) == 2 and any(
            re.search(r"\d", self.layout.lines[index].text) for index in self.layout.rows[row]
        ):
            return []  # "8 days net" is a sentence
        return [*self._named(labels), *self._unnamed(row, labels)]

    def _named(self, labels: Sequence[Label]) -> list[Column]:
        """Columns of labels; what follows a column's name on its line and names none is part of it ("Price net")."""
        found: list[tuple[Label, Column]] = []
        for label in labels:
            place = self._place(label)
            before = found[-1] if found and found[-1][0].line == label.line else None
            if before and not COLUMNS & set(label.concepts) and COLUMNS & set(before[0].concepts):
                rect = before[1].rect
                whole = Bounds(rect.left, min(rect.top, place.top), place.right, max(rect.bottom, place.bottom))
                found[-1] = label, replace(before[1], rect=whole)
            else:
                found.append((label, Column(dict(label.concepts), place, self._cell(label.line))))
        return [column for _, column in found]

    def _unnamed(self, row: int, labels: Sequence[Label]) -> list[Column]:
        """Words of a header that are not labels: their columns answer nothing."""
        found = []
        for index in self.layout.rows[row]:
            if not any(label.line == index for label in labels):
                found.append(Column({}, self.layout.lines[index].rect, self._cell(index)))
        return found

    def _place(self, label: Label) -> Bounds:
        return self.layout.lines[label.line].part(label.start, label.end)

    def _cell(self, index: int) -> tuple[int, int] | None:
        block = self.layout.lines[index].block
        cell = self.layout.blocks[block].cells.get(index) if block >= 0 else None
        return (block, cell.column) if cell else None

    def cell_of(self, segment: Segment) -> tuple[int, int] | None:
        """Block and column of the table that the layout found a segment in."""
        return self._cell(segment.span.line)

    def called(self, row: int) -> set[str]:
        """What labels at the start of a row call it: what stands before its first number."""
        found: set[str] = set()
        for index in self.layout.rows[row]:
            line = self.layout.lines[index]
            for label in self._relations.on_line(index):
                rest = re.sub(r"[\W\d_]", "", line.folded[: label.start] + line.folded[label.end :])
                if len(rest) <= 8:
                    found |= {concept for concept, weight in label.concepts.items() if weight >= 0.5}
            if any(segment.decimals for segment in self._of_line(index)) and found:
                break
        return found

    def names(self, row: int, concepts: Set[str], least: float) -> bool:
        """Whether a label in a row names one of some concepts, with a weight at least."""
        labels = [label for index in self.layout.rows[row] for label in self._relations.on_line(index)]
        return any(weight >= least and name in concepts for label in labels for name, weight in label.concepts.items())

    def ends(self, row: int) -> bool:
        """Whether a row is the first behind the items."""
        called = self.called(row)
        return bool(called & ENDS) and "description" not in called


_YEAR = re.compile(r"(?:19|20)\d\d")


def _in_words(text: str, amount: Candidate) -> bool:
    """Whether a number is part of a name: words before it, and a measure behind it or no decimals ("cable 5 m")."""
    before, after = text[: amount.first.start], text[amount.first.end :]
    if _YEAR.fullmatch(text[amount.first.start : amount.first.end]) and re.search(r"[^\W\d_] $", before):
        return True
    if re.search(r"[^\W\d_]{3}.*\d ?[x×] ?$", before) and re.match(r" ?[a-zµ]", after):
        return True  # "crate 20 x 0,5 l"
    if not re.search(r"(?:[^\W\d_]{2}|[^\W\d_]\d+)\W{0,2}$", before) or amount.facts.get("currency"):
        return False
    return not amount.facts.get("decimals") or bool(re.match(r" ?[^\W\d_]", after))
