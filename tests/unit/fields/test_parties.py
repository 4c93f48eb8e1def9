"""Seller and buyer told apart, in several layouts and languages."""

from __future__ import annotations

import pytest

from tests.unit.fields.text_pages import read

PAGES = {
    "letterhead, buyer labelled": """
Nordwind Supplies Ltd
12 High Street
London SW1A 1AA
Tel: 020 7946 0123   info@nordwind-supplies.com
VAT No. GB123456789

INVOICE
Bill to                              Invoice No: INV-0042
Bergmann Consulting Limited          Date: 12/03/2024
5 Low Road
Leeds LS1 4AB

Description         Qty     Price     Amount
Desk lamp           2       10.00      20.00
Total                                  20.00
""",
    "both labelled, buyer first": """
RECHNUNG  RE-1001
Rechnungsempfänger                   Verkäufer
Bergmann Consulting Limited          Nordwind Supplies Ltd
Lange Straße 5                       Hauptstraße 12
70173 Stuttgart                      20095 Hamburg

Datum: 12.03.2024
Bezeichnung         Menge   Einzelpreis   Betrag
Lampe               2       10,00         20,00
Gesamtbetrag                              20,00
""",
}


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES.keys())
def test_seller_and_buyer_are_told_apart(text: str) -> None:
    fields = read(text, {"seller": "string", "buyer": "string"}).fields
    assert fields["seller"].value == "Nordwind Supplies Ltd"
    assert fields["buyer"].value == "Bergmann Consulting Limited"


@pytest.mark.parametrize("label", ["Nummer", "Number", "Rechnung", "Bill to"])
def test_a_label_is_never_a_value(label: str) -> None:
    fields = read(f"{label}\nDatum\nTotal", {"seller": "string", "buyer": "string", "invoice_number": "string"}).fields
    assert all(field.value is None for field in fields.values())


def test_a_legal_form_behind_a_label_is_no_name() -> None:
    seller = read("Verkäufer\nName:     Lieferant GmbH\nAnschrift:     Hauptstraße 20", {"seller": "string"}).fields[
        "seller"
    ]
    assert seller.value != "GmbH"
