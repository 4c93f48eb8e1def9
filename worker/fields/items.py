"""Line items: rows under a header whose columns are known, or a receipt's rows of names and amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ocrq.contracts import FieldEvidence
from worker.fields.candidate import Candidate, Span
from worker.fields.coercion import ABSENT, Coercer
from worker.fields.evidence import evidence
from worker.fields.item_row import CENTS, NAMED, PROVEN, ItemRow, Row, checked, is_product
from worker.fields.item_rows import ASIDE, Column, ItemRows, Piece
from worker.fields.kinds import identifiers
from worker.fields.label_matching import LabelMatcher
from worker.fields.layout_page import LayoutPage
from worker.fields.receipt_items import receipt_items
from worker.fields.specs import Json, Spec, leaves
from worker.fields.tax_rows import tax_rows
from worker.fields.validation import validator_for
from worker.geometry import Bounds

MAX_ITEMS = 500
NUMERIC = frozenset({"money", "number", "percentage"})
PRICED = frozenset({"description", "quantity", "unit_price", "line_total"})

OF_TAX = frozenset({"tax_rate", "subtotal", "tax", "total", "gross_total"})
"""Of a list of taxes; of items they are other columns."""

_COUNT = re.compile(r"(?P<count>[Il|]|-?[\dIl][\dIOl]{0,3}(?:[.,]\d{1,3})?)(?:\s?[^\W\d_]{1,6}[²³]?\.?)?")
"""A quantity and its unit; letters of a digit's shape stand for it."""

_ATTRIBUTE = re.compile(r"[^\W\d][^:]{1,24}: ?\w")
"""What a line below an item tells of it, as "Packaging: carton"."""

_UNIT = re.compile(r"[^\W\d_]{1,7}\.?")

UNPRICED = frozenset({"tax", "tax_rate", "tax_column", "discount", "position", "sku"})
"""Columns whose numbers are not prices."""


def line_items(
    array: Spec, layout: LayoutPage, relations: LabelMatcher, fields: dict[str, FieldEvidence]
) -> list[Json]:
    """The items of an array of objects; their answers are put into ``fields`` as ``name[0].property``."""
    if array.items is None:
        return []
    wanted = list(leaves(array.items))
    validator = validator_for(array.items.schema)
    rows = ItemRows(layout, relations)
    found = tax_rows(rows) if array.concept == "tax" else list(_tables(wanted, rows))
    if not found and PRICED & {leaf.concept for leaf in wanted}:
        found = list(receipt_items(rows))
    result: list[Json] = []
    for row in found:
        item, answers = _item(wanted, row, layout)
        if item and validator.is_valid(item) and len(result) < MAX_ITEMS:
            fields.update({f"{array.name}[{len(result)}].{name}": answer for name, answer in answers.items()})
            result.append(item)
    return result


def _tables(wanted: Sequence[Spec], rows: ItemRows) -> Iterator[ItemRow]:
    columns: list[Column] = []
    named: dict[str, Column] = {}
    found: list[tuple[Row, list[Piece]]] = []
    below: list[list[Candidate]] = []  # of each row: text under its own
    page, headed = 0, -2
    for number in range(len(rows.layout.rows)):
        header = rows.header(number)
        if header:
            chosen = _columns(wanted, header)
            if number <= headed + 1 and len(chosen) <= len(named):
                continue  # the second line of the heads
            if len(chosen) >= min(2, len(wanted)):
                headed = number
                columns, named, page = header, chosen, rows.layout.lines[rows.layout.rows[number][0]].page
                continue
        if not columns:
            continue
        if rows.ends(number) or rows.layout.lines[rows.layout.rows[number][0]].page != page:
            columns = []
            continue
        cells = _cells(rows, number, columns, named, wanted)
        if rows.called(number) & ASIDE and "line_total" in cells and not {"quantity", "unit_price"} <= set(cells):
            continue
        if found and not cells and "description" not in found[-1][0]:
            cells = _name_below(rows.pieces(number))
        kinds = {_key(leaf): leaf.kind for leaf in wanted}
        numbers = [piece for piece in rows.pieces(number) if piece.number is not None]
        if found and _is_lower_amount(cells, found[-1][0]):
            found[-1][0]["line_total"] = cells["line_total"]
            found[-1][1].extend(numbers)
        elif any(kinds.get(key) in NUMERIC for key in cells) or "line_total" in cells:
            found.append((cells, numbers))
            below.append([])
        elif found and cells:
            below[-1] += [cells["description"]] if "description" in cells else []
            _continue(found[-1][0], cells)
    _join(rows.layout, [row for row, _ in found], below)
    yield from (checked(_solved(row, numbers), NAMED) for row, numbers in _priced(found))


