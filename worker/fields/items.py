"""Line items: rows under a header whose columns are known, or a receipt's rows of names and amounts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ocrq.contracts import FieldEvidence
from worker.fields.candidate import Candidate
from worker.fields.coercion import ABSENT, Coercer
from worker.fields.evidence import evidence
from worker.fields.item_columns import NUMERIC, PRICED, ItemColumns, counted, item_columns, key_of
from worker.fields.item_row import CENTS, NAMED, PROVEN, ItemRow, Row, checked, is_product
from worker.fields.item_rows import ASIDE, ItemRows, Segment
from worker.fields.label_matching import LabelMatcher
from worker.fields.layout_page import LayoutPage
from worker.fields.receipt_items import receipt_items
from worker.fields.specs import Json, Spec, leaves
from worker.fields.tax_rows import tax_rows
from worker.fields.validation import validator_for
from worker.geometry import Bounds

MAX_ITEMS = 500
_ATTRIBUTE = re.compile(r"[^\W\d][^:]{1,24}: ?\w")
"""What a line below an item tells of it, as "Packaging: carton"."""

LEAST_LEFT = 0.5
"""Of quantity times price, what a discount of the row leaves at the least."""


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
    table: ItemColumns | None = None
    found: list[tuple[Row, list[Segment]]] = []
    below: list[list[Candidate]] = []  # of each row: text under its own
    page, headed = 0, -2
    kinds = {key_of(leaf): leaf.kind for leaf in wanted}
    for number in range(len(rows.layout.rows)):
        head = item_columns(rows, number, wanted)
        if head:
            if table and number <= headed + 1 and len(head.named) <= len(table.named):
                continue  # the second line of the heads
            if len(head.named) >= min(2, len(wanted)):
                headed, table, page = number, head, rows.page(number)
                continue
        if table is None:
            continue
        if rows.page(number) != page:
            table = None
            continue
        cells, segments = table.cells(number), rows.segments(number)
        if rows.ends(number) and not _is_priced(cells, segments):
            table = table if _goes_on(table, number) else None
            continue
        if rows.called(number) & ASIDE and "line_total" in cells and not {"quantity", "unit_price"} <= set(cells):
            continue
        if found and not cells and "description" not in found[-1][0]:
            cells = _name_below(segments)
        if found and _is_lower_amount(cells, found[-1][0]):
            found[-1][0]["line_total"] = cells["line_total"]
            found[-1][1].extend(segments)
        elif any(kinds.get(key) in NUMERIC for key in cells) or "line_total" in cells:
            found.append((cells, segments))
            below.append([])
        elif found and cells:
            named = "description" in cells and not any(segment.decimals for segment in segments)
            below[-1] += [cells["description"]] if named else []  # "List price 4.00" is not part of a name
            _continue(found[-1][0], cells)
    _join(rows.layout, [row for row, _ in found], below)
    items = [(_solved(row, segments), segments) for row, segments in _priced(found)]
    counts = [row["quantity"].rect(rows.layout) for row, _ in items if "quantity" in row and _is_priced(row, ())]
    yield from (checked(_with_count(row, segments, counts), NAMED) for row, segments in items)


def _with_count(row: Row, segments: Sequence[Segment], counts: Sequence[Bounds]) -> Row:
    """The row with a quantity, where its column's head is unknown: what stands under those of other rows."""
    taken = {cell.first for cell in row.values()}
    if "quantity" in row or not counts:
        return row
    left, right = min(one.left for one in counts), max(one.right for one in counts)
    under = [
        segment
        for segment in segments
        if segment.span not in taken and left < segment.rect.right and segment.rect.left < right
    ]
    count = next(filter(None, map(counted, under)), None)
    return {**row, "quantity": count} if count else row


def _is_priced(cells: Row, segments: Sequence[Segment]) -> bool:
    """Whether a row is an item whatever its words are: quantity and price make its amount, or more by a discount."""
    cells = _solved(cells, segments)
    if not {"quantity", "unit_price", "line_total"} <= set(cells):
        return False
    quantity, price, amount = (float(cells[key].value) for key in ("quantity", "unit_price", "line_total"))
    return is_product(quantity, price, amount) or LEAST_LEFT <= amount / (quantity * price or math.inf) < 1


