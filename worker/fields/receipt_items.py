"""Line items of receipts, which have no table: names and amounts on rows, quantity and price beside or between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.fields.candidate import Candidate, Span
from worker.fields.item_row import GUESSED, ItemRow, Row, checked, makes
from worker.fields.item_rows import ASIDE, ItemRows, Piece
from worker.fields.kinds import money

_TIMES = re.compile(
    r"(?<![\w.,])(?P<count>\d{1,4}(?:[.,]\d{1,3})?)\s?(?:[^\W\d_]{1,4}\.?\s?)?[xX×*@]\s?(?:[^\W\d_]{0,3}[$€£]?\s?)"
    r"(?P<price>\d[\d.,' ]*[.,]\d{2})(?!\d)"
)
"""Quantity times price."""

_LEADING = re.compile(r"^(?P<count>\d{1,3}(?:[.,]\d{1,3})?)\s?(?:[xX×]\s?|\s)(?=[^\W\d_]{2})")
"""A quantity before the name of an item."""

_MOST_GAP = 3
"""Rows without an amount after which the items of a receipt are over."""


def receipt_items(rows: ItemRows) -> Iterator[ItemRow]:
    """Names and amounts on rows, quantity and price before, behind or on a row of their own."""
    found: list[Row] = []
    pending: Row = {}
    gap = 0
    for number in range(len(rows.sheet.rows)):
        if rows.ends(number):
            if found:
                break
            pending = {}
            continue
        if rows.called(number) & ASIDE:
            continue
        cells = _receipt_cells(rows, number)
        if "line_total" in cells and ("description" in cells or "description" in pending):
            found.append({**pending, **cells})
            pending, gap = {}, 0
        elif "quantity" in cells and "description" not in cells:
            before = found[-1] if found else {}
            if "quantity" not in before and makes(cells, before):
                before.update(cells)
            else:
                pending = {**pending, **cells}
        else:
            gap += bool(found)
            pending = cells
            if gap > _MOST_GAP:
                break
    yield from (checked(row, GUESSED) for row in found)


def _receipt_cells(rows: ItemRows, number: int) -> Row:
    cells: Row = {}
    pieces = rows.pieces(number)
    for index in rows.sheet.rows[number]:
        line = rows.sheet.lines[index]
        times = _TIMES.search(line.text)
        if times and "quantity" not in cells:
            cells["quantity"] = _number(times["count"], Span(index, *times.span("count")))
            cells["unit_price"] = _number(times["price"], Span(index, *times.span("price")))
    taken = [cell.first for cell in cells.values()]
    free = [piece for piece in pieces if not any(_overlap(piece.span, span) for span in taken)]
    amounts = [piece for piece in free if piece.decimals]
    texts = [piece for piece in free if piece.number is None and len(re.findall(r"[^\W\d_]", piece.text)) >= 2]
    if amounts:
        cells["line_total"] = amounts[-1].candidate()
    if texts and (not amounts or texts[0].rect.left < amounts[-1].rect.left):
        _name(cells, texts[0], rows)
    if len(amounts) > 1 and "unit_price" not in cells:
        cells["unit_price"] = amounts[-2].candidate()
    whole = [piece for piece in free if piece.number is not None and not piece.decimals and piece.number > 0]
    if whole and "quantity" not in cells and amounts:
        cells["quantity"] = whole[0].candidate()
    return cells


def _overlap(one: Span, other: Span) -> bool:
    return one.line == other.line and one.start < other.end and other.start < one.end


def _name(cells: Row, piece: Piece, rows: ItemRows) -> None:
    """An item's name, without the quantity before it."""
    leading = _LEADING.match(piece.text)
    start = piece.span.start + (leading.end() if leading else 0)
    line = rows.sheet.lines[piece.span.line]
    cells["description"] = Candidate(line.text[start : piece.span.end], (Span(line.index, start, piece.span.end),))
    if leading and "quantity" not in cells:
        place = Span(line.index, piece.span.start, piece.span.start + len(leading["count"]))
        cells["quantity"] = _number(leading["count"], place)


def _number(text: str, span: Span) -> Candidate:
    amounts = money.on_line(text)
    return Candidate(float(amounts[0].value) if amounts else float(re.sub(r"\D", "", text) or 0), (span,))
