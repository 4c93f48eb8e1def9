"""Taxes as a list of rates, beside the net amount, the tax and the total of a page with two rates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fields.text_pages import read

SUMS = {"net": "number", "tax": "number", "total": "number"}
TAXES = {"taxes": [{"rate": "number", "net": "number", "amount": "number"}]}

ITEMS = """
Item           Quantity   Unit price   VAT     Amount
Hot air             800        0.025   19%      20.00
Balloons              4        79.00   19%     316.00
Books                 5        32.00    7%     160.00
"""

PAGES = {
    "a table": ITEMS
    + """
Net total                 496.00
VAT total                  75.04
Total                     571.04

VAT            Net amount       VAT amount
7%                 160.00            11.20
19%                336.00            63.84
""",
    "rates without a sign, gross": ITEMS
    + """
VAT rate        Net           VAT         Gross
7            160.00         11.20        171.20
19           336.00         63.84        399.84

Net total                 496.00
VAT total                  75.04
Total                     571.04
""",
    "sums on one line": ITEMS
    + """
Net total                 496.00
VAT 7% of 160.00           11.20
VAT 19% of 336.00          63.84
Total                     571.04
""",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_taxes_are_listed_by_rate_beside_the_sums(page: str) -> None:
    answers = read(page, {**SUMS, **TAXES})
    assert answers.items["taxes"] == [
        {"rate": 7.0, "net": 160.0, "amount": 11.2},
        {"rate": 19.0, "net": 336.0, "amount": 63.84},
    ]
    assert {name: answers.fields[name].value for name in SUMS} == {"net": 496.0, "tax": 75.04, "total": 571.04}
    assert answers.fields["taxes[1].amount"].text == "63.84"


NAMES: dict[str, dict[str, Any]] = {
    "vat_breakdown": {"vat_rate": "number", "taxable_amount": "number", "tax_amount": "number"},
    "taxes": {"percentage": "number", "base": "number", "value": "number"},
}


@pytest.mark.parametrize("name", NAMES)
def test_taxes_by_other_names(name: str) -> None:
    listed = read(PAGES["a table"], {name: [NAMES[name]]}).items[name]
    assert [tuple(row.values()) for row in listed] == [(7.0, 160.0, 11.2), (19.0, 336.0, 63.84)]


def test_a_rate_with_its_tax_alone_and_items_with_rates_are_distinguished() -> None:
    listed = read(ITEMS + "\nVAT 19%          63,84\nTotal            571,04\n", TAXES).items["taxes"]
    assert listed == [{"rate": 19.0, "net": None, "amount": 63.84}]


@pytest.mark.parametrize("label", ["Total", "Totale netto", "TOTAL EURO"])
def test_a_label_that_ends_like_a_digit_is_no_part_of_the_amount(label: str) -> None:
    assert (
        read(f"Rechnung\n{label} 455,51\nDatum 03.05.2024\n", {"value": "money"}).found.of("money")[0].value == 455.51
    )
