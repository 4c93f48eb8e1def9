"""How a drawn document writes amounts, quantities and dates."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from training.fields.facts import SYMBOLS, Facts
from training.random_source import RandomSource

NUMERIC = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%Y-%m-%d")
USUAL = {"de": "%d.%m.%Y", "pl": "%d.%m.%Y", "sv": "%Y-%m-%d", "nl": "%d-%m-%Y"}


class Writing:
    """One document's way of writing.

    Args:
        rng: Of the document.
        facts: What it says.
    """

    def __init__(self, rng: RandomSource, facts: Facts) -> None:
        self._chance, self._facts = rng, facts
        language = facts.language
        self.comma = language != "en" and facts.locale not in ("de_CH", "es_MX", "fr_CH") or rng.happens(0.03)
        self.thousands = rng.choice((".", ".", " ", "")) if self.comma else rng.choice((",", ",", "'", ""))
        symbol, code = SYMBOLS[facts.currency], facts.currency
        self.before = self.after = ""
        place = rng.random()
        if place < 0.35:
            self.after = " " + rng.choice((symbol, code))
        elif place < 0.55:
            self.before = rng.choice((symbol, code + " ", symbol + " "))
        form = rng.random()
        self._date = USUAL.get(language, "%d/%m/%Y") if form < 0.45 else rng.choice(NUMERIC) if form < 0.75 else "named"
        if facts.locale == "en_US" and self._date != "named":
            self._date = rng.choice(("%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d"))
        self._named = rng.choice(("long", "medium", "d MMMM y", "d MMM y"))
        self.per_item = rng.happens(0.3)

    def amount(self, cents: int, currency: bool = True) -> str:
        """An amount of money."""
        text = f"{abs(cents) / 100:,.2f}".replace(",", "\0")
        if self.comma:
            text = text.replace(".", ",")
        text = ("-" if cents < 0 else "") + text.replace("\0", self.thousands)
        return f"{self.before}{text}{self.after}" if currency else text

    def quantity(self, value: float) -> str:
        """How many."""
        text = f"{value:g}" if self._chance.happens(0.8) or value != int(value) else f"{value:.2f}"
        return text.replace(".", ",") if self.comma else text

    def day(self, day: date) -> str:
        """A date."""
        if self._date == "named":
            return str(format_date(day, self._named, locale=self._facts.locale))
        return day.strftime(self._date)

    @property
    def dayfirst(self) -> bool:
        """Whether numeric dates begin with the day."""
        return not self._date.startswith("%m")
