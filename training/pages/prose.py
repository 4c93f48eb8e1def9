"""Running text, titles, names and figures of one language, out of word lists."""

from __future__ import annotations

import functools

from wordfreq import top_n_list

from training.random_source import RandomSource

LANGUAGES = {"en": 50, "de": 8, "fr": 8, "es": 6, "it": 4, "nl": 3, "pt": 3, "pl": 2, "zh": 22}
"""Shares of pages."""

WORDS = 6000
COMMON_POWER = 2.5
"""Ranks are drawn as a uniform number to this power: common words more often."""

CHINESE_STOPS = "，，，、。"


@functools.cache
def words_of(language: str, half: int) -> tuple[str, ...]:
    """Every other word of a language: one half for learning, the other for measuring."""
    return tuple(word for word in top_n_list(language, WORDS) if "'" not in word)[half::2]


class Prose:
    """Text of one language.

    Args:
        rng: Of the page.
        language: ISO 639-1.
        half: Which half of the words, 0 or 1.
    """

    def __init__(self, rng: RandomSource, language: str, half: int) -> None:
        self.rng, self.language = rng, language
        self._words = words_of(language, half)

    @property
    def chinese(self) -> bool:
        """Whether it is written without spaces."""
        return self.language in {"zh", "ja"}

    def word(self) -> str:
        """A single word."""
        return self._words[int(len(self._words) * self.rng.random() ** COMMON_POWER)]

    def phrase(self, low: int, high: int) -> str:
        """Some words without punctuation."""
        words = [self.word() for _ in range(self.rng.randint(low, high))]
        return ("" if self.chinese else " ").join(words)

    def title(self, low: int = 3, high: int = 9) -> str:
        """A heading's words; capitals as headings have them."""
        text = self.phrase(low, high)
        draw = self.rng.random()
        return text.title() if draw < 0.35 else text.upper() if draw < 0.45 else text[:1].upper() + text[1:]

    def sentence(self) -> str:
        """One sentence."""
        words = [self.word() for _ in range(self.rng.randint(5, 22))]
        for index in range(1, len(words) - 1):
            draw = self.rng.random()
            if draw < 0.06:
                words[index] += self.rng.choice(CHINESE_STOPS) if self.chinese else ","
            elif draw < 0.08:
                words[index] = str(self.rng.randint(2, 2030))
            elif draw < 0.1 and not self.chinese:
                words[index] = words[index].capitalize()
            elif draw < 0.105:
                words[index] = f"[{self.rng.randint(1, 60)}]"
        words[0] = words[0].capitalize()
        stop = self.rng.choice("。。。！？") if self.chinese else self.rng.choice("......?:")
        return ("" if self.chinese else " ").join(words) + stop

    def paragraph(self, low: int = 2, high: int = 6) -> str:
        """Some sentences."""
        return ("" if self.chinese else " ").join(self.sentence() for _ in range(self.rng.randint(low, high)))

    def name(self) -> str:
        """Of a person or a firm."""
        return " ".join(self.word().capitalize() for _ in range(self.rng.randint(1, 3)))

    def number(self) -> str:
        """A figure as tables have them."""
        rng = self.rng
        return rng.choice(
            (
                f"{rng.uniform(0, 100):.1f}",
                f"{rng.randint(0, 99)}",
                f"{rng.randint(1000, 999999):,}",
                f"{rng.uniform(0, 1):.3f}",
                f"{rng.uniform(0, 100):.1f}%",
                f"({rng.randint(100, 9999):,})",
            )
        )

    def amount(self) -> str:
        """Money."""
        return f"{self.rng.choice(('', '', '$', '€', 'RM '))}{self.rng.uniform(1, 5000):,.2f}"

    def date(self) -> str:
        """A day."""
        rng = self.rng
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1985, 2029)
        return rng.choice(
            (
                f"{day:02}.{month:02}.{year}",
                f"{year}-{month:02}-{day:02}",
                f"{month}/{day}/{year}",
                f"{day} {self.name()} {year}",
            )
        )

    def code(self) -> str:
        """A number of an order, an account, a customer."""
        return "".join(self.rng.choice("ABCDEFGHKLMNP0123456789-") for _ in range(self.rng.randint(4, 14)))

    def value(self) -> str:
        """What stands behind a label."""
        draw = self.rng.random()
        if draw < 0.25:
            return self.date()
        if draw < 0.5:
            return self.code()
        if draw < 0.65:
            return self.amount()
        return self.name() if draw < 0.85 else self.phrase(2, 5)
