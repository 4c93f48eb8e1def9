"""What stands between the words of a business document: amounts, dates, codes, counts, labels."""

from __future__ import annotations

import datetime
import string
from pathlib import Path

from training.random_source import RandomSource

LABELS = tuple(Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())
CURRENCIES = ("$", "RM", "RM ", "€", "£", "USD ", "EUR ", "")
BEHIND_AMOUNTS = ("", "", "", "", " SR", "%", "-", " *", "S", " Z", " T")
BEHIND_LABELS = (":", "", " :", ".", ".:")

HIGHEST_AMOUNTS = (20, 200, 5_000, 200_000)
"""Each as often as the others, so that short amounts are as frequent as they are on receipts."""

FIRST_DAY, LAST_DAY = datetime.datetime(1996, 1, 1), datetime.datetime(2028, 12, 31)
DATE_FORMS = (
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%Y-%m-%d",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%I:%M %p",
    "%H:%M:%S",
    "%d-%b-%y",
)

CODE_CHARACTERS = (
    string.digits,
    string.digits,
    string.digits + string.ascii_uppercase,
    string.digits + "-",
    string.digits + "ABCDEFX-/",
)
"""Each character of a code is drawn from one of these: mostly digits."""

LONGEST_CODE = 14
PUNCTUATION = ".,:;-/()&'\"#*@%+=!?_[]<>|$"
ANY_CHARACTER = string.ascii_letters + string.digits + string.digits + PUNCTUATION
LONGEST_NONSENSE = 10


def amount(rng: RandomSource) -> str:
    """An amount of money, with thousands' separators or without, English or continental."""
    value = rng.uniform(0, rng.choice(HIGHEST_AMOUNTS))
    text = f"{value:,.2f}" if rng.happens(0.5) else f"{value:.2f}"
    if rng.happens(0.12):
        text = text.translate(str.maketrans(",.", ".,"))
    if rng.happens(0.4):
        text = rng.choice(CURRENCIES) + text
    return text + rng.choice(BEHIND_AMOUNTS)


def date(rng: RandomSource) -> str:
    """A date, a time of day or both."""
    moment = FIRST_DAY + rng.random() * (LAST_DAY - FIRST_DAY)
    return moment.strftime(rng.choice(DATE_FORMS))


def code(rng: RandomSource) -> str:
    """A number of something: digits, some with letters and dashes among them."""
    length = rng.randint(2, LONGEST_CODE)
    return "".join(rng.choice(rng.choice(CODE_CHARACTERS)) for _ in range(length)).strip("-/") or "0"


def count(rng: RandomSource) -> str:
    """How many of something, and its share or price."""
    forms = (
        f"{rng.randint(0, 99)}",
        f"{rng.randint(1, 30)} x {rng.uniform(0, 99):.2f}",
        f"{rng.randint(0, 100)}%",
        f"{rng.randint(1, 9)}.00",
        f"({rng.randint(1, 999)})",
        f"{rng.randint(1, 9)} PCS",
    )
    return rng.choice(forms)


def label(rng: RandomSource) -> str:
    """What a value is called."""
    return rng.choice(LABELS) + rng.choice(BEHIND_LABELS)


def labelled(rng: RandomSource) -> str:
    """A label and a value."""
    value = rng.choice((amount, date, code, count))
    return f"{label(rng)} {value(rng)}"


def nonsense(rng: RandomSource) -> str:
    """Characters in an order that no language model could guess."""
    return "".join(rng.choice(ANY_CHARACTER) for _ in range(rng.randint(1, LONGEST_NONSENSE)))
