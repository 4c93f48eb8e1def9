"""Invoices of many layouts, drawn by a seed: other places for the labels, other languages, columns and numbers."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("invoice_words.toml").read_text("utf-8")
)
"""By language, by part of an invoice: what it may be called."""


@dataclass(frozen=True)
class Drawn:
    """An invoice as text in columns, and what it says."""

    text: str
    truth: dict[str, Any]
    dayfirst: bool


def invoice(seed: int) -> Drawn:
    """An invoice by a seed."""
    rng = random.Random(seed)
    language = rng.choice(sorted(WORDS))
    words = {name: rng.choice(values) for name, values in WORDS[language].items() if name != "head"}
    issued = date(2015, 1, 1) + timedelta(days=rng.randrange(4000))
    comma, form = (
        language != "en",
        rng.choice(["iso", "slash", "short", "named"] if language == "en" else ["iso", "slash", "short"]),
    )
    items = [(f"Item {chr(65 + n)}", rng.randint(1, 9), rng.randint(100, 90000)) for n in range(rng.randint(1, 5))]
    net = sum(quantity * price for _, quantity, price in items)
    tax = round(net * 0.2)
    number = rng.choice(NUMBERS).format(rng.randrange(1, 10**5))
    facts = [
        (words["number"], number),
        (words["date"], _date(issued, form)),
        (words["due"], _date(issued + timedelta(days=30), form)),
        (words["order"], f"PO{rng.randrange(10**6):06}"),
        (words["customer"], str(rng.randrange(10**4, 10**5))),
    ]
    rng.shuffle(facts)
    facts = [fact for fact in facts if fact[0] in (words["number"], words["date"]) or rng.random() < 0.7]
    lines = ["Nordwind Supplies Ltd", "12 High Street", "Anytown 12345", ""]
    lines += _block(facts, rng.choice(LAYOUTS), words["title"])
    lines += ["", *_table(WORDS[language]["head"], items, comma), ""]
    lines += _sums(rng, words, net, tax, comma, language)
    lines += ["", "Thank you. Bank: IBAN DE30 5075 0094 0000 0485 67"]
    truth = {"invoice_number": number, "date": issued.isoformat(), "total": (net + tax) / 100}
    return Drawn("\n".join(lines), truth, True)


NUMBERS = [
    "INV-{:05}",
    "{:08}",
    "R{:06}",
    "2024/{:04}",
    "F-{:03}-A",
    "{:05}",
    "RE2023-{:04}",
    "FT A/{:04}",
    "{:03}/2022",
]
LAYOUTS = ["beside", "column", "above", "right", "stacked", "table", "titled", "pairs", "colon"]


def _sums(rng: random.Random, words: dict[str, str], net: int, tax: int, comma: bool, language: str) -> list[str]:
    gap = rng.choice([20, 46])
    currency = rng.choice(["", "EUR ", "€", "$"] if language == "en" else ["", "EUR "])
    after = " EUR" if not currency and rng.random() < 0.3 else ""
    sums = [(words["net"], net), (words["tax"], tax), (words["total"], net + tax)]
    if rng.random() < 0.15:  # totals in a row of their own headings
        head = "".join(f"{label:<24}" for label, _ in sums)
        return [
            f"{'':20}{head}",
            f"{'':20}" + "".join(f"{currency}{_money(value, comma)}{after}".ljust(24) for _, value in sums),
        ]
    if rng.random() < 0.15:  # the total comes first, in a box
        sums = [sums[2], sums[0], sums[1]]
    lines = [f"{'':{gap}}{label:<24}{currency}{_money(value, comma)}{after}" for label, value in sums]
    if rng.random() < 0.2:  # a table of taxes
        lines += [
            "",
            f"{'%':<10}{words['net']:<24}{words['tax'].rstrip('0123456789% '):<20}",
            f"{'20%':<10}{_money(net, comma):<24}{_money(tax, comma):<20}",
        ]
    return lines


def _block(facts: list[tuple[str, str]], layout: str, title: str) -> list[str]:
    if layout == "beside":
        return [title, *(f"{label}: {value}" for label, value in facts)]
    if layout == "colon":
        return [title, *(f"{label:<24}: {value}" for label, value in facts)]
    if layout == "column":
        return [title, *(f"{label:<26}{value}" for label, value in facts)]
    if layout == "stacked":
        return [title, *(f"{'':50}{part}" for fact in facts for part in (*fact, ""))]
    if layout == "titled" and facts[0][1][-1:].isdigit():
        number = next(
            (fact for fact in facts if not re.fullmatch(r"[\d./-]{8,10}|\d{2} \w+ \d{4}|PO\d+", fact[1])), facts[0]
        )
        rest = [fact for fact in facts if fact is not number]
        return [f"{number[0]} {number[1]}", *(f"{label} {value}" for label, value in rest)]
    if layout == "pairs":
        pairs = [facts[at : at + 2] for at in range(0, len(facts), 2)]
        return [title, *("".join(f"{f'{label}: {value}':<44}" for label, value in pair) for pair in pairs)]
    if layout == "right":
        return [
            f"{title:<40}{facts[0][0]:<26}{facts[0][1]}",
            *(f"{'':40}{label:<26}{value}" for label, value in facts[1:]),
        ]
    head, row = "".join(f"{label:<24}" for label, _ in facts), "".join(f"{value:<24}" for _, value in facts)
    return [title, head, row] if layout == "above" else [title, "", "Bill to", "Jane Doe", "5 Low Road", "", head, row]


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
    if form == "named":
        return day.strftime("%d %B %Y")
    return day.strftime("%d/%m/%Y") if form == "slash" else day.strftime("%d.%m.%y")
