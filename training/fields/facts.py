"""What a drawn document says: parties, numbers, dates, items and sums, with real names and words of its language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from faker import Faker

from training.random_source import RandomSource

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
HELD_EVERY = 4
"""Of every list of words one in so many is only measured with."""

NUMBERS = (
    ("INV-{:05}", "{:08}", "R{:06}", "2024/{:04}", "F-{:03}-A", "{:05}", "RE2023-{:04}", "FT A/{:04}", "{:03}/2022"),
    ("{:06}", "AB{:07}", "{:04}-23", "SI/{:03}/B", "20{:02}-{:05}", "{:010}"),
)
CURRENCIES = {
    "en_GB": "GBP", "en_US": "USD", "en_AU": "AUD", "de_CH": "CHF", "fr_CH": "CHF", "es_MX": "MXN", "pl_PL": "PLN",
    "pt_BR": "BRL", "sv_SE": "SEK", "ms_MY": "MYR", "en_IN": "INR",
}  # fmt: skip
SYMBOLS = {
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "AUD": "$",
    "CHF": "CHF",
    "MXN": "$",
    "PLN": "zł",
    "BRL": "R$",
    "SEK": "kr",
    "MYR": "RM",
    "INR": "Rs.",
}
RATES = {
    "de": (19, 7),
    "fr": (20, 10),
    "es": (21, 10),
    "it": (22, 10),
    "nl": (21, 9),
    "pl": (23, 8),
    "pt": (23, 6),
    "sv": (25, 12),
    "en": (20, 5, 10),
}
FORMS = {
    "en": ("Ltd", "Limited", "LLC", "Inc.", "PLC", "& Sons", "SDN BHD", "Pte Ltd"),
    "de": ("GmbH", "AG", "GmbH & Co. KG", "e.K.", "UG", "KG", "OHG"),
    "fr": ("SARL", "SAS", "SA", "EURL", "SNC"),
    "es": ("S.L.", "S.A.", "SL", "S.A. de C.V."),
    "it": ("S.r.l.", "S.p.A.", "SRL", "s.n.c."),
    "nl": ("B.V.", "BV", "N.V.", "V.O.F."),
    "pl": ("Sp. z o.o.", "S.A.", "Sp. j."),
    "pt": ("Lda.", "S.A.", "Unipessoal Lda", "Ltda"),
    "sv": ("AB", "HB", "KB"),
}  # fmt: skip


@dataclass(frozen=True)
class Party:
    """A seller or buyer as printed; empty strings where a document does not say."""

    name: str
    street: str
    town: str
    country: str
    vat_id: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""
    website: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""
    registration: str = ""


@dataclass(frozen=True)
class Item:
    """A line item; amounts in cents."""

    description: str
    more: str
    quantity: float
    price: int
    amount: int
    sku: str
    unit: str
    rate: int


@dataclass(frozen=True)
class Facts:
    """All that a document may say; amounts in cents."""

    language: str
    locale: str
    currency: str
    seller: Party
    buyer: Party
    ship: Party
    number: str
    codes: dict[str, str]
    dates: dict[str, date]
    items: tuple[Item, ...]
    discount: int
    shipping: int
    net: int
    rates: dict[int, tuple[int, int]] = field(default_factory=dict)
    tax: int = 0
    total: int = 0
    rounding: int = 0
    paid: int = 0


class Vocabulary:
    """The words of a language: those to learn from, or those to measure with."""

    def __init__(self, rng: RandomSource, language: str, held_out: bool) -> None:
        self._chance, self.held_out = rng, held_out
        self.language, self._words = language, WORDS[language]

    def all(self, name: str) -> list[str]:
        """The words of a list on this side of the split; short lists are shared."""
        words = self._words[name]
        if len(words) < HELD_EVERY:
            return words
        return [word for place, word in enumerate(words) if (place % HELD_EVERY == HELD_EVERY - 1) == self.held_out]

    def one(self, name: str) -> str:
        """A word of a list."""
        return self._chance.choice(self.all(name))


@cache
def _faker(locale: str) -> Faker:
    return Faker("id_ID" if locale == "ms_MY" else locale)  # which has no names of Malaysia


PLACES = ("Melati", "Kenanga", "Besar", "Ampang", "Indah", "Perdana", "Mawar", "Bukit Raja", "Setia", "Utama", "Damai")
TOWNS = (
    "Kajang, Selangor",
    "Ipoh, Perak",
    "Kuala Lumpur",
    "Johor Bahru, Johor",
    "George Town, Penang",
    "Shah Alam, Selangor",
    "Seremban",
)
TRADES = (
    "Restoran",
    "Kedai Buku",
    "Perniagaan",
    "Syarikat",
    "Hardware",
    "Trading",
    "Enterprise",
    "Mart",
    "Kopitiam",
    "Stationery",
    "Motor",
)


def _malaysian(rng: RandomSource) -> tuple[str, str]:
    """Street and town of an address of Malaysia, which the name maker has none of."""
    place = rng.choice(PLACES)
    street = f"{rng.choice(('No ', 'Lot ', 'No. ', ''))}{rng.randint(1, 199)}{rng.choice(('', 'A', '-G'))}, Jalan {place} {rng.randint(1, 30)}"
    area = rng.choice(
        (
            f"Taman {rng.choice(PLACES)}, ",
            f"Seksyen {rng.randint(1, 30)}, ",
            "",
            f"Bandar {rng.choice(PLACES)}, ",
        )
    )
    return street, f"{area}{rng.randrange(10000, 98000)} {rng.choice(TOWNS)}"


def facts(rng: RandomSource, words: Vocabulary, receipt: bool) -> Facts:
    """Draw what a document says."""
    locale = rng.choice(WORDS[words.language]["faker"])
    fake = _faker(locale)
    fake.seed_instance(rng.randrange(2**32))
    language = words.language
    seller = _party(rng, fake, words, locale, seller=True, shop=receipt)
    buyer = _party(rng, fake, words, locale, seller=False, shop=False)
    ship = _party(rng, fake, words, locale, seller=False, shop=False)
    issued = date(2012, 1, 1) + timedelta(days=rng.randrange(5200))
    numbers = NUMBERS[words.held_out]
    codes = {
        name: _code(rng, numbers) for name in ("order_number", "delivery_number", "customer_number", "contract_number")
    }
    dates = {
        "date": issued,
        "due_date": issued + timedelta(days=rng.choice((0, 7, 8, 10, 14, 20, 21, 28, 30, 45, 60))),
        "order_date": issued - timedelta(days=rng.randint(1, 40)),
        "delivery_date": issued - timedelta(days=rng.randint(-5, 10)),
    }
    goods = words.all("food" if receipt else "goods")
    rates = RATES[language]
    exempt = rng.happens(0.08)
    items = tuple(
        _item(rng, words, goods, receipt, 0 if exempt else rates[0] if rng.happens(0.8) else rates[-1])
        for _ in range(rng.randint(1, 12 if receipt else 9))
    )
    discount = round(sum(i.amount for i in items) * rng.choice((0.03, 0.05, 0.1))) if rng.happens(0.2) else 0
    shipping = rng.choice((490, 599, 1200, 2500)) if rng.happens(0.2) and not receipt else 0
    net = sum(i.amount for i in items) - discount + shipping
    gross = receipt or rng.happens(0.1)  # the items' amounts hold the tax
    table: dict[int, tuple[int, int]] = {}
    main = items[0].rate
    for rate in {i.rate for i in items} | {main}:
        base = sum(i.amount for i in items if i.rate == rate) + ((shipping - discount) if rate == main else 0)
        part = base - round(base / (1 + rate / 100)) if gross else round(base * rate / 100)
        table[rate] = (base - part if gross else base, part)
    tax = sum(part for _, part in table.values())
    net = net - tax if gross else net
    total = net + tax
    rounded = (
        round(total / 5) * 5 - total
        if receipt and locale in ("de_CH", "fr_CH", "en_AU", "sv_SE", "ms_MY", "en_IN")
        else 0
    )
    paid = -(-(total + rounded) // rng.choice((100, 500, 1000, 5000))) * rng.choice((100, 500, 1000))
    paid = max(paid, total + rounded)
    return Facts(
        language, locale, CURRENCIES.get(locale, "EUR"), seller, buyer, ship, _code(rng, numbers), codes, dates,
        items, discount, shipping, net, table, tax, total, rounded, paid,
    )  # fmt: skip


def _code(rng: RandomSource, numbers: tuple[str, ...]) -> str:
    form = rng.choice(numbers)
    return (
        form.format(rng.randrange(1, 24), rng.randrange(1, 10**5))
        if form.count("{") > 1
        else form.format(rng.randrange(1, 10**5))
    )


def _party(rng: RandomSource, fake: Faker, words: Vocabulary, locale: str, seller: bool, shop: bool) -> Party:
    language = words.language
    name = _name(rng, fake, words, language, seller, shop)
    lines = [line for line in fake.address().splitlines() if line.strip()]
    street, town = lines[0].strip(" ,"), ", ".join(line.strip(" ,") for line in lines[1:]) or fake.city()
    if locale == "ms_MY":
        street, town = _malaysian(rng)
        if rng.happens(0.7):
            name = f"{rng.choice(TRADES)} {rng.choice(PLACES)} {rng.choice(('Sdn Bhd', 'SDN. BHD.', 'Enterprise', '(M) Sdn Bhd', 'Trading'))}"
            name = name.upper() if rng.happens(0.8) else name
    if rng.happens(0.1):
        street = rng.choice(("Postfach 1234", "P.O. Box 55", "Unit 4, " + street, street + ", 2. OG"))
    host = (
        "".join(c for c in name.lower().replace(" ", "-") if c.isascii() and (c.isalnum() or c == "-")).strip("-")[:22]
        or "firm"
    )
    host = host if rng.happens(0.7) else fake.domain_word()
    domain = f"{host}.{rng.choice(('com', 'de', 'fr', 'eu', 'net', 'co.uk'))}"
    user = rng.choice(("info", "office", "billing", "contact", "sales"))

    def often(share: float) -> bool:
        return rng.happens(share if seller else share * 0.3)

    return Party(
        name=name,
        street=street,
        town=town,
        country=("Malaysia" if locale == "ms_MY" else rng.choice(WORDS[language]["country"])) if rng.happens(0.3) else "",
        vat_id=_vat(rng, fake) if often(0.8) else "",
        phone=fake.phone_number() if often(0.7) else "",
        fax=fake.phone_number() if seller and rng.happens(0.25) else "",
        email=f"{user}@{domain}" if often(0.6) else "",
        website=f"www.{domain}" if seller and rng.happens(0.45) else "",
        iban=_iban(rng, fake) if seller and rng.happens(0.7) else "",
        bic=fake.swift(length=rng.choice((8, 11))) if seller and rng.happens(0.5) else "",
        bank=rng.choice((fake.city() + " Bank", "Sparkasse " + fake.city(), "Banque " + fake.city(), "Volksbank " + fake.city(), "Banco " + fake.city())) if seller else "",
        registration=str(rng.randrange(10**4, 10**8)) if seller and rng.happens(0.4) else "",
    )  # fmt: skip


def _name(rng: RandomSource, fake: Faker, words: Vocabulary, language: str, seller: bool, shop: bool) -> str:
    kind = rng.random()
    if not seller and kind < 0.35:
        name = fake.name() if rng.happens(0.3) else f"{fake.first_name()} {fake.last_name()}"
    elif kind < 0.55:
        name = fake.company()
    elif kind < 0.85 and not (shop and rng.happens(0.5)):
        trade = rng.choice(words.all("goods")).split()[0]
        head = rng.choice(
            (
                fake.last_name(),
                fake.city(),
                fake.last_name() + " " + trade,
                fake.last_name() + " & " + fake.last_name(),
                trade + " " + fake.last_name(),
            )
        )
        name = f"{head} {rng.choice(FORMS[language])}"
    else:
        trade = rng.choice(words.all("goods")).split()[0].title()
        name = rng.choice(
            (
                f"{fake.first_name()} {fake.last_name()}",
                f"Café {fake.last_name()}",
                f"{fake.city()} {trade}",
                f"{trade} {fake.last_name()}",
                f"Hotel {fake.city()}",
                f"{fake.last_name()} {trade}",
                "Le " + fake.last_name(),
            )
        )
    return name.upper() if rng.happens(0.45 if shop else 0.15) else name


def _vat(rng: RandomSource, fake: Faker) -> str:
    try:
        return str(fake.vat_id())
    except AttributeError:
        return f"{rng.choice(('GB', 'US', ''))}{rng.randrange(10**8, 10**9)}"


def _iban(rng: RandomSource, fake: Faker) -> str:
    try:
        whole = str(fake.iban())
    except AttributeError:
        whole = str(_faker("en_GB").iban())
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4)) if rng.happens(0.7) else whole


def _item(rng: RandomSource, words: Vocabulary, goods: list[str], receipt: bool, rate: int) -> Item:
    name = rng.choice(goods)
    if rng.happens(0.25) and not receipt:
        name += " " + rng.choice(("XL", "2024", "Pro", "blau", "10er", "500g", "12 x 1,0 l", "Typ B", "(A-12)"))
    more = rng.choice(words.all("notes")).split("{")[0].strip() if rng.happens(0.1) and not receipt else ""
    many = (1, 1, 1, 1, 2, 2, 3, 4, 6) if receipt else (1, 1, 2, 3, 4, 5, 8, 10, 12, 20, 25, 50, 100, 200, 400)
    quantity: float = rng.choice(many)
    if rng.happens(0.1) and not receipt:
        quantity = rng.choice((0.5, 1.5, 2.25, 7.5, 12.75))
    price = (
        rng.randint(49, 2500)
        if receipt
        else rng.choice((rng.randint(50, 5000), rng.randint(1000, 60000), rng.randint(1, 90) * 100))
    )
    sku = rng.choice(
        (
            str(rng.randrange(100, 10**6)),
            f"A-{rng.randrange(1000, 9999)}",
            f"{rng.choice('KLMX')}{rng.randrange(10**4)}",
        )
    )
    return Item(name, more, quantity, price, round(quantity * price), sku, words.one("units"), rate)
