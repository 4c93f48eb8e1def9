"""Lines put together: the hyphen of a divided word is taken out, that of a compound stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache

from worker.reading.language import detect_language

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_DIVIDED = re.compile(r"([^\W\d_]+)[-\N{HYPHEN}\N{SOFT HYPHEN}\N{NOT SIGN}]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-\N{HYPHEN}][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60]")
"""Scripts written without spaces between words: Chinese and Japanese, their marks included."""

COMPOUND_PARTS = 3.0
"""Least frequency of both parts of a compound, on Zipf's scale: base-10 logarithm of the occurrences in a billion."""

COMPOUND_MARGIN = 2.0
"""A word this much rarer, on the same scale, than its rarer part is written with a hyphen: "long-term" ("longterm" is
found now and then), but "photosynthetic"."""

ENGLISH = "en"
"""Whose words are found in documents of other languages as well."""

NEED_TOKENIZERS = frozenset(("ja", "ko", "zh"))
"""Languages whose words wordfreq looks up with further packages only; they have no hyphens to take out."""


class Joiner:
    """Puts lines of running text together.

    Args:
        texts: All texts of the document: a word that stands in it elsewhere, with or without its hyphen, shows how it
            is written there.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        text = "\n".join(texts)
        self._words = frozenset(word.casefold().replace("\N{HYPHEN}", "-") for word in _WORD.findall(text))
        self._text = text

    def join(self, above: str, below: str) -> str:
        """One line of two, the second of which follows the first.

        Args:
            above: May end with a hyphen.
            below: Says something.
        """
        divided, following = _DIVIDED.search(above), _FIRST_WORD.match(below)
        if divided and following:
            first, rest = divided[1], following[0]
            if rest[0].islower() or (first.isupper() and rest.isupper() and len(first) > 1):
                kept = "-" if above[-1] != SOFT_HYPHEN and self._is_compound(first, rest) else ""
                return f"{above[:-1]}{kept}{below}"
            return f"{above}{below}"
        if above and _UNSPACED.match(above[-1]) and _UNSPACED.match(below[0]):
            return f"{above}{below}"
        return f"{above} {below}".strip()

    def _is_compound(self, first: str, rest: str) -> bool:
        first, rest = first.casefold(), rest.casefold()
        if f"{first}{rest}" in self._words:
            return False
        if f"{first}-{rest}" in self._words:
            return True
        parts = min(self._frequency(first), self._frequency(rest))
        return parts >= COMPOUND_PARTS and self._frequency(f"{first}{rest}") < parts - COMPOUND_MARGIN

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((_known_language(self._text), ENGLISH)))

    def _frequency(self, word: str) -> float:
        return max(_frequency()(word, language) for language in self._languages)


def _known_language(text: str) -> str:
    from wordfreq import available_languages

    language = detect_language(text) or ENGLISH
    return language if language in available_languages() and language not in NEED_TOKENIZERS else ENGLISH


@lru_cache(maxsize=1)
def _frequency() -> Callable[[str, str], float]:
    """Speer, "rspeer/wordfreq: v3.0", doi:10.5281/zenodo.7199437; imported late, for most outputs do without."""
    from wordfreq import zipf_frequency

    def frequency(word: str, language: str) -> float:
        return float(zipf_frequency(word, language))

    return frequency