def _name_below(pieces: Sequence[Piece]) -> Row:
    """The name of an item on the row below its numbers, under whatever head; empty where there are more numbers."""
    texts = [piece for piece in pieces if piece.number is None and re.search(r"[^\W\d_]{3}", piece.text)]
    if not texts or any(piece.decimals for piece in pieces) or _ATTRIBUTE.match(texts[0].text):
        return {}
    return {"description": max(texts, key=lambda piece: len(piece.text)).candidate()}


def _is_lower_amount(cells: Row, row: Row) -> bool:
    """Whether a row's amount is the one that the row above has not: it is set a little lower than the rest."""
    priced = {"quantity", "unit_price"}
    alone = set(cells) == {"line_total"} or bool(priced & set(row) and not priced & set(cells))
    return "line_total" in cells and "line_total" not in row and alone


def _join(layout: LayoutPage, items: Sequence[Row], below: Sequence[Sequence[Candidate]]) -> None:
    """Add the lines that a description runs on over: those whose first word had no room left in the line above."""
    names = [row["description"] for row in items if "description" in row]
    edge = max((one.rect(layout).right for one in [*names, *(c for more in below for c in more)]), default=0.0)
    for row, more in zip(items, below, strict=True):
        for after in more:
            name = row.get("description")
            if name is None or after is name or not isinstance(after.value, str):
                continue
            last, text = name.spans[-1], str(after.value)
            place, rect = layout.lines[last.line].part(last.start, last.end), after.rect(layout)
            if rect.right < place.left or rect.left > place.right:
                continue  # of a column beside the table
            word = after.rect(layout).width * len(text.split()[0]) / max(1, len(text))
            if place.right + word < edge or _ATTRIBUTE.match(text):
                break
            row["description"] = Candidate(f"{name.value} {text}", (*name.spans, *after.spans))


def _priced(found: Sequence[tuple[Row, list[Piece]]]) -> list[tuple[Row, list[Piece]]]:
    """The rows that are items: with a name or a price of their own, and an amount where most rows have one."""
    named = [(row, numbers) for row, numbers in found if set(row) - {"line_total"}]
    amounts = sum("line_total" in row for row, _ in named)
    items = [(row, numbers) for row, numbers in named if "line_total" in row or 2 * amounts <= len(named)]
    return items[: _sum_at(items)]


def _sum_at(items: Sequence[tuple[Row, list[Piece]]]) -> int:
    """How many rows stand before one whose amount is the sum of theirs, two at least; all if none is."""
    running = 0.0
    for at, (row, _) in enumerate(items):
        amount = float(row["line_total"].value) if "line_total" in row else 0.0
        if at > 1 and amount and "unit_price" not in row and abs(running - amount) < CENTS * at:
            return at
        running += amount
    return len(items)


def _solved(row: Row, numbers: Sequence[Piece]) -> Row:
    """A row whose quantity and price make its amount: where the columns' heads say otherwise, by its numbers."""
    cells = [row.get(key) for key in ("quantity", "unit_price", "line_total")]
    known = [float(cell.value) for cell in cells if cell is not None]
    if len(known) == 3 and is_product(*known):
        return row
    amounts = [piece for piece in numbers if piece.decimals]
    amount = row.get("line_total")
    wholes = [piece for piece in amounts if amount is not None and piece.span == amount.first] + amounts[-1:]
    for whole in wholes:
        rest = [piece for piece in numbers if piece is not whole and piece.number]
        for quantity in rest:
            for price in rest:
                if (
                    quantity is not price
                    and price.decimals
                    and is_product(float(quantity.number or 0), float(price.number or 0), float(whole.number or 0))
                ):
                    made = {"quantity": quantity, "unit_price": price, "line_total": whole}
                    return {**row, **{key: piece.candidate() for key, piece in made.items()}}
    return row


def _key(leaf: Spec) -> str:
    return leaf.concept if leaf.concept in PRICED | OF_TAX else leaf.path[-1]


def _columns(wanted: Sequence[Spec], header: Sequence[Column]) -> dict[str, Column]:
    """Which column answers what: of several called alike the rightmost is the amount."""
    free = sorted(header, key=lambda column: column.rect.left)
    chosen: dict[str, Column] = {}
    asked = {_key(leaf): {leaf.concept, leaf.name} for leaf in wanted}
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


