"""What stands between the words of a business document: amounts, dates, codes, counts, labels."""

from __future__ import annotations

import datetime
import string
from pathlib import Path

from training.chance import Chance

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


def amount(chance: Chance) -> str:
    """An amount of money, with thousands' separators or without, English or continental."""
    value = chance.uniform(0, chance.choice(HIGHEST_AMOUNTS))
    text = f"{value:,.2f}" if chance.happens(0.5) else f"{value:.2f}"
    if chance.happens(0.12):
        text = text.translate(str.maketrans(",.", ".,"))
    if chance.happens(0.4):
        text = chance.choice(CURRENCIES) + text
    return text + chance.choice(BEHIND_AMOUNTS)


def date(chance: Chance) -> str:
    """A date, a time of day or both."""
    moment = FIRST_DAY + chance.random() * (LAST_DAY - FIRST_DAY)
    return moment.strftime(chance.choice(DATE_FORMS))


def code(chance: Chance) -> str:
    """A number of something: digits, some with letters and dashes among them."""
    length = chance.randint(2, LONGEST_CODE)
    return "".join(chance.choice(chance.choice(CODE_CHARACTERS)) for _ in range(length)).strip("-/") or "0"


def count(chance: Chance) -> str:
    """How many of something, and its share or price."""
    forms = (
        f"{chance.randint(0, 99)}",
        f"{chance.randint(1, 30)} x {chance.uniform(0, 99):.2f}",
        f"{chance.randint(0, 100)}%",
        f"{chance.randint(1, 9)}.00",
        f"({chance.randint(1, 999)})",
        f"{chance.randint(1, 9)} PCS",
    )
    return chance.choice(forms)


def label(chance: Chance) -> str:
    """What a value is called."""
    return chance.choice(LABELS) + chance.choice(BEHIND_LABELS)


def labelled(chance: Chance) -> str:
    """A label and a value."""
    value = chance.choice((amount, date, code, count))
    return f"{label(chance)} {value(chance)}"


def nonsense(chance: Chance) -> str:
    """Characters in an order that no language model could guess."""
    return "".join(chance.choice(ANY_CHARACTER) for _ in range(chance.randint(1, LONGEST_NONSENSE)))
