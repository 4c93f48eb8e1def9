"""Line items of tables and of receipts, in several languages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fields.text_pages import read

ITEMS = {"items": [{"description": "string", "quantity": "number", "unit_price": "number", "amount": "number"}]}


def items(text: str) -> list[tuple[Any, ...]]:
    rows = read(text, ITEMS).items["items"]
    return [tuple(row.get(name) for name in ("description", "quantity", "unit_price", "amount")) for row in rows]


TABLES = {
    "en": """
Qty   Description             Unit price        Amount
2     Desk lamp                    19.90         39.80
1     Cable 5 m                     4.50          4.50
                     Subtotal                    44.30
                     Total                       44.30
""",
    "de": """
Pos.  Bezeichnung          Menge    Nettopreis     Nettobetrag
1     Desk lamp            2             19,90           39,80
2     Cable 5 m            1              4,50            4,50
                           Summe netto                   44,30
""",
    "fr": """
Désignation            Qté      P.U. HT      Total HT
Desk lamp              2         19,90 €      39,80 €
Cable 5 m              1          4,50 €       4,50 €
                       Total TTC              44,30 €
""",
    "pl": """
Lp.   Nazwa                Ilość    J.m.    Cena netto     Wartość netto
1     Desk lamp            2        szt.         19,90             39,80
2     Cable 5 m            1        szt.          4,50              4,50
                                    Razem netto                    44,30
""",
    "units glued to quantities, a side column, shipping as an item": """
Billed to        Description             Qty      Unit price       Amount
Hill Ltd         Desk lamp               2kg          19.90        39.80
9 Low Road       Cable 5 m               I m           4.50         4.50
York YO1 7HH
                                         Subtotal                  44.30
Terms: 8 days net
IBAN GB76 BARC 9941 5042 9520 34
""",
    "heads at the left of numbers set at the right, notes below": """
Item no.   Item description   Quantity            Net unit price             Amount
A-100      Desk lamp                        2                  19.90                     39.80
           Packaging: carton
A-200      Cable 5 m                        1                   4.50                      4.50
Total net                                                                                44.30
""",
    "names below their numbers": """
GTIN            Art-Nr     Menge          Nettopreis     MwSt-%     Nettowert
4012354471901   A-100      2,0000 Stk.      19,9000        19         39,80
                Desk lamp
                Verpackung: Karton
4012354471902   A-200      1,0000 Stk.       4,5000        19          4,50
                Cable 5 m
Summe netto                                                           44,30
""",
    "subtotals and a sum carried over among the items, a discount and freight behind them": """
Pos   Description             Qty     Price        Amount
1     Desk lamp                 2     19.90         39.80
                        Subtotal materials         39.80
2     Cable 5 m                 1      4.50          4.50
      Special deal 5 %                             -2.22
      Carriage and packing                          6.90
                        Total                      48.98
""",
    "names under a column called after their numbers, list prices on rows of their own": """
Artikel    Werkzaamheden         Aantal     Prijs        Totaal
A65-754    Desk lamp                  2     19,90         39,80
           Catalogusprijs                   24,90
51958      Cable 5 m                  1      4,50          4,50
           Catalogusprijs                    5,60
Totaal te voldoen                                         44,30
""",
    "amounts set a little lower than the rest": """
Pos   Description             Qty     Price        Amount
1     Desk lamp                 2     19.90
                                                    39.80
2     Cable 5 m                 1      4.50
                                                     4.50
                        Total                       44.30
""",
    "columns without known heads": """
Quantity   Thing                 Tarif              Wert
2          Desk lamp             19.90             39.80
1          Cable 5 m              4.50              4.50
                     Total                         44.30
""",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES.keys())
def test_rows_under_a_header_are_items(text: str) -> None:
    assert items(text) == [("Desk lamp", 2.0, 19.9, 39.8), ("Cable 5 m", 1.0, 4.5, 4.5)]


RECEIPTS = {
    "name and amount": (
        "MILK          2.40\nBREAD         3.10\nTOTAL         5.50",
        [(None, None, 2.4), (None, None, 3.1)],
    ),
    "quantity below": (
        "MILK          2.40\n  2 x 1.20\nBREAD         3.10\nTOTAL         5.50",
        [(2.0, 1.2, 2.4), (None, None, 3.1)],
    ),
    "quantity above": (
        "2 x 1.20\nMILK          2.40\nBREAD         3.10\nTOTAL         5.50",
        [(2.0, 1.2, 2.4), (None, None, 3.1)],
    ),
    "quantity before": (
        "2x MILK       2.40\n1 BREAD       3.10\nSUMME         5.50",
        [(2.0, None, 2.4), (1.0, None, 3.1)],
    ),
    "name on a row of its own": (
        "MILK\n2 x 1.20      2.40\nBREAD\n1 x 3.10      3.10\nTOTAL         5.50",
        [(2.0, 1.2, 2.4), (1.0, 3.1, 3.1)],
    ),
}


@pytest.mark.parametrize(("text", "rows"), RECEIPTS.values(), ids=RECEIPTS.keys())
def test_rows_of_a_receipt_are_items(text: str, rows: list[tuple[Any, ...]]) -> None:
    found = items("CORNER SHOP\n12 High Street\n" + text)
    assert [(name, *row) for name, row in zip(("MILK", "BREAD"), rows, strict=True)] == found


def test_tills_write_price_times_quantity_deposits_weights_and_article_numbers() -> None:
    text = """
MUSTERMARKT GMBH
Salatgurke              0,59 x 2       1,18 A
PFAND 0,25              0,25 A
4061458 Bananen                        1,91 A
0,958 kg x 1,99 EUR/kg
MILCH 3,5%                             2,18 A
2 Stk x 1,09
SUMME                       EUR        5,52
"""
    assert items(text) == [
        ("Salatgurke", 2.0, 0.59, 1.18),
        ("PFAND", None, 0.25, 0.25),
        ("Bananen", 0.958, 1.99, 1.91),
        ("MILCH 3,5%", 2.0, 1.09, 2.18),
    ]


def test_a_discount_is_no_item() -> None:
    text = "SHOP\nMILK          2.40\nDISCOUNT     -0.40\nTOTAL         2.00"
    assert items(text) == [("MILK", None, None, 2.4)]


def test_what_a_row_is_called_does_not_end_the_items_where_its_numbers_make_an_amount() -> None:
    text = """
Qty   Description             Unit price    Disc.    Amount
2     Tax consulting               50.00              100.00
4     Crate deposit                 3.30               13.20
1     Balance board                20.00     10 %      18.00
Total                                                 131.20
"""
    names = [row[0] for row in items(text)]
    assert names == ["Tax consulting", "Crate deposit", "Balance board"]


def test_a_measure_belongs_to_the_name() -> None:
    text = """
Qty   Description               Unit price        Amount
2     Beer crate 20 x 0,5 l          19,90         39,80
"""
    assert items(text) == [("Beer crate 20 x 0,5 l", 2.0, 19.9, 39.8)]


def test_a_misread_quantity_is_solved_from_price_and_amount() -> None:
    text = """
Qty   Description             Unit price        Amount
7     Desk lamp                    19.90         39.80
Total                                            39.80
"""
    answers = read(text, ITEMS)
    assert answers.items["items"][0]["quantity"] == 2.0
    assert answers.fields["items[0].quantity"].confidence < 0.9


def test_each_cell_has_its_place() -> None:
    answers = read(TABLES["en"], ITEMS)
    assert answers.fields["items[0].amount"].text == "39.80"
    assert answers.fields["items[0].description"].box is not None
