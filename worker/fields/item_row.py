"""One line item: its cells, and what quantity, price and amount say of each other."""

from __future__ import annotations

from dataclasses import dataclass

from worker.fields.candidate import Candidate

PROVEN, NAMED, GUESSED = 0.97, 0.85, 0.75
"""Confidence of a cell, before its reading's: where quantity and price make the amount, under a label, on a receipt."""

CENTS = 0.011
"""What a product may differ by from its amount for rounding."""

Row = dict[str, Candidate]
"""Cells by concept, or by the caller's own name of a column."""


@dataclass(frozen=True)
class ItemRow:
    """A line item: its cells, and whether quantity times price makes its amount."""

    cells: Row
    proven: bool
    confidence: float


def makes(cells: Row, row: Row) -> bool:
    """Whether quantity and price of one make the amount of the other."""
    amount = row.get("line_total")
    if amount is None or "unit_price" not in cells:
        return False
    return is_product(float(cells["quantity"].value), float(cells["unit_price"].value), float(amount.value))


def is_product(quantity: float, price: float, amount: float) -> bool:
    """Whether they are, cents of rounding aside."""
    return abs(quantity * price - amount) <= max(CENTS, 0.005 * abs(quantity))


def checked(row: Row, confidence: float) -> ItemRow:
    """The row with a quantity that price and amount tell, where it has none or a wrong one."""
    price, amount, quantity = (row.get(key) for key in ("unit_price", "line_total", "quantity"))
    if price is None or amount is None or not price.value:
        return ItemRow(row, False, confidence)
    if quantity is not None and is_product(float(quantity.value), float(price.value), float(amount.value)):
        return ItemRow(row, True, PROVEN)
    implied = float(amount.value) / float(price.value)
    if quantity is not None and implied > 0 and abs(implied - round(implied)) < 0.002 and round(implied) > 1:
        solved = Candidate(float(round(implied)), quantity.spans, quantity.plausibility)
        return ItemRow({**row, "quantity": solved}, False, confidence * 0.9)
    return ItemRow(row, False, confidence * 0.9)