def _goes_on(table: ItemColumns, number: int) -> bool:
    """Whether items follow a row on its page: it is a subtotal among them, or what was carried over."""
    rows = table.rows
    for after in range(number + 1, len(rows.layout.rows)):
        if rows.page(after) != rows.page(number) or rows.header(after):
            return False
        if _is_priced(table.cells(after), rows.segments(after)):
            return True
    return False


def _name_below(segments: Sequence[Segment]) -> Row:
    """The name of an item on the row below its numbers, under whatever head; empty where there are more numbers."""
    texts = [segment for segment in segments if segment.number is None and re.search(r"[^\W\d_]{3}", segment.text)]
    if not texts or any(segment.decimals for segment in segments) or _ATTRIBUTE.match(texts[0].text):
        return {}
    return {"description": max(texts, key=lambda segment: len(segment.text)).candidate()}


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


def _priced(found: Sequence[tuple[Row, list[Segment]]]) -> list[tuple[Row, list[Segment]]]:
    """The rows that are items: with a name or a price of their own, and an amount where a third of the rows has one."""
    named = [(row, segments) for row, segments in found if set(row) - {"line_total"}]
    amounts = sum("line_total" in row for row, _ in named)
    items = [(row, segments) for row, segments in named if "line_total" in row or 3 * amounts < len(named)]
    return _without_sums(items)


def _without_sums(items: Sequence[tuple[Row, list[Segment]]]) -> list[tuple[Row, list[Segment]]]:
    """Rows up to the last with a quantity or price, where most have one, without sums of the rows above them.

    A discount, freight or sum of all may follow the items; subtotals and what is carried over stand among them.
    """
    priced = [at for at, (row, _) in enumerate(items) if {"quantity", "unit_price"} & set(row)]
    most = bool(priced) and 2 * len(priced) >= priced[-1] + 1
    kept: list[tuple[Row, list[Segment]]] = []
    running = since = 0.0  # of all items, and of those below the last sum
    for at, (row, segments) in enumerate(items[: priced[-1] + 1] if most else items):
        amount = float(row["line_total"].value) if "line_total" in row else 0.0
        near = any(abs(one - amount) < CENTS * (at + 1) for one in (running, since))
        if len(kept) > (not most) and amount and "unit_price" not in row and near:
            if not any(place > at for place in priced):
                break
            since = 0.0
            continue
        running, since = running + amount, since + amount
        kept.append((row, segments))
    return kept


def _solved(row: Row, segments: Sequence[Segment]) -> Row:
    """A row whose quantity and price make its amount: where the columns' heads say otherwise, by its numbers."""
    cells = [row.get(key) for key in ("quantity", "unit_price", "line_total")]
    known = [float(cell.value) for cell in cells if cell is not None]
    if len(known) == 3 and is_product(*known):
        return row
    numbers = [segment for segment in segments if segment.number is not None]
    amounts = [segment for segment in numbers if segment.decimals]
    amount = row.get("line_total")
    wholes = [segment for segment in amounts if amount is not None and segment.span == amount.first] + amounts[-1:]
    for whole in wholes:
        rest = [segment for segment in numbers if segment is not whole and segment.number]
        for quantity in rest:
            for price in rest:
                if (
                    quantity is not price
                    and price.decimals
                    and is_product(float(quantity.number or 0), float(price.number or 0), float(whole.number or 0))
                ):
                    made = {"quantity": quantity, "unit_price": price, "line_total": whole}
                    return {**row, **{key: segment.candidate() for key, segment in made.items()}}
    return row


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
        cell = row.cells.get(key_of(leaf))
        value = ABSENT if cell is None else Coercer(leaf).of(cell, cell.text(layout))
        if cell is None or value is ABSENT:
            if leaf.nullable:
                item[name] = None
            continue
        item[name] = value
        probability = PROVEN if row.proven and leaf.concept in PRICED - {"description"} else row.confidence
        answers[name] = evidence(layout, cell, value, round(probability * cell.confidence(layout), 4))
    return (item if any(value is not None for value in item.values()) else {}), answers
