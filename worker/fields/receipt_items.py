"""Line items of receipts, which have no table: names and amounts on rows, quantity and price beside or between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from worker.fields.candidate import Candidate, Span
from worker.fields.item_row import GUESSED, ItemRow, Row, checked, makes
from worker.fields.item_rows import ASIDE, ItemRows, Segment

_PRICE = r"(?P<price>\d{1,3}(?:[.,']\d{3})*[.,]\d{2}|\d{1,6}[.,]\d{2})(?!\d)"
_UNIT = r"(?:[^\W\d_]{1,5}\.?\s?)?"
_MONEY = r"(?:[^\W\d_]{0,3}[$€£]?\s?)"
_TIMES = (
    re.compile(rf"(?<![\w.,])(?P<count>\d{{1,4}}(?:[.,]\d{{1,3}})?)\s?{_UNIT}[xX×*@à]\s?{_MONEY}{_PRICE}"),
    re.compile(rf"(?<![\w.,]){_PRICE}\s?{_MONEY}[xX×*]\s?(?P<count>\d{{1,3}})(?![\w.,])"),
)
"""Quantity times price, or price times quantity."""

_LEADING = re.compile(r"^(?P<count>\d{1,3}(?:[.,]\d{1,3})?)\s?(?:[xX×]\s?|\s)(?=[^\W\d_]{2})")
"""A quantity before the name of an item."""

_CODE = re.compile(r"^(?:[A-Z]{0,2}-?\d{2,}[\dA-Z]{2,}|[A-Z]-\d{2,})(?:\s+|$)")
"""An article's number before its name."""

_UNITS = re.compile(r"\W*(?:[^\W\d_]{1,5}\W*){1,2}")
"""What stands beside a quantity on a row of its own: units, "EUR/kg"."""

_MOST_COUNT = 1000
"""From which on a whole number is an article's number and no quantity."""

_MOST_GAP = 3
"""Rows without an amount after which the items of a receipt are over."""


def receipt_items(rows: ItemRows) -> Iterator[ItemRow]:
    """Names and amounts on rows, quantity and price before, behind or on a row of their own."""
    found: list[Row] = []
    pending: Row = {}
    gap = 0
    for number in range(len(rows.layout.rows)):
        if rows.ends(number):
            if found:
                break
            pending = {}
            continue
        called = rows.called(number)
        if called & ASIDE:
            continue
        cells = _receipt_cells(rows, number)
        if "line_total" in cells and ("description" in cells or "description" in pending):
            found.append({**pending, **cells})
            pending, gap = {}, 0
        elif "line_total" in cells and ("quantity" in cells or _is_named_below(rows, number)):
            if not found or not _adds(found[-1], cells):
                found.append({**pending, **cells})
            pending, gap = {}, 0
        elif "quantity" in cells and "description" not in cells:
            if not found or not _adds(found[-1], cells):
                pending = {**pending, **cells}
        elif found and "description" in cells and "description" not in found[-1]:
            found[-1]["description"] = cells["description"]
        else:
            gap += bool(found)
            pending = {} if called else cells
            if gap > _MOST_GAP:
                break
    yield from (checked(row, GUESSED) for row in found if "description" in row)


def _adds(row: Row, cells: Row) -> bool:
    """Whether quantity and price, on a row of their own, make the amount of the item before; it has them then."""
    if "quantity" in row or not makes(cells, row):
        return False
    row.update({key: cell for key, cell in cells.items() if key != "line_total"})
    return True


def _is_named_below(rows: ItemRows, number: int) -> bool:
    """Whether the row below an amount is a name and nothing else."""
    if number + 1 >= len(rows.layout.rows) or rows.ends(number + 1) or rows.called(number + 1):
        return False
    return set(_receipt_cells(rows, number + 1)) == {"description"}


def _receipt_cells(rows: ItemRows, number: int) -> Row:
    cells: Row = {}
    segments = rows.segments(number)
    for index in rows.layout.rows[number]:
        text = rows.layout.lines[index].text
        times = next((match for pattern in _TIMES if (match := pattern.search(text))), None)
        if times and "quantity" not in cells:
            cells["quantity"] = _number(times["count"], Span(index, *times.span("count")))
            cells["unit_price"] = _number(times["price"], Span(index, *times.span("price")))
    taken = [cell.first for cell in cells.values()]
    free = [segment for segment in segments if not any(_overlap(segment.span, span) for span in taken)]
    amounts = [segment for segment in free if segment.decimals]
    names = [_without_code(segment, rows) for segment in free if segment.number is None]
    texts = [segment for segment in names if len(re.findall(r"[^\W\d_]", segment.text)) >= 2]
    texts = [segment for segment in texts if not _is_unit(segment, taken)]
    if amounts:
        cells["line_total"] = amounts[-1].candidate()
    if texts and (not amounts or texts[0].rect.left < amounts[-1].rect.left):
        _name(cells, texts[0], rows)
    if len(amounts) > 1 and "unit_price" not in cells:
        cells["unit_price"] = amounts[-2].candidate()
    whole = [p for p in free if p.number is not None and not p.decimals and 0 < p.number < _MOST_COUNT]
    if whole and "quantity" not in cells and amounts and whole[0].rect.left < amounts[-1].rect.left:
        cells["quantity"] = whole[0].candidate()
    return cells


def _is_unit(segment: Segment, counted: Sequence[Span]) -> bool:
    """Whether a text behind a quantity, on its line, is a unit: "Stk", "EUR/kg"."""
    behind = any(span.line == segment.span.line and span.start < segment.span.start for span in counted)
    return behind and bool(_UNITS.fullmatch(segment.text))


def _without_code(segment: Segment, rows: ItemRows) -> Segment:
    """A name without the article's number before it."""
    code = _CODE.match(segment.text)
    if not code:
        return segment
    start = segment.span.start + code.end()
    line = rows.layout.lines[segment.span.line]
    place = Span(line.index, start, segment.span.end)
    return Segment(place, line.text[start : segment.span.end], line.part(start, segment.span.end))


def _overlap(one: Span, other: Span) -> bool:
    return one.line == other.line and one.start < other.end and other.start < one.end


def _name(cells: Row, segment: Segment, rows: ItemRows) -> None:
    """An item's name, without the quantity before it."""
    leading = _LEADING.match(segment.text)
    start = segment.span.start + (leading.end() if leading else 0)
    line = rows.layout.lines[segment.span.line]
    cells["description"] = Candidate(line.text[start : segment.span.end], (Span(line.index, start, segment.span.end),))
    if leading and "quantity" not in cells:
        place = Span(line.index, segment.span.start, segment.span.start + len(leading["count"]))
        cells["quantity"] = _number(leading["count"], place)


def _number(text: str, span: Span) -> Candidate:
    whole, mark, part = re.sub(r"['\s]", "", text).replace(",", ".").rpartition(".")
    return Candidate(float(whole.replace(".", "") + mark + part), (span,))
