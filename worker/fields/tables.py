"""Tables of line items: rows under a header, cells by the columns they stand in."""

from __future__ import annotations

import re

from ocrq.contracts import FieldEvidence
from worker.fields.calibration import confidence
from worker.fields.candidate import Candidate, Span
from worker.fields.candidates import CandidateIndex
from worker.fields.coercion import ABSENT, Coercer
from worker.fields.evidence import evidence
from worker.fields.kinds import identifiers, money
from worker.fields.label_matching import LabelMatcher
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.specs import Json, Spec, leaves
from worker.fields.validation import validator_for
from worker.geometry import Bounds

MAX_ITEMS = 500
UNASKED = "\0"  # begins the name of a column that no property asks for
_END = re.compile(
    r"(?<![^\W_])(?:sub ?-?total|total|gesamt|summe|zwischensumme|totale|totaal|importe total|montant total|cash|"
    r"change|amount due|balance|net amount|rounding|gst summary|tax summary|base imponible|nettobetrag)(?![^\W_])"
)
_NUMERIC = {"money", "number", "percentage"}


def line_items(
    array: Spec, sheet: LayoutPage, found: CandidateIndex, relations: LabelMatcher, fields: dict[str, FieldEvidence]
) -> list[Json]:
    """The items of an array of objects; their answers are put into ``fields`` as ``name[0].property``."""
    if array.items is None:
        return []
    wanted = list(leaves(array.items))
    validator = validator_for(array.items.schema)
    result: list[Json] = []
    for cells in _rows(wanted, sheet, relations):
        item, answers = _item(wanted, cells, sheet)
        if item and validator.is_valid(item) and len(result) < MAX_ITEMS:
            fields.update({f"{array.name}[{len(result)}].{name}": answer for name, answer in answers.items()})
            result.append(item)
    return result


def _rows(wanted: list[Spec], sheet: LayoutPage, relations: LabelMatcher) -> list[dict[str, Candidate]]:
    """Cells by property name, a row each."""
    rows: list[dict[str, Candidate]] = []
    headers = relations.header_rows()
    for place, header in enumerate(headers):
        columns = _columns(wanted, sheet, relations, header)
        if sum(not name.startswith(UNASKED) for name in columns) < min(2, len(wanted)):
            continue
        until = headers[place + 1] if place + 1 < len(headers) else len(sheet.rows)
        rows += _under(columns, wanted, sheet, header, until)
    return rows


def _columns(wanted: list[Spec], sheet: LayoutPage, relations: LabelMatcher, header: int) -> dict[str, Bounds]:
    columns: dict[str, Bounds] = {}
    labels = relations.in_rows(header, header + 1)
    free = list(labels)
    for leaf in sorted(wanted, key=lambda leaf: leaf.concept not in ("unit_price", "quantity", "sku")):
        fitting = [label for label in free if leaf.concept in label.concepts or leaf.name in label.concepts]
        if fitting:
            # "Price … Amount": what a line comes to stands rightmost.
            chosen = fitting[-1] if leaf.concept == "line_total" else fitting[0]
            columns[leaf.path[-1]] = _place(sheet, chosen)
            free.remove(chosen)
    if columns:  # a cell of a column that nobody asked for answers no other one
        columns |= {f"{UNASKED}{place}": _place(sheet, label) for place, label in enumerate(free)}
    return columns


def _place(sheet: LayoutPage, label: Label) -> Bounds:
    return sheet.lines[label.line].part(label.start, label.end)


def _under(
    columns: dict[str, Bounds], wanted: list[Spec], sheet: LayoutPage, header: int, until: int
) -> list[dict[str, Candidate]]:
    kinds = {leaf.path[-1]: leaf.kind for leaf in wanted}
    numeric = {name for name in columns if kinds.get(name) in _NUMERIC}
    rows: list[dict[str, Candidate]] = []
    for number in range(header + 1, until):
        lines = [sheet.lines[index] for index in sheet.rows[number]]
        if lines[0].page != sheet.lines[sheet.rows[header][0]].page:
            break
        if any(_END.search(line.folded) for line in lines):
            break
        cells = _cells(columns, kinds, lines)
        if numeric & set(cells):
            rows.append(cells)
        elif rows and cells:
            _continue(rows[-1], cells, kinds)
    return rows


