"""Documents with the truth of their fields: receipts, invoices with embedded XML, drawn documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.documents import Entry, from_manifest
from evaluation.fields.reading import TextLayer, pages_of
from ocrq.contracts import Page
from worker.fields.kinds import money
from worker.fields.kinds.money import NAMED, SYMBOLS

RECEIPT = {"company": "string", "date": "string", "total": "number", "address": "string"}
ITEM = {"description": "string", "quantity": "number", "unit_price": "number", "amount": "number"}
INVOICE: dict[str, Any] = {
    "number": "string", "date": "string", "due_date": "string", "seller": "string", "buyer": "string",
    "seller_vat": "string", "iban": "string", "currency": "string", "net": "number", "tax": "number",
    "total": "number", "items": [ITEM],
}  # fmt: skip
"""What is asked of every invoice, in the names of the data's manifest."""

DRAWN = {
    "number": ("invoice_number", "receipt_number"), "seller": ("company",), "buyer": ("customer",),
    "seller_vat": ("vat_id",), "net": ("subtotal",),
}  # fmt: skip
"""Names of the manifest whose values drawn documents mark by another concept."""


CENT = 0.005


@dataclass(frozen=True)
class Case:
    """A document, what is asked of it and what is true.

    Attributes:
        name: For reports.
        group: The part of the report that it counts for.
        pages: As read.
        schema: What is asked.
        truth: The values it shows, by field; others are not judged unless ``complete``.
        items: The line items it shows; None where that is not known.
        complete: Whether a value for a field without truth is wrong.
        dayfirst: For comparing dates.
        marks: Boxes of the words of each value: left, top, right, bottom; only of drawn documents.
    """

    name: str
    group: str
    pages: Sequence[Page]
    schema: Mapping[str, Any]
    truth: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]] | None = None
    complete: bool = False
    dayfirst: bool = True
    marks: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)


def receipts(manifest: Path, cache: Path) -> Iterator[Case]:
    """Documents of a manifest of receipts and other kinds, asked what their truth tells of four fields."""
    for entry in from_manifest(manifest):
        record = entry.gold.get("fields") or {}
        asked = (
            RECEIPT if entry.kind == "receipt" else {"invoice_number": "string", "date": "string", "total": "number"}
        )
        schema = {name: kind for name, kind in asked.items() if record.get(name) is not None}
        if schema:
            group = "receipts" if entry.kind == "receipt" else "advertising and other invoices"
            truth = {name: record[name] for name in schema}
            dayfirst = bool(entry.gold.get("dayfirst", True))
            yield Case(entry.name, group, pages_of(entry, cache), schema, truth, dayfirst=dayfirst)


def invoices(manifest: Path, cache: Path, text_layer: TextLayer) -> Iterator[Case]:
    """Invoices with the truth of their embedded XML, asked twelve fields each."""
    for entry in from_manifest(manifest):
        record = dict(entry.gold["fields"])
        items = record.pop("items", None)
        yield Case(
            entry.name, f"invoices, text_layer {text_layer}", pages_of(entry, cache, text_layer), INVOICE, record, items
        )


def drawn(folder: Path, limit: int | None = None, read: Path | None = None) -> Iterator[Case]:
    """Drawn documents, by what their browser says, or read from their pictures where a cache is given."""
    with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            record = json.loads(line)
            pages = [Page.model_validate(record["page"])]
            if read is not None:
                pages = pages_of(Entry(folder / record["file"], record["file"]), read)
            yield drawn_case(record, pages, "drawn and read" if read else "drawn")


def drawn_case(record: Mapping[str, Any], pages: Sequence[Page], group: str) -> Case:
    """A drawn document in the names of the data's manifest."""
    shown = record["truth"]
    truth: dict[str, Any] = {}
    marks: dict[str, Sequence[Sequence[float]]] = {}
    if any(_names(shown["currency"], line.text) for page in pages for line in page.lines):
        truth["currency"] = shown["currency"]
    for name in set(INVOICE) - {"currency"}:
        for concept in DRAWN.get(name, (name,)):
            if concept in shown and name != "items":
                truth[name], marks[name] = shown[concept], record["marks"].get(concept, [])
    if "tax" not in truth and {"net", "total"} <= set(truth):
        truth |= _tax_by_rates(pages, float(truth["total"]) - float(truth["net"]))
    items = [{("amount" if key == "line_total" else key): one for key, one in row.items()} for row in shown["items"]]
    kind = "receipts" if record["kind"] == "receipt" else "invoices and others"
    asked = dict(INVOICE)
    if record["kind"] in ("order", "delivery"):
        del asked["number"]  # which of its numbers an order's is, the schema does not say
    return Case(
        str(record["seed"]), f"{group}: {kind}", pages, asked, truth, items, True, bool(record["dayfirst"]), marks
    )


def _tax_by_rates(pages: Sequence[Page], tax: float) -> dict[str, float]:
    """The tax of a document that shows it by rates alone: two of its amounts make it."""
    amounts = {float(one.value) for page in pages for line in page.lines for one in money.on_line(line.text)}
    shown = any(tax - one != one and any(abs(tax - one - other) < CENT for other in amounts) for one in amounts if one)
    return {"tax": round(tax, 2)} if shown and tax >= CENT else {}


def _names(currency: str, text: str) -> bool:
    """Whether a line shows a currency by its code or its sign."""
    signs = {sign for sign, code in {**SYMBOLS, **NAMED}.items() if code == currency}
    return bool(re.search(rf"(?<![^\W\d_]){currency}(?![^\W\d_])", text)) or any(
        re.search(rf"(?<![^\W\d_]){re.escape(sign)}(?![^\W\d_])", text, re.IGNORECASE) for sign in signs
    )
