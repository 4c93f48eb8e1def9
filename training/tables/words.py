"""What stands in the cells of drawn tables: words of ten languages, numbers, dates, marks.

Words, and the styles of :mod:`training.tables.styles`, come in two halves that share nothing: one to learn from, one
to measure on.
"""

from __future__ import annotations

import zlib
from functools import cache

from wordfreq import top_n_list

from training import values
from training.random_source import RandomSource

LANGUAGES = {"en": 30, "de": 10, "fr": 10, "es": 10, "it": 5, "pt": 5, "pl": 4, "nl": 4, "zh": 14, "ja": 8}
WITHOUT_SPACES = frozenset({"zh", "ja"})
WORDS_EACH = 6000
UNITS = ("%", "kg", "mm", "€", "$", "ms", "(n)", "±SD", "GB", "°C", "km/h", "USD", "10³")
MARKS = ("*", "**", "†", "‡", "¹", "ᵃ", "²")
NOTHING = ("–", "—", "-", "n/a", "…", "")


@cache
def vocabulary(language: str, measuring: bool) -> tuple[str, ...]:
    """One half of a language's usual words; which half a word is of, its checksum says."""
    return tuple(
        word
        for word in top_n_list(language, WORDS_EACH)
        if (zlib.crc32(word.encode()) % 2 == 1) == measuring and not any(char.isdigit() for char in word)
    )


class Words:
    """Draws texts of one language.

    Args:
        rng: Draws.
        measuring: Which half of the words.
    """

    def __init__(self, rng: RandomSource, measuring: bool) -> None:
        self._chance = rng
        self.language = rng.by_share(LANGUAGES)
        self._words = vocabulary(self.language, measuring)

    def phrase(self, least: int, most: int) -> str:
        """Words in sequence, the first with a capital."""
        rng = self._chance
        count = rng.randint(least, most)
        words = [self._words[int(len(self._words) * rng.random() ** 1.5)] for _ in range(count)]
        if self.language in WITHOUT_SPACES:
            return "".join(words)
        text = " ".join(word.capitalize() if rng.happens(0.15) else word for word in words)
        return text[:1].upper() + text[1:] if rng.happens(0.85) else text

    def sentence(self, least: int, most: int) -> str:
        """A phrase with a stop."""
        return self.phrase(least, most) + ("。" if self.language in WITHOUT_SPACES else ".")

    def name(self) -> str:
        """What a column or a row is called."""
        text = self.phrase(1, 3)
        if self._chance.happens(0.2):
            text += f" ({self._chance.choice(UNITS)})"
        return text

    def maker(self) -> str:
        """A kind of value that a column holds: a key of :meth:`value`."""
        return self._chance.by_share(
            {"integer": 18, "decimal": 22, "percent": 8, "amount": 12, "signed": 6, "spread": 6, "date": 6}
            | {"word": 10, "text": 8, "code": 4, "mark": 3}
        )

    def value(self, maker: str) -> str:
        """One value of a kind; ``any`` is one of any kind."""
        rng = self._chance
        if maker == "any":
            maker = self.maker()
        if rng.happens(0.04):
            return rng.choice(NOTHING)
        match maker:
            case "integer":
                return f"{int(10 ** rng.uniform(0, 5)):,}" if rng.happens(0.5) else str(rng.randint(0, 999))
            case "decimal":
                return f"{rng.uniform(0, 10 ** rng.randint(0, 3)):.{rng.randint(1, 3)}f}" + (
                    rng.choice(MARKS) if rng.happens(0.08) else ""
                )
            case "percent":
                return f"{rng.uniform(0, 100):.1f}" + rng.choice(("%", " %", ""))
            case "amount":
                return values.amount(rng)
            case "signed":
                return rng.choice("+-−±") + f"{rng.uniform(0, 90):.{rng.randint(0, 2)}f}"
            case "spread":
                low = rng.uniform(0, 50)
                form = rng.choice(("{:.1f} ± {:.1f}", "{:.2f} ({:.2f})", "{:.1f}–{:.1f}", "{:.0f}/{:.0f}"))
                return form.format(low, low + rng.uniform(0, 9))
            case "date":
                return values.date(rng)
            case "word":
                return self.phrase(1, 2)
            case "text":
                return self.phrase(3, 12)
            case "code":
                return values.code(rng)
            case _:
                return rng.choice(("✓", "×", "yes", "no", "A", "B", "C", "I", "II"))
