"""Seller and buyer told apart, in several layouts and languages."""

from __future__ import annotations

import pytest

from ocrq.contracts import Line
from tasks.documents.schemas import prepared
from tests.unit.fields.text_pages import page_of, read
from worker.fields.extract import extract

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
    "buyer without a label, over a person": """
Nordwind Supplies Ltd
12 High Street
London SW1A 1AA

Bergmann Consulting Limited
Attn: M. Keller
5 Low Road
Leeds LS1 4AB

INVOICE INV-0042
Date: 12/03/2024
Total                                  20.00
""",
    "a firm over a person, without labels": """
Nordwind Supplies Ltd
12 High Street
London SW1A 1AA

Bergmann Consulting Limited
Maria Keller
5 Low Road
Leeds LS1 4AB

INVOICE INV-0042
Date: 12/03/2024
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
def test_seller_and_buyer_are_distinguished(text: str) -> None:
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


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("DIAZ, REYNA Y VALDEZ, Calle Mayor 224, 28013 Madrid\n\nFactura 031137\n", "DIAZ, REYNA Y VALDEZ"),
        ("Lee, Blackburn and\nwww.lee-blackburn.com\n\nInvoice 031137\nTotal 12.00\n", "Lee, Blackburn and"),
        ("Elettro Impianti S.r.I\nVia Roma 3\n00185 Roma\n\nFattura 12\n", "Elettro Impianti S.r.l"),
    ],
    ids=["commas in a name before its address", "a website below a name", "a legal form's l read as I"],
)  # fmt: skip
def test_where_a_name_ends(page: str, name: str) -> None:
    assert read(page, {"seller": "string"}).fields["seller"].value in (name, name.removesuffix(" and"))


@pytest.mark.parametrize("printed", ["IT61288050919", "IT612880S0919", "1T 612880 50919"])
def test_a_vat_number_is_put_right_by_its_checksum(printed: str) -> None:
    answers = read(f"Rossi Srl\nP. IVA: {printed}\nFattura 12\n", {"vat_id": "string"})
    assert answers.fields["vat_id"].value == "IT61288050919"


def test_words_set_large_and_read_apart_are_one_name() -> None:
    page = page_of("Invoice 12\nDate 12.03.2024\nTotal 12.00\n12 High Street\nLondon SW1A 1AA\n")
    head = [
        Line(text=text, confidence=0.99, box=((left, -90.0), (right, -90.0), (right, -40.0), (left, -40.0)))
        for text, left, right in (("ADELHEID", 0.0, 200.0), ("BRUN", 220.0, 320.0))
    ]
    pages = [page.model_copy(update={"lines": [*head, *(page.lines or [])]})]
    assert extract(pages, prepared({"seller": "string"})).fields["seller"].value == "ADELHEID BRUN"
