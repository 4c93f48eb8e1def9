"""Texts of the kind that stands on business documents: words of many languages, names, addresses, values."""

from __future__ import annotations

from collections.abc import Callable

from faker import Faker
from wordfreq import top_n_list

from training import values
from training.random_source import RandomSource

LANGUAGES = {
    "en": 50,
    "ms": 8,
    "de": 6,
    "fr": 6,
    "es": 6,
    "it": 4,
    "nl": 4,
    "pt": 4,
    "id": 3,
    "pl": 2,
    "sv": 2,
    "ru": 2,
    "el": 1,
    "cs": 1,
    "tr": 1,
}
"""Shares of the words drawn; English first, as on the documents that are asked about most."""

WORDS_EACH = 30_000
CHINESE_WORDS = 20_000
COMMON_POWER = 2.5
"""Ranks are drawn as a uniform number to this power: common words more often, rare ones still seen."""

CHINESE_SHARE = 0.05
"""Of lines: the reader knows Chinese and is to go on knowing it."""

MOST_CHINESE_WORDS = 6
PIECES_A_LINE = {1: 55, 2: 25, 3: 12, 4: 8}
WORDS_A_PIECE = {1: 20, 2: 22, 3: 20, 5: 16, 8: 12, 12: 10}
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "pl_PL", "id_ID")
COMPANY_FORMS = ("", "", " SDN BHD", " SDN. BHD.", " LTD", " GmbH", " Inc.", " (M) SDN BHD", " & CO", " LLC")
BEHIND_WORDS = ".,,.:;-"
AROUND_WORDS = ("(%s)", '"%s"', "'%s'", "%s's", "%s/", "%s-", "*%s", "#%s")


class Texts:
    """Draws one line's text after another.

    Args:
        seed: Equal seeds draw equal texts.
        characters: Those the reader knows; others are left out.
    """

    def __init__(self, seed: int, characters: frozenset[str]) -> None:
        self._chance, self._characters = RandomSource(seed), characters
        self._words = {language: top_n_list(language, WORDS_EACH) for language in LANGUAGES}
        self._chinese = [word for word in top_n_list("zh", CHINESE_WORDS) if set(word) <= characters]
        self._fakers = [Faker(locale) for locale in LOCALES]
        for number, faker in enumerate(self._fakers):
            faker.seed_instance(seed * len(LOCALES) + number)
        self._shares: dict[Callable[[], str], int] = {
            self._running: 38,
            lambda: values.amount(self._chance): 14,
            lambda: values.nonsense(self._chance): 10,
            lambda: values.date(self._chance): 8,
            lambda: values.code(self._chance): 8,
            lambda: values.label(self._chance): 6,
            self._address: 6,
            lambda: values.labelled(self._chance): 5,
            self._name: 4,
            self._company: 4,
            self._phone: 3,
            lambda: values.count(self._chance): 3,
            self._contact: 2,
        }

    def line(self, longest: int) -> str:
        """A line of at most ``longest`` characters, none of them unknown to the reader; never empty."""
        text = ""
        while not text:
            drawn = self._chinese_words() if self._chance.happens(CHINESE_SHARE) else self._pieces()
            known = "".join(one for one in drawn if one in self._characters or one.isspace())
            text = " ".join(known.split())[:longest].strip()
        return text

    def _chinese_words(self) -> str:
        return "".join(self._chance.choices(self._chinese, k=self._chance.randint(1, MOST_CHINESE_WORDS)))

    def _pieces(self) -> str:
        return " ".join(self._piece() for _ in range(self._chance.by_share(PIECES_A_LINE)))

    def _piece(self) -> str:
        text = self._chance.by_share(self._shares)()
        draw = self._chance.random()
        return text.upper() if draw < 0.35 else text.title() if draw < 0.5 else text

    def _running(self) -> str:
        """Words of one language, some with punctuation."""
        rng, language = self._chance, self._chance.by_share(LANGUAGES)
        words = [self._word(language) for _ in range(rng.by_share(WORDS_A_PIECE))]
        if rng.happens(0.4):
            words[0] = words[0].capitalize()
        for index, word in enumerate(words):
            if rng.happens(0.08):
                words[index] = word + rng.choice(BEHIND_WORDS)
            elif rng.happens(0.03):
                words[index] = rng.choice(AROUND_WORDS) % word
        return " ".join(words)

    def _word(self, language: str) -> str:
        words = self._words[language]
        word: str = words[int(len(words) * self._chance.random() ** COMMON_POWER)]
        return word

    def _address(self) -> str:
        return self._faker().address().replace("\n", self._chance.choice((", ", " ")))

    def _name(self) -> str:
        return self._faker().name()

    def _company(self) -> str:
        return self._faker().company() + self._chance.choice(COMPANY_FORMS)

    def _phone(self) -> str:
        return self._faker().phone_number()

    def _contact(self) -> str:
        faker = self._faker()
        return self._chance.choice((faker.email, faker.url, faker.domain_name))()

    def _faker(self) -> Faker:
        return self._chance.choice(self._fakers)
