"""Text as it is compared: without case, accents and typographic variants, character for character."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SAME = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "：": ":", "，": ",", "（": "(", "）": ")"}
    | {"ß": "s", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}
)


def fold(text: str) -> str:
    """The text in lower case without accents; as long as the text, so that places stay what they are."""
    return "".join(_fold_one(character) for character in text)


@lru_cache(maxsize=4096)
def _fold_one(character: str) -> str:
    lowered = character.lower().translate(_SAME)
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return plain[0] if plain else lowered[:1] or " "


def letters(text: str) -> str:
    """Only the letters and digits of a text, folded: what is left when spacing and punctuation are free."""
    return "".join(character for character in fold(text) if character.isalnum())


def any_of(words: str) -> str:
    """The alternatives of a pattern, from words between spaces."""
    return "|".join(words.split())