def _cells(
    rows: ItemRows, number: int, columns: Sequence[Column], named: dict[str, Column], wanted: Sequence[Spec]
) -> Row:
    kinds = {_key(leaf): leaf.kind for leaf in wanted}
    kinds |= {"quantity": "number", "unit_price": "money", "line_total": "money"}
    cells: Row = {}
    far: dict[str, float] = {}
    free: list[Piece] = []
    for piece in rows.pieces(number):
        column = _column_of(rows, piece, columns)
        key = next((key for key, one in named.items() if one is column), None)
        if key is None:
            free += [] if set(column.concepts) & UNPRICED else [piece]
            continue
        cell = (_counted(piece) if key == "quantity" else None) or _parsed(kinds.get(key, "text"), piece)
        distance = _distance(column.rect, piece.rect)
        if cell is not None and (key not in cells or distance < far[key]):
            cells[key], far[key] = cell, distance
        elif cell is None and piece.number is None:
            free.append(piece)  # a name that the reader put into one line with the numbers behind it
    return {**_unnamed(free, named, cells), **cells}


def _unnamed(free: Sequence[Piece], named: dict[str, Column], cells: Row) -> Row:
    """What stands in columns whose head is not a known label: the longest text, the amount furthest to the right."""
    found: Row = {}
    texts = [piece for piece in free if piece.number is None and len(re.findall(r"[^\W\d_]", piece.text)) >= 3]
    texts = [piece for piece in texts if not (piece.span.start and _UNIT.fullmatch(piece.text))]
    amounts = [piece for piece in free if piece.decimals]
    if "description" not in cells and texts:
        found["description"] = max(texts, key=lambda piece: len(piece.text)).candidate()
    if "line_total" not in named and amounts:
        found["line_total"] = amounts[-1].candidate()
        amounts = amounts[:-1]
    if "unit_price" not in named and amounts:
        found["unit_price"] = amounts[-1].candidate()
    return found


def _column_of(rows: ItemRows, piece: Piece, columns: Sequence[Column]) -> Column:
    """The column a piece stands in: the layout's where it found the table, else the nearest one's."""
    cells = [column.cell for column in columns]
    cell = rows.cell_of(piece) if len(set(cells)) == len(cells) else None  # heads that share a cell: it is too coarse
    same = [column for column in columns if column.cell == cell] if cell is not None else []
    return min(same or columns, key=lambda column: _distance(column.rect, piece.rect))


def _distance(column: Bounds, place: Bounds) -> float:
    """How far a cell stands from its column's head: left edges, right edges or middles, whichever agree best."""
    middle = abs((column.left + column.right) - (place.left + place.right)) / 2
    return min(abs(column.left - place.left), abs(column.right - place.right), middle)


def _counted(piece: Piece) -> Candidate | None:
    """A quantity with its unit behind it, as "1kg" and "12 m", and a one read as a letter."""
    match = _COUNT.fullmatch(piece.text)
    if match is None:
        return None
    digits = re.sub("[IOl|]", lambda read: "0" if read[0] == "O" else "1", match["count"]).replace(",", ".")
    return Candidate(float(digits), (Span(piece.span.line, piece.span.start, piece.span.start + match.end("count")),))


def _parsed(kind: str, piece: Piece) -> Candidate | None:
    if kind in NUMERIC:
        return piece.candidate() if piece.number is not None else None
    if kind == "identifier":
        codes = identifiers.on_line(piece.text, piece.span.line)
        if not codes:
            return None
        start = piece.span.start + codes[0].first.start
        return Candidate(codes[0].value, (Span(piece.span.line, start, piece.span.start + codes[0].first.end),))
    return piece.candidate(piece.text) if re.search(r"[^\W_]", piece.text) else None


def _continue(row: Row, cells: Row) -> None:
    """Text under an item's text belongs to it where the item has none of its own."""
    for key, cell in cells.items():
        if key not in row and isinstance(cell.value, str):
            row[key] = cell


def _item(wanted: Sequence[Spec], row: ItemRow, layout: LayoutPage) -> tuple[Json, dict[str, FieldEvidence]]:
    item: Json = {}
    answers: dict[str, FieldEvidence] = {}
    for leaf in wanted:
        name = leaf.path[-1]
        cell = row.cells.get(_key(leaf))
        value = ABSENT if cell is None else Coercer(leaf).of(cell, cell.text(layout))
        if cell is None or value is ABSENT:
            if leaf.nullable:
                item[name] = None
            continue
        item[name] = value
        sure = PROVEN if row.proven and leaf.concept in PRICED - {"description"} else row.sure
        answers[name] = evidence(layout, cell, value, round(sure * cell.confidence(layout), 4))
    return (item if any(value is not None for value in item.values()) else {}), answers
