"""Texts as they stand on documents in Cyrillic and Greek: words of six languages, dates, amounts, Latin among them."""

from __future__ import annotations

import datetime
import unicodedata
import zlib
from collections.abc import Callable

from babel.dates import format_date
from wordfreq import top_n_list

from training import values
from training.random_source import RandomSource
from training.scripts.alphabet import CHARACTERS, CYRILLIC, GREEK

LANGUAGES = {"ru": 34, "uk": 13, "bg": 12, "sr": 9, "mk": 4, "el": 38}
"""Shares of the lines."""

LATIN_LANGUAGES = {"en": 60, "de": 15, "fr": 10, "pl": 8, "sh": 7}
WORDS_EACH, COMMON_POWER = 30_000, 1.8
"""Ranks are drawn as a uniform number to this power: common words more often, rare ones still seen."""

HELD_OUT_PARTS = 8
"""One word in so many is for measuring only."""

PIECES_A_LINE = {1: 50, 2: 24, 3: 14, 5: 12}
WORDS_A_PIECE = {1: 24, 2: 22, 3: 18, 5: 16, 8: 12, 12: 8}
BEHIND_WORDS = ".,,,.:;-!?"
AROUND_WORDS = ("(%s)", '"%s"', "«%s»", "„%s“", "“%s”", "%s/", "%s-", "*%s", "‘%s’", "— %s", "– %s", "[%s]", "• %s")
MONEY = {
    "ru": (" руб.", " ₽", "₽", " р.", " коп."),
    "uk": (" грн", " грн.", " ₴", "₴"),
    "bg": (" лв.", " лв", " €"),
    "sr": (" дин.", " РСД"),
    "mk": (" ден.", " МКД"),
    "el": (" €", "€", " ευρώ", " ΕΥΡΩ"),
}
NUMBERS = {"ru": "№ ", "uk": "№ ", "bg": "№ ", "sr": "бр. ", "mk": "бр. ", "el": "αρ. "}
FIRST_DAY = datetime.date(1990, 1, 1)
DAYS = 15_000
LONGEST_NONSENSE = 9
RARE_LETTERS = CYRILLIC[96:]

_DIGRAPHS = {"lj": "љ", "nj": "њ", "dž": "џ"}
_LETTERS = str.maketrans("abcčćdđefghijklmnoprsštuvzž", "абцчћдђефгхијклмнопрсштувзж")


