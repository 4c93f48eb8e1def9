"""Lines on which regular expressions went wrong, each with the answer a person would give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fields.text_pages import ask, read

TRAPS: list[tuple[str, str, str, Any]] = [
    ("Invoice Number: INV-001", "invoice_number", "string", "INV-001"),
    ("Invoice Number\nINV-2024/17", "invoice_id", "string", "INV-2024/17"),
    ("INVOICE NO 47735", "inv_no", "string", "47735"),
    ("Invoice # RE-20190610/507 issued at 2019-06-10", "invoice_number", "string", "RE-20190610/507"),
    ("Invoice Number:\nDate: 2024-01-31", "invoice_number", "string", None),
    ("Rechnungsnr. 30064443   Kundennr. 47774", "invoice_number", "string", "30064443"),
    ("Facture n° F-2024-081", "invoice_number", "string", "F-2024-081"),
    ("Fattura n. 2024/03/7\nData fattura 17 marzo 2024", "invoice_number", "string", "2024/03/7"),
    ("Leistungs-Datum: 05.08.2013\nBeleg-Datum: 06.08.2013", "invoice_date", "string", "2013-08-06"),
    ("Gutschrift 201961683 vom 13.03.2019", "invoice_number", "string", "201961683"),
    ("Creditnota\n#10.77986\nFactuurdatum 13-03-2019", "invoice_number", "string", "10.77986"),
    ("Hill Ltd\nExeter EX4 3RS\nTotal 12.00", "currency", "string", None),
    ("Merci de régler cette facture avant le 04/07/2019", "due_date", "string", "2019-07-04"),
    ("IBAN GB21BARC82219634574984 SWIFT NWBKGB2L", "iban", "string", "GB21BARC82219634574984"),
    ("Btw-nummer NL877652185Bo1\nFactuur 12", "vat_id", "string", "NL877652185B01"),
    ("Order # 1612893    Invoice # 1612893-2", "invoice_number", "string", "1612893-2"),
    ("Invoice No: O0123\nTotal 5.00", "invoice_number", "string", "O0123"),
    ("Subtotal 100.00\nTax 6.00\nTotal 106.00", "total", "number", 106.0),
    ("Total 106.00\nSubtotal 100.00", "total_amount", "number", 106.0),
    ("TOTAL QTY: 7\nTOTAL 54.50", "total", "number", 54.5),
    ("TOTAL (EXCLUDING GST): 67.00\nTOTAL (INCLUSIVE OF GST): 71.02", "total", "number", 71.02),
    ("TOTAL 71.02\nCASH 80.00\nCHANGE 8.98", "total", "number", 71.02),
    ("Gesamtbetrag 1.234,56 EUR", "total", "number", 1234.56),
    ("Total TTC 1 234,56 €", "total", "number", 1234.56),
    ("Grand Total: $1,234.56", "amount", "number", 1234.56),
    ("Total CHF 1'234.50", "total", "number", 1234.5),
    ("Total: −45.00", "total", "number", -45.0),
    ("Total (45.00)", "total", "number", -45.0),
    ("Total 45.00-", "total", "number", -45.0),
    ("Total: $1.5M", "total", "number", 1500000.0),
    ("TOTAL RM1O5.l0", "total", "number", 105.10),
    ("Total EUR 100.00  USD 108.00", "total", "number", 100.0),
    ("Total RM .40", "total", "number", 0.4),
    ("Total\n$12.50", "total", "number", 12.5),
    ("Total items: 3", "total", "number", None),
    ("Gross Total $2,070.00  Agency Commission $310.50  Net Amount Due $1,759.50", "total", "number", 1759.5),
    ("TOTAL 12.36\nROUNDING ADJ -0.01\nNET TOTAL 12.35", "total", "number", 12.35),
    ("IOTAL 71.02\nSUBIOTAL 67.00", "total", "number", 71.02),
    ("Sub Total 60.00\nGST 3.60\nTOTAL\n     BM63.60", "total", "number", 63.6),
    ("TOTAL 63.60\nTax Code  Rate  Net  GST\nSR  6%  60.00  3.60\nTotal  60.00  3.60", "total", "number", 63.6),
    ("Received RM 150.00 with thanks", "total", "number", 150.0),
    ("Subtotal 150.00", "total", "number", None),
    ("Date: 2024-01-31", "date", "string", "2024-01-31"),
    ("Date 31/01/24", "date", "string", "2024-01-31"),
    ("Date: 01/31/24", "date", "string", "2024-01-31"),
    ("Datum: 7. Mai 2014", "date", "string", "2014-05-07"),
    ("Invoice Date: August 3 , 2014", "date", "date", "2014-08-03"),
    ("DATE : 04 JAN 2017 01:15PM", "date", "string", "2017-01-04"),
    ("Fecha: 3 de agosto de 2014", "date", "string", "2014-08-03"),
    ("Date: 3l/O1/2O24", "date", "string", "2024-01-31"),
    ("DATE29/03/2018 10:01", "date", "string", "2018-03-29"),
    ("29/03/18-12:31:22", "date", "string", "2018-03-29"),
    ("Date: 29,03,2018", "date", "string", "2018-03-29"),
    ("Date: 29/032018", "date", "string", "2018-03-29"),
    ("29-03-2018-0012", "date", "string", None),
    ("Date: 2018 Mar 29", "date", "string", "2018-03-29"),
    ("CS 20143\nDATE: 03/01/2018", "date", "string", "2018-01-03"),
    ("Springfield, IL 62704\nDATE: 03/01/2018", "date", "string", "2018-03-01"),
    ("Due date: 2024-02-28\nDate: 2024-01-31", "date", "string", "2024-01-31"),
    ("Due date: 2024-02-28\nDate: 2024-01-31", "due_date", "string", "2024-02-28"),
    ("Date: 2024-01-31", "due_date", "string", None),
    ("Date: 31/02/2024", "date", "string", None),
    ("Tel: +49 6051 916440", "phone", "string", "+49 6051 916440"),
    ("VAT 19% 19.00\nTotal 119.00", "tax_rate", "number", 19.0),
    ("IBAN DE30 5075 0094 0000 0485 67", "iban", "string", "DE30507500940000048567"),
    ("IBAN DE31 5075 0094 0000 0485 67", "iban", "string", None),
    ("USt-IdNr. DE 136 695 976", "vat_id", "string", "DE136695976"),
    ("Mail: Info@Example.ORG", "email", "string", "info@example.org"),
    ("All prices in USD. Total 12.00", "currency", "string", "USD"),
]


@pytest.mark.parametrize(("text", "name", "kind", "value"), TRAPS, ids=[f"{t[0][:30]!r} {t[1]}" for t in TRAPS])
def test_a_trap_is_seen(text: str, name: str, kind: str, value: Any) -> None:
    answer = ask(text, name, kind)
    assert answer.value == value
    assert (answer.reason is None) == (value is not None)


def test_the_order_of_day_and_month_is_the_callers_if_given() -> None:
    assert ask("Date: 04/05/2024", "date", dayfirst=True).value == "2024-05-04"
    assert ask("Date: 04/05/2024", "date", dayfirst=False).value == "2024-04-05"


def test_the_order_of_day_and_month_follows_the_other_dates() -> None:
    assert ask("Date: 04/05/2024\nDue: 04/25/2024", "date").value == "2024-04-05"
    assert ask("Date: 04/05/2024\nDue: 25/05/2024", "date").value == "2024-05-04"


def test_evidence_is_where_the_value_stands() -> None:
    answer = ask("Tax 6.00\nTotal: RM 106.00", "total", "number")
    assert answer.text == "RM 106.00"
    assert answer.page == 1
    assert answer.box == ((70.0, 30.0), (160.0, 30.0), (160.0, 50.0), (70.0, 50.0))


def test_a_date_printed_twice_is_no_due_date() -> None:
    page = "Rechnung Nr. 17 vom 4. April 2023\nKöln, 4. April 2023\nZahlbar in 14 Tagen"
    fields = read(page, {"date": "string", "due_date": "string"}).fields
    assert (fields["date"].value, fields["due_date"].value) == ("2023-04-04", None)