def _continue(row: dict[str, Candidate], cells: dict[str, Candidate], kinds: dict[str, str]) -> None:
    """Text under an item's text belongs to it where the item has none of its own."""
    for name, cell in cells.items():
        if kinds[name] not in _NUMERIC and name not in row:
            row[name] = cell


def _cells(columns: dict[str, Bounds], kinds: dict[str, str], lines: list[LayoutLine]) -> dict[str, Candidate]:
    cells: dict[str, Candidate] = {}
    far: dict[str, float] = {}
    for line in lines:
        for piece in _pieces(line):
            place = line.part(piece.start, piece.end)
            if min(columns, key=lambda name: _distance(columns[name], place)) not in kinds:
                continue
            for name in sorted(set(columns) & set(kinds), key=lambda name: _distance(columns[name], place)):
                cell = _parsed(kinds[name], line, piece)
                distance = _distance(columns[name], place)
                if (
                    cell is not None
                    and (name not in cells or distance < far[name])
                    and _fits(columns, name, place, kinds)
                ):
                    cells[name], far[name] = cell, distance
                    break
    return cells


def _pieces(line: LayoutLine) -> list[Span]:
    """Runs of text and single numbers of a line."""
    numbers = [c.first for c in money.on_line(line.text, line.index)]
    pieces, at = [], 0
    for span in [*numbers, Span(line.index, len(line.text), len(line.text))]:
        text = line.text[at : span.start]
        if re.search(r"[^\W\d_]{2}", text):
            begin = at + len(text) - len(text.lstrip(" .:-|"))
            pieces.append(Span(line.index, begin, at + len(text.rstrip(" .:-|$€£"))))
        if span.start < span.end:
            pieces.append(span)
        at = span.end
    return pieces


def _distance(column: Bounds, place: Bounds) -> float:
    """How far a cell stands from a column: left edges, right edges or middles, whichever agree best."""
    middle = abs((column.left + column.right) - (place.left + place.right)) / 2
    return min(abs(column.left - place.left), abs(column.right - place.right), middle)


def _fits(columns: dict[str, Bounds], name: str, place: Bounds, kinds: dict[str, str]) -> bool:
    nearest = min(set(columns) & set(kinds), key=lambda other: _distance(columns[other], place))
    return nearest == name or (kinds[nearest] in _NUMERIC) != (kinds[name] in _NUMERIC)


def _parsed(kind: str, line: LayoutLine, piece: Span) -> Candidate | None:
    text = line.text[piece.start : piece.end]
    if kind in _NUMERIC:
        amounts = money.on_line(text, line.index)
        if len(amounts) != 1 or re.search(r"[^\W\d_]{4}", text):
            return None
        return Candidate(amounts[0].value, (piece,))
    if kind == "identifier":
        codes = identifiers.on_line(text, line.index)
        return (
            Candidate(
                codes[0].value,
                (Span(line.index, piece.start + codes[0].first.start, piece.start + codes[0].first.end),),
            )
            if codes
            else None
        )
    code = re.fullmatch(r"[A-Z]{1,3}", text)  # of a tax or a unit
    return Candidate(text, (piece,)) if re.search(r"[^\W\d_]{2}", text) and not code else None


def _item(wanted: list[Spec], cells: dict[str, Candidate], sheet: LayoutPage) -> tuple[Json, dict[str, FieldEvidence]]:
    item: Json = {}
    answers: dict[str, FieldEvidence] = {}
    for leaf in wanted:
        name = leaf.path[-1]
        cell = cells.get(name)
        value = ABSENT if cell is None else Coercer(leaf).of(cell, cell.text(sheet))
        if cell is None or value is ABSENT:
            if leaf.nullable:
                item[name] = None
            continue
        item[name] = value
        sure = confidence({"points": 3.0, "margin": 1.0, "read": cell.confidence(sheet), "own": 0.0})
        answers[name] = evidence(sheet, cell, value, sure)
    return (item if any(value is not None for value in item.values()) else {}), answers
