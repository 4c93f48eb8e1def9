"""The columns of a table of items, by the labels in its head and by what stands in them, and the cells of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.fields.candidate import Candidate, Span
from worker.fields.item_row import Row
from worker.fields.item_rows import Column, ItemRows, Segment
from worker.fields.kinds import identifiers
from worker.fields.specs import Spec
from worker.geometry import Bounds

NUMERIC = frozenset({"money", "number", "percentage"})
PRICED = frozenset({"description", "quantity", "unit_price", "line_total"})

OF_TAX = frozenset({"tax_rate", "subtotal", "tax", "total", "gross_total"})
"""Of a list of taxes; of items they are other columns."""

_COUNT = re.compile(r"(?P<count>[Il|]|-?[\dIl][\dIOl]{0,3}(?:[.,]\d{1,3})?)(?:\s?[^\W\d_]{1,6}[²³]?\.?)?")
"""A quantity and its unit; letters of a digit's shape stand for it."""

_UNIT = re.compile(r"[^\W\d_]{1,7}\.?")

NEAR, FAR = 0.5, 3.0
"""Line heights from a column's head that are right under it, and that are another column's place."""

LOOKED = 8
"""Rows under a table's head in which the column of words is looked for."""

UNPRICED = frozenset({"tax", "tax_rate", "tax_column", "discount", "position", "sku"})
"""Columns whose numbers are not prices."""


@dataclass(frozen=True)
class ItemColumns:
    """The columns of a table of items.

    Attributes:
        rows: The rows of the document.
        header: All columns, from their heads.
        named: Which of them answers what.
        kinds: Of the values that answer it.
    """

    rows: ItemRows
    header: Sequence[Column]
    named: Mapping[str, Column]
    kinds: Mapping[str, str]

    def cells(self, number: int) -> Row:
        """The cells of a row, by what they answer."""
        cells: Row = {}
        far: dict[str, float] = {}
        free: list[Segment] = []
        for segment in self.rows.segments(number):
            column = _column_of(self.rows, segment, self.header)
            key = next((key for key, one in self.named.items() if one is column), None)
            if key is None:
                free += [] if set(column.concepts) & UNPRICED else [segment]
                continue
            cell = (counted(segment) if key == "quantity" else None) or _parsed(self.kinds.get(key, "text"), segment)
            distance = _distance(column.rect, segment.rect)
            if cell is not None and (key not in cells or distance < far[key]):
                cells[key], far[key] = cell, distance
            elif cell is None and segment.number is None:
                free.append(segment)  # a name that the reader put into one line with the numbers behind it
        return {**_unnamed(free, self.named, cells), **cells}


def item_columns(rows: ItemRows, number: int, wanted: Sequence[Spec]) -> ItemColumns | None:
    """The columns that a row heads, and which of them answer what is wanted; None if it heads none."""
    header = rows.header(number)
    if not header:
        return None
    named = _by_words(rows, number, header, _columns(wanted, header))
    kinds = {key_of(leaf): leaf.kind for leaf in wanted}
    return ItemColumns(
        rows, header, named, {**kinds, "quantity": "number", "unit_price": "money", "line_total": "money"}
    )


def key_of(leaf: Spec) -> str:
    """What a field of an item is known by: its concept, or its own name."""
    return leaf.concept if leaf.concept in PRICED | OF_TAX else leaf.path[-1]


def _columns(wanted: Sequence[Spec], header: Sequence[Column]) -> dict[str, Column]:
    """Which column answers what: of several called alike the rightmost is the amount."""
    free = sorted(header, key=lambda column: column.rect.left)
    chosen: dict[str, Column] = {}
    asked = {key_of(leaf): {leaf.concept, leaf.name} for leaf in wanted}
    asked |= {concept: {concept} for concept in ("quantity", "unit_price", "line_total") if concept not in asked}
    order = ("unit_price", "quantity", "sku", "description")
    for key in sorted(asked, key=lambda key: order.index(key) if key in order else 9):
        fitting = [column for column in free if asked[key] & set(column.concepts)]
        best = max((max(column.concepts.get(c, 0.0) for c in asked[key]) for column in fitting), default=0.0)
        fitting = [column for column in fitting if max(column.concepts.get(c, 0.0) for c in asked[key]) == best]
        if fitting:
            chosen[key] = fitting[-1 if key == "line_total" else 0]
            free.remove(chosen[key])
    return chosen


