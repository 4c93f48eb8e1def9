"""Receipts as shops around the world print them and readers misread them, drawn by a seed."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.unit.fields.layouts import Drawn

WIDTH = 46  # characters of a line


@dataclass(frozen=True)
class Country:
    """How receipts of a country are written.

    Attributes:
        names: Shops with a legal form or trade, as one text.
        brands: Trading names that may stand above a legal name.
        addresses: Parts in their order; a shop prints one or several on a line.
        between: Lines between name and address: registrations.
        after: Lines after the address: phones, tax numbers.
        dates: As ``strftime`` writes them.
        date_labels: Before a date; empty for none.
        net: Labels, as are those that follow.
        tax: Of the tax.
        total: Of what is to be paid.
        rounding: Of the cents it is rounded by.
        rounded: Of the total after that.
        cash: Of what was given.
        change: Of what was given back.
        count: Of how many goods there are.
        currency: Before amounts.
        summary: Lines of a tax table; ``{net}``, ``{tax}`` and ``{total}`` are filled in.
        comma: Whether decimals follow a comma.
        dayfirst: Whether 04/05 is the fourth of May.
    """

    names: list[str]
    brands: list[str]
    addresses: list[list[str]]
    between: list[str]
    after: list[str]
    dates: list[str]
    date_labels: list[str]
    net: list[str]
    tax: list[str]
    total: list[str]
    rounding: list[str]
    rounded: list[str]
    cash: list[str]
    change: list[str]
    count: list[str]
    currency: list[str]
    summary: list[list[str]]
    comma: bool
    dayfirst: bool


_SHOPS = tomllib.loads(Path(__file__).with_name("shops.toml").read_text("utf-8"))
COUNTRIES = {name: Country(**totals) for name, totals in _SHOPS.items()}
TITLES = ["TAX INVOICE", "RECEIPT", "*** RECEIPT ***", "CASH BILL", "SIMPLIFIED TAX INVOICE", "INVOICE"]
GREETINGS = ["WELCOME", "Thank you for shopping", "** ORIGINAL **", "CUSTOMER COPY"]
GOODS = ["TEH AIS", "BROWN BREAD 400G", "PAINT BRUSH 2IN", "A4 PAPER 80GSM", "Latte", "Apple Pie", "Milk 1L"]
GOODS += ["CHOC BAR 2x50G", "Set Lunch B", "Hair Gel", "PVC PIPE 15MM X 6M", "Battery AA 4S", "LED BULB 9W"]


def receipt(seed: int, country: str | None = None, noise: bool = True) -> Drawn:
    """A receipt by a seed: from one country, or from any."""
    rng = random.Random(seed)
    shop = COUNTRIES[country or rng.choice([*COUNTRIES, "MY", "MY", "MY"])]
    name, address = rng.choice(shop.names), rng.choice(shop.addresses)
    bought = datetime(2012, 1, 1, 8) + timedelta(days=rng.randrange(4500), minutes=rng.randrange(800))
    head = _head(rng, shop, name, address)
    facts = _facts(rng, shop, bought)
    body, total = _body(rng, shop)
    feet = ["", "Goods sold are not returnable", "Thank you, please come again"][: rng.randint(0, 3)]
    lines = [*head, *facts, "", *body, *feet] if rng.random() < 0.8 else [*head, "", *body, "", *facts, *feet]
    text = "\n".join(_noisy(rng, line) if noise else line for line in lines)
    truth = {"company": name, "address": " ".join(address), "date": bought.date().isoformat(), "total": total / 100}
    return Drawn(text, truth, shop.dayfirst)


def _head(rng: random.Random, shop: Country, name: str, address: list[str]) -> list[str]:
    lines: list[str] = []
    if rng.random() < 0.15:
        lines.append(rng.choice([*TITLES, *GREETINGS]))
    legal = re.search(
        r"(?i)s/b|bhd|ltd|limited|gmbh|s\.?[apl]\.|s\.r\.l|b\.v|\bab$|\binc\b|llc|sp\. z|lda|\bs[au]r?[sl]\b", name
    )
    if legal and rng.random() < 0.2:
        lines.append(rng.choice(shop.brands))
    lines += _name_lines(rng, shop, name)
    if rng.random() < 0.35:
        lines.append(rng.choice(shop.between))
    lines += _address_lines(rng, address)
    lines += rng.sample(shop.after, rng.randint(0, min(2, len(shop.after))))
    if rng.random() < 0.5:
        lines.append(rng.choice(TITLES))
    return [line.center(WIDTH).rstrip() for line in lines] if rng.random() < 0.7 else lines


def _name_lines(rng: random.Random, shop: Country, name: str) -> list[str]:
    registered = [one for one in shop.between if one.startswith("(") and len(one) < 14]
    form = re.search(r"(?i) (?:\(\w+\) )?(?:sdn\.? bhd\.?|pte\.? ltd\.?|gmbh.*|trading|enterprise)$", name)
    roll = rng.random()
    if form and len(name) > 20 and roll < 0.25:
        return [name[: form.start()], name[form.start() + 1 :]]
    if registered and roll < 0.5:
        return [f"{name} {rng.choice(registered)}"]
    return [name]


def _address_lines(rng: random.Random, parts: list[str]) -> list[str]:
    lines, comma = [parts[0]], rng.random() < 0.7
    for part in parts[1:]:
        if len(lines[-1]) < 12 or (len(lines[-1]) + len(part) < 36 and rng.random() < 0.5):
            lines[-1] += f"{',' if comma or lines[-1][-1:].isdigit() else ''} {part}"
        else:
            lines[-1] += "," if comma else ""
            lines.append(part)
    lines[-1] += "." if rng.random() < 0.2 else ""
    return lines


def _facts(rng: random.Random, shop: Country, bought: datetime) -> list[str]:
    form = rng.choice(shop.dates)
    label, day, clock = rng.choice(shop.date_labels), bought.strftime(form), bought.strftime("%H:%M")
    dated = f"{label} {day}".strip()
    if "%I" not in form and rng.random() < 0.5:
        dated += rng.choice([f" {clock}", f"   Time: {clock}", f"  {clock}:31"])
    number = rng.choice(["Invoice No: {}", "Receipt #: {}", "Doc No. : CS{}", "Bill No {}"]).format(
        rng.randrange(10**4, 10**7)
    )
    facts = [dated, number, f"Cashier: {rng.choice(['AMY', 'User 01', 'ADMIN'])}", f"Counter {rng.randint(1, 9)}"]
    facts = [fact for fact in facts[:2] + rng.sample(facts[2:], rng.randint(0, 2))]
    rng.shuffle(facts)
    if rng.random() < 0.2:
        facts = [f"{facts[0]:<26}{facts[1]}", *facts[2:]]
    return facts


def _body(rng: random.Random, shop: Country) -> tuple[list[str], int]:
    items = [(rng.choice(GOODS), rng.randint(1, 4), rng.randint(80, 9000)) for _ in range(rng.randint(1, 6))]
    gross = sum(quantity * price for _, quantity, price in items)
    tax = round(gross * rng.choice([5, 6, 10, 20]) / 100)
    on_top = rng.random() < 0.6
    total = gross + tax if on_top else gross
    cents = -((total + 2) % 5 - 2) if rng.random() < 0.35 else None  # to the next five cents
    money = _Amounts(rng, shop)
    lines = _goods(rng, items, money)
    if rng.random() < 0.3:
        lines.append(f"{rng.choice(shop.count)} {sum(quantity for _, quantity, _ in items)}")
    totals = [(rng.choice(shop.net), total - tax)] if rng.random() < 0.6 else []
    totals += [(rng.choice(shop.tax), tax)] if totals or rng.random() < 0.4 else []
    rounded = rng.choice(shop.rounded)
    label = rng.choice([one for one in shop.total if one != rounded] or shop.total)
    totals.append((label, total))
    if cents is not None:
        totals += [(rng.choice(shop.rounding), cents), (rounded, total + cents)]
        total += cents
    if rng.random() < 0.65:
        given = total if rng.random() < 0.3 else -(-total // 1000) * 1000
        totals += [(rng.choice(shop.cash), given), (rng.choice(shop.change), given - total)]
    lines += [money.row(label, value) for label, value in totals]
    filled = {"net": money.plain(total - tax), "tax": money.plain(tax), "total": money.plain(total)}
    return [*lines, *(line.format(**filled) for line in rng.choice(shop.summary))], total


def _goods(rng: random.Random, items: list[tuple[str, int, int]], money: _Amounts) -> list[str]:
    lines, style = [], rng.randrange(4)
    if style == 0:
        lines.append(f"{'Item':<20}{'Qty':>4}  {'Price':>8}  {'Amount':>9}")
    for name, quantity, price in items:
        each, amount = money.plain(price), money.plain(quantity * price)
        if style == 0:
            lines.append(f"{name:<20}{quantity:>4}  {each:>8}  {amount:>9}")
        elif style == 1:
            lines += [name, f"   {quantity} x {each}{amount:>{WIDTH - 6 - len(each)}}"]
        elif style == 2:
            lines.append(f"{quantity} {name:<28}{amount:>{WIDTH - 30}}")
        else:
            lines += [
                f"{rng.randrange(10**12, 10**13)}  {name}",
                f"{quantity} X {each:<12}{amount:>{WIDTH - 18}} {rng.choice(['SR', 'A', ''])}",
            ]
    return lines


class _Amounts:
    """Writes the amounts of one receipt, all in one style."""

    def __init__(self, rng: random.Random, shop: Country) -> None:
        self._currency, self._comma = rng.choice(shop.currency), shop.comma
        self._colon, self._below = rng.random() < 0.3, rng.random() < 0.07

    def plain(self, cents: int) -> str:
        text = f"{cents / 100:,.2f}"
        return text.translate(str.maketrans(",.", ".,")) if self._comma else text

    def row(self, label: str, cents: int) -> str:
        amount = f"{'-' if cents < 0 else ''}{self._currency}{self.plain(abs(cents))}"
        label += " :" if self._colon and not label.endswith(":") else ""
        return f"{label}\n{amount:>{WIDTH}}" if self._below else f"{label:<30}  {amount:>{WIDTH - 32}}"


def _noisy(rng: random.Random, line: str) -> str:
    """A line as readers give it: a space or a sign lost or made up, never what a value is made of."""
    roll = rng.random()
    if roll < 0.06:
        return re.sub(r"(?<=[a-z]) (?=[A-Za-z(])|(?<=[A-Z]) (?=[A-Z(])", "", line, count=1)
    if roll < 0.10:
        return re.sub(r"(?<=\S): ?", rng.choice([":", " : ", ";", ". ", " "]), line, count=1)
    if roll < 0.12:
        return re.sub(r"(?<=\w), ", rng.choice([",", ". ", " ,"]), line, count=1)
    if roll < 0.13:
        return line.replace("TOTAL", "T0TAL").replace("Total", "Tota1")
    return line
