"""Invoices of many layouts, drawn by a seed: other places for the labels, other languages, columns and numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

WORDS: dict[str, dict[str, list[str]]] = {
    "en": {
        "title": ["INVOICE", "Tax Invoice", "Invoice"],
        "number": ["Invoice No.", "Invoice Number", "Invoice #", "Inv. No", "Bill No"],
        "date": ["Invoice Date", "Date", "Issued", "Date of issue"],
        "due": ["Due Date", "Payment due", "Pay by"],
        "order": ["Order No", "PO Number", "Your order"],
        "customer": ["Customer No", "Account Number"],
        "net": ["Subtotal", "Net total", "Total excl. VAT"],
        "tax": ["VAT 20%", "Tax", "GST"],
        "total": ["Total", "Grand Total", "Amount Due", "Total incl. VAT", "Balance Due"],
        "head": ["Description", "Qty", "Unit Price", "Amount"],
    },
    "de": {
        "title": ["RECHNUNG", "Rechnung"],
        "number": ["Rechnungsnummer", "Rechnungs-Nr.", "Rechnung Nr."],
        "date": ["Rechnungsdatum", "Datum"],
        "due": ["Fällig am", "Zahlbar bis"],
        "order": ["Bestellnummer", "Auftragsnr."],
        "customer": ["Kundennummer", "Kunden-Nr."],
        "net": ["Zwischensumme", "Nettobetrag", "Summe netto"],
        "tax": ["MwSt. 19%", "USt"],
        "total": ["Gesamtbetrag", "Rechnungsbetrag", "Gesamtsumme", "Zu zahlen"],
        "head": ["Beschreibung", "Menge", "Einzelpreis", "Betrag"],
    },
    "fr": {
        "title": ["FACTURE", "Facture"],
        "number": ["Facture n°", "Numéro de facture", "N° facture"],
        "date": ["Date de facture", "Date", "Date d'émission"],
        "due": ["Échéance", "Date d'échéance"],
        "order": ["Commande n°", "N° de commande"],
        "customer": ["N° client", "Code client"],
        "net": ["Total HT", "Sous-total"],
        "tax": ["TVA 20%", "TVA"],
        "total": ["Total TTC", "Net à payer", "Montant TTC"],
        "head": ["Désignation", "Quantité", "Prix unitaire", "Montant"],
    },
    "es": {
        "title": ["FACTURA", "Factura"],
        "number": ["Factura nº", "Número de factura", "Factura No."],
        "date": ["Fecha de factura", "Fecha", "Fecha de emisión"],
        "due": ["Vencimiento", "Fecha de vencimiento"],
        "order": ["Pedido nº", "Número de pedido"],
        "customer": ["Cliente nº"],
        "net": ["Subtotal", "Base imponible"],
        "tax": ["IVA 21%", "IVA"],
        "total": ["Total a pagar", "Importe total", "Total factura", "TOTAL"],
        "head": ["Descripción", "Cantidad", "Precio", "Importe"],
    },
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """An invoice as text in columns, and what it says."""

    text: str
    truth: dict[str, Any]
    dayfirst: bool


def invoice(seed: int) -> Drawn:
    """An invoice by a seed."""
    chance = random.Random(seed)
    language = chance.choice(sorted(WORDS))
    words = {name: chance.choice(values) for name, values in WORDS[language].items() if name != "head"}
    issued = date(2015, 1, 1) + timedelta(days=chance.randrange(4000))
    comma, form = language != "en", chance.choice(["iso", "slash", "short"])
    items = [
        (f"Item {chr(65 + n)}", chance.randint(1, 9), chance.randint(100, 90000)) for n in range(chance.randint(1, 5))
    ]
    net = sum(quantity * price for _, quantity, price in items)
    tax = round(net * 0.2)
    number = chance.choice(["INV-{:05}", "{:08}", "R{:06}", "2024/{:04}", "F-{:03}-A"]).format(
        chance.randrange(1, 10**5)
    )
    facts = [
        (words["number"], number),
        (words["date"], _date(issued, form)),
        (words["due"], _date(issued + timedelta(days=30), form)),
        (words["order"], f"PO{chance.randrange(10**6):06}"),
        (words["customer"], str(chance.randrange(10**4, 10**5))),
    ]
    chance.shuffle(facts)
    facts = [fact for fact in facts if fact[0] in (words["number"], words["date"]) or chance.random() < 0.7]
    lines = ["Nordwind Supplies Ltd", "12 High Street", ""]
    lines += _block(facts, chance.choice(["beside", "column", "above", "right"]), words["title"])
    lines += ["", *_table(WORDS[language]["head"], items, comma), ""]
    gap = chance.choice([20, 46])
    currency = chance.choice(["", "EUR ", "€", "$"] if language == "en" else ["", "EUR "])
    sums = [(words["net"], net), (words["tax"], tax), (words["total"], net + tax)]
    lines += [f"{'':{gap}}{label:<24}{currency}{_money(value, comma)}" for label, value in sums]
    lines += ["", "Thank you. Bank: IBAN DE30 5075 0094 0000 0485 67"]
    return Drawn(
        "\n".join(lines), {"invoice_number": number, "date": issued.isoformat(), "total": (net + tax) / 100}, True
    )


def _block(facts: list[tuple[str, str]], layout: str, title: str) -> list[str]:
    if layout == "beside":
        return [title, *(f"{label}: {value}" for label, value in facts)]
    if layout == "column":
        return [title, *(f"{label:<26}{value}" for label, value in facts)]
    if layout == "right":
        return [
            f"{title:<40}{facts[0][0]:<26}{facts[0][1]}",
            *(f"{'':40}{label:<26}{value}" for label, value in facts[1:]),
        ]
    return [title, "".join(f"{label:<24}" for label, _ in facts), "".join(f"{value:<24}" for _, value in facts)]


def _table(head: list[str], items: list[tuple[str, int, int]], comma: bool) -> list[str]:
    rows = [f"{head[0]:<30}{head[1]:>10}  {head[2]:>16}  {head[3]:>14}"]
    for name, quantity, price in items:
        rows.append(f"{name:<30}{quantity:>10}  {_money(price, comma):>16}  {_money(quantity * price, comma):>14}")
    return rows


def _money(cents: int, comma: bool) -> str:
    text = f"{cents / 100:,.2f}"
    return text.translate(str.maketrans(",.", ".,")) if comma else text


def _date(day: date, form: str) -> str:
    if form == "iso":
        return day.isoformat()
    return day.strftime("%d/%m/%Y") if form == "slash" else day.strftime("%d.%m.%y")