def _by_words(rows: ItemRows, number: int, header: Sequence[Column], chosen: dict[str, Column]) -> dict[str, Column]:
    """The same, with names where most words stand: "article" may head their numbers."""
    taken = [column for key, column in chosen.items() if key != "description"]
    letters = [0] * len(header)
    for after in range(number + 1, min(number + 1 + LOOKED, len(rows.layout.rows))):
        if rows.ends(after):
            break
        for segment in rows.segments(after):
            if segment.number is None and re.search(r"[^\W\d_]{3}", segment.text):
                column = _column_of(rows, segment, header)
                letters[next(at for at, one in enumerate(header) if one is column)] += len(segment.text)
    own = sum(count for count, one in zip(letters, header, strict=True) if one is chosen.get("description"))
    free = [(count, at) for at, count in enumerate(letters) if not any(header[at] is one for one in taken)]
    most, at = max(free, default=(0, 0))
    return {**chosen, "description": header[at]} if "description" in chosen and most > 2 * own else chosen


def _unnamed(free: Sequence[Segment], named: Mapping[str, Column], cells: Row) -> Row:
    """What stands in columns whose head is not a known label: the longest text, the amount furthest to the right."""
    found: Row = {}
    texts = [segment for segment in free if segment.number is None and len(re.findall(r"[^\W\d_]", segment.text)) >= 3]
    texts = [segment for segment in texts if not (segment.span.start and _UNIT.fullmatch(segment.text))]
    amounts = [segment for segment in free if segment.decimals]
    if "description" not in cells and texts:
        found["description"] = max(texts, key=lambda segment: len(segment.text)).candidate()
    if "line_total" not in named and amounts:
        found["line_total"] = amounts[-1].candidate()
        amounts = amounts[:-1]
    if "unit_price" not in named and amounts:
        found["unit_price"] = amounts[-1].candidate()
    return found


def _column_of(rows: ItemRows, segment: Segment, columns: Sequence[Column]) -> Column:
    """The column a segment stands in: the layout's where it found the table, else the nearest one's."""
    cells = [column.cell for column in columns]
    cell = rows.cell_of(segment) if len(set(cells)) == len(cells) else None  # heads that share a cell: it is too coarse
    same = [column for column in columns if column.cell == cell] if cell is not None else []
    nearest = min(columns, key=lambda column: _distance(column.rect, segment.rect))
    if not same:
        return nearest
    # Right under a head and far from that of its cell: the layout joined two columns there.
    near, far = (_distance(one.rect, segment.rect) / rows.layout.pitch for one in (nearest, same[0]))
    under = segment.decimals and near < NEAR and far > FAR
    return nearest if under else min(same, key=lambda column: _distance(column.rect, segment.rect))


def _distance(column: Bounds, place: Bounds) -> float:
    """How far a cell stands from its column's head: left edges, right edges or middles, whichever agree best."""
    middle = abs((column.left + column.right) - (place.left + place.right)) / 2
    return min(abs(column.left - place.left), abs(column.right - place.right), middle)


def counted(segment: Segment) -> Candidate | None:
    """A quantity with its unit behind it, as "1kg" and "12 m", and a one read as a letter."""
    match = _COUNT.fullmatch(segment.text)
    if match is None:
        return None
    digits = re.sub("[IOl|]", lambda read: "0" if read[0] == "O" else "1", match["count"]).replace(",", ".")
    return Candidate(
        float(digits), (Span(segment.span.line, segment.span.start, segment.span.start + match.end("count")),)
    )


def _parsed(kind: str, segment: Segment) -> Candidate | None:
    if kind in NUMERIC:
        return segment.candidate() if segment.number is not None else None
    if kind == "identifier":
        codes = identifiers.on_line(segment.text, segment.span.line)
        if not codes:
            return None
        start = segment.span.start + codes[0].first.start
        return Candidate(codes[0].value, (Span(segment.span.line, start, segment.span.start + codes[0].first.end),))
    return segment.candidate(segment.text) if re.search(r"[^\W_]", segment.text) else None
