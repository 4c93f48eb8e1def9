"""Fields checked against each other."""

from __future__ import annotations

import pytest

from tests.unit.fields.text_pages import read
from worker.fields.checks import checked
from worker.fields.extract import Extraction

SUMS = {"subtotal": "number", "tax": "number", "total": "number"}
ROWS = {"total": "number", "items": [{"description": "string", "qty": "number", "price": "number", "amount": "number"}]}


def both(text: str, schema: dict[str, object]) -> tuple[Extraction, Extraction]:
    plain = read(text, schema)
    return plain, checked(plain)


def test_a_sum_that_comes_out_makes_its_fields_surer() -> None:
    plain, robust = both("Subtotal 100.00\nTax 6.00\nTotal 106.00", SUMS)
    for name in SUMS:
        assert robust.fields[name].confidence > plain.fields[name].confidence
        assert robust.fields[name].reason is None


@pytest.mark.parametrize("total", ["160.00", "106.50"])
def test_a_sum_that_does_not_come_out_is_reported(total: str) -> None:
    plain, robust = both(f"Subtotal 100.00\nTax 6.00\nTotal {total}", SUMS)
    for name in SUMS:
        assert robust.fields[name].confidence < plain.fields[name].confidence
        assert "100.00 and 6.00 tax do not make" in str(robust.fields[name].reason)
        assert robust.fields[name].value == plain.fields[name].value


def test_a_cent_of_rounding_is_no_fault() -> None:
    _, robust = both("Subtotal 100.00\nTax 6.00\nTotal 106.01", SUMS)
    assert robust.fields["total"].reason is None


def test_a_due_date_before_the_date_is_reported() -> None:
    _, robust = both("Invoice Date: 2024-02-01\nDue Date: 2024-01-15", {"date": "date", "due_date": "date"})
    assert "before" in str(robust.fields["due_date"].reason)
    _, fine = both("Invoice Date: 2024-02-01\nDue Date: 2024-03-15", {"date": "date", "due_date": "date"})
    assert fine.fields["due_date"].reason is None


TABLE = """
Description        Qty     Price    Amount
Blue widget        2       5.00     {amount}
Red widget         1       7.50     7.50
Total                               17.50
"""


def test_items_that_add_up_are_more_confident_and_others_are_reported() -> None:
    plain, fine = both(TABLE.format(amount="10.00"), ROWS)
    assert fine.fields["items[0].amount"].confidence > plain.fields["items[0].amount"].confidence
    _, wrong = both(TABLE.format(amount="19.00"), ROWS)
    assert "2 times 5.00 is not 19.00" in str(wrong.fields["items[0].amount"].reason)
    assert "the items add up to 26.50" in str(wrong.fields["total"].reason)


def test_discounts_fees_and_carriage_of_the_page_are_in_the_sum() -> None:
    text = """
Subtotal            1730.00
Discount 5%          -86.50
VAT 19%              298.73
Shipping               4.99
Total               1947.22
"""
    answers = checked(read(text, {"subtotal": "number", "tax": "number", "total": "number"}))
    assert [answers.fields[name].value for name in ("subtotal", "tax", "total")] == [1730.0, 298.73, 1947.22]
    assert answers.fields["total"].reason is None


def test_a_sum_that_nothing_on_the_page_explains_is_called_wrong() -> None:
    text = "Subtotal            1730.00\nVAT 19%              298.73\nTotal               1947.22"
    answers = checked(read(text, {"subtotal": "number", "tax": "number", "total": "number"}))
    assert "do not make" in str(answers.fields["total"].reason)