class ScriptTexts:
    """Draws one line's text after another.

    Args:
        seed: Equal seeds draw equal texts.
        held_out: Of the words that are for measuring only, else of the others.
    """

    def __init__(self, seed: int, held_out: bool = False) -> None:
        self._chance = RandomSource(seed)
        languages = [one for one in (*LANGUAGES, *LATIN_LANGUAGES) if one != "sr"]
        words = {one: top_n_list(one, WORDS_EACH) for one in languages}
        words["sr"] = [in_cyrillic(word) for word in words["sh"]]
        self._words = {language: [w for w in some if _usable(w, held_out)] for language, some in words.items()}
        self._pieces: dict[Callable[[str], str], int] = {
            self._running: 60,
            self._date: 7,
            self._money: 8,
            self._number: 5,
            self._nonsense: 6,
            self._latin: 7,
            lambda _: values.code(self._chance): 3,
            lambda _: values.date(self._chance): 3,
            lambda _: values.nonsense(self._chance): 1,
        }

    def line(self, longest: int) -> tuple[str, str]:
        """A line of at most ``longest`` characters, never empty, and its language."""
        rng, text = self._chance, ""
        language = rng.by_share(LANGUAGES)
        while not any(map(str.isalnum, text)):
            count = rng.by_share(PIECES_A_LINE)
            drawn = " ".join(self._piece(language) for _ in range(count))
            known = "".join(one for one in unicodedata.normalize("NFC", drawn) if one in CHARACTERS or one.isspace())
            text = " ".join(known.split())[:longest].strip()
        return text, language

    def _piece(self, language: str) -> str:
        text = self._chance.by_share(self._pieces)(language)
        draw = self._chance.random()
        if draw < 0.2:
            return self._upper(text)
        return " ".join(map(_capitalised, text.split(" "))) if draw < 0.35 else text

    def _upper(self, text: str) -> str:
        """Capitals; Greek ones mostly without accents, as they are printed."""
        if self._chance.happens(0.8):
            parts = unicodedata.normalize("NFD", text)
            text = unicodedata.normalize("NFC", "".join(c for c in parts if c != "\u0301"))
        return text.upper()

    def _running(self, language: str) -> str:
        rng = self._chance
        words = [self._word(language) for _ in range(rng.by_share(WORDS_A_PIECE))]
        if rng.happens(0.5):
            words[0] = _capitalised(words[0])
        for index, word in enumerate(words):
            draw = rng.random()
            if draw < 0.12:
                words[index] = word + rng.choice(BEHIND_WORDS)
            elif draw < 0.17:
                words[index] = rng.choice(AROUND_WORDS) % word
            elif draw < 0.20:
                words[index] = f"{word}-{self._word(language)}"
            elif draw < 0.26:
                words[index] = _capitalised(word)
            elif draw < 0.29:
                words[index] = self._initials(language)
        return " ".join(words)

    def _word(self, language: str) -> str:
        words = self._words[language]
        word: str = words[int(len(words) * self._chance.random() ** COMMON_POWER)]
        if word[-1] == "σ":  # the lists fold it
            word = word[:-1] + "ς"
        if language == "ru" and "е" in word and self._chance.happens(0.06):
            return word.replace("е", "ё", 1)
        if language in ("ru", "uk") and self._chance.happens(0.02):  # letters of other Cyrillic alphabets
            at = self._chance.randrange(len(word))
            return word[:at] + self._chance.choice(RARE_LETTERS).lower() + word[at + 1 :]
        return word

    def _initials(self, language: str) -> str:
        letters = [self._word(language)[0].upper() for _ in range(self._chance.choice((1, 2, 2, 3)))]
        return self._chance.choice((". ", ".", "")).join(letters) + self._chance.choice((".", "", "."))

    def _date(self, language: str) -> str:
        day = FIRST_DAY + datetime.timedelta(days=self._chance.randrange(DAYS))
        form = self._chance.choice(("full", "long", "medium", "short"))
        return format_date(day, form, locale=language)

    def _money(self, language: str) -> str:
        value = self._chance.uniform(0, self._chance.choice((20, 900, 40_000, 9_000_000)))
        text = f"{value:,.2f}"
        form = self._chance.choice((" ,", ".,", ".,", "'.", ",."))
        text = text.translate(str.maketrans(",.", form))
        return text + self._chance.choice((*MONEY[language], ""))

    def _number(self, language: str) -> str:
        word = self._chance.choice(("", "", _capitalised(self._word(language)) + " "))
        return word + NUMBERS[language] + values.code(self._chance)

    def _nonsense(self, language: str) -> str:
        """Letters in an order that no language model could guess."""
        letters = GREEK if language == "el" else CYRILLIC
        drawn = "".join(self._chance.choice(letters) for _ in range(self._chance.randint(1, LONGEST_NONSENSE)))
        return drawn if self._chance.happens(0.4) else drawn.lower()

    def _latin(self, _: str) -> str:
        language = self._chance.by_share(LATIN_LANGUAGES)
        words = [self._word(language) for _ in range(self._chance.by_share({1: 60, 2: 25, 4: 15}))]
        return " ".join(words)


def in_cyrillic(word: str) -> str:
    """A Serbian word in Latin letters in Cyrillic ones."""
    for latin, cyrillic in _DIGRAPHS.items():
        word = word.replace(latin, cyrillic)
    return word.translate(_LETTERS)


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


def _usable(word: str, held_out: bool) -> bool:
    is_held_out = zlib.crc32(word.encode()) % HELD_OUT_PARTS == 0
    return is_held_out == held_out and set(word) <= set(CHARACTERS) and not word.isdigit()
