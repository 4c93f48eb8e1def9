"""How common a stretch of text is: its words, its amounts, dates and times, and how its codes change kind."""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from worker.cache_files import kept

LANGUAGES = ("en", "de", "es", "fr", "id", "it", "ms", "nl", "pl", "pt", "sv", "tr", "cs", "ro", "da", "fi", "ru", "el")
"""Whose words count as words, by ISO 639-1; the most common use of a spelling counts."""

MAIN_LANGUAGE = "en"
"""Whose rare words count, too: most business documents have some of it."""

LEAST_COMMON = -5.3
"""Base-10 logarithm of the share of a language's words below which a word of another than the main language is left
out, for memory's sake."""

CENTIBELS = 100.0
"""In a factor of ten."""

UNKNOWN_WORD, UNKNOWN_CHARACTER = -1.0, -1.1
"""Base-10 logarithms: how likely a word is in no lexicon, and each of its characters then."""

FIGURE = 2.0
"""Base-10 logarithm: how much likelier an amount, a date or a time is than any letters, digits and points."""

SWITCH = 1.5
"""Base-10 logarithm: how much likelier a code is for each time that it does not go from letters to digits or back."""

_AMOUNT = r"[A-Z]{0,3}[$€£¥]?\d{1,3}(?:[.,]?\d{3})*[.,]\d{2}"
_DATE = r"\d{1,4}(?P<sign>[-/.])\d{1,2}(?P=sign)\d{2,4}"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?"
_FIGURES = re.compile(rf"(?<![^\W_])(?<!\d[.,:/-])(?:{_AMOUNT}|{_DATE}|{_TIME})(?![^\W_]|[.,:/-]\d)")
_MEASURE = re.compile(r"(?<![^\W_])\d+(?:[ap]m?|st|[nr]d|th|pcs?|[cmk]?m|[mk]?g|ml|k|h)(?![^\W_])", re.IGNORECASE)
_PIECES = re.compile(r"[^\W\d_]+|.", re.DOTALL)


@functools.lru_cache(20_000)
def commonness(text: str) -> float:
    """How much likelier a stretch of text is for the words and figures in it, than if anything might stand there.

    A base-10 logarithm, at least 0: text without known words loses nothing, or the shorter of two unknown words would
    win for its length. Letters beside a digit are taken for part of a code.
    """
    pieces = _PIECES.findall(text)
    total = FIGURE * len(_FIGURES.findall(text))
    for index, piece in enumerate(pieces):
        in_code = any(neighbour.isdigit() for neighbour in pieces[max(0, index - 1) : index + 2])
        if len(piece) > 1 and not in_code:
            known = lexicon().get(piece.casefold(), -math.inf)
            total += max(0.0, known - UNKNOWN_WORD - UNKNOWN_CHARACTER * len(piece))
    return total


@functools.lru_cache(20_000)
def switches(text: str) -> int:
    """How often a stretch of text goes from a letter straight to a digit or back; figures and measures do not count.

    Codes do it seldom, for they are numbered series: "POS022881" does once, "P0S022881" three times. Measures are
    numbers with a unit, times of day and ordinals, as in "70CM", "5p" and "3rd".
    """
    pairs = itertools.pairwise(_MEASURE.sub(" ", _FIGURES.sub(" ", text)))
    return sum(one.isalnum() and other.isalnum() and one.isdigit() != other.isdigit() for one, other in pairs)


def lexicon() -> Mapping[str, float]:
    """Words, folded, to the base-10 logarithm of the share of all words that they make up where they are commonest.

    The lists are Speer's, "rspeer/wordfreq: v3.0", doi:10.5281/zenodo.7199437.
    """
    if not _lexicon:
        prepare()
    return _lexicon


def prepare(cache: Path | None = None) -> None:
    """Load the lexicon, in a tenth of the time from a cache; without a call the first unknown word loads it.

    Args:
        cache: Directory where the words are kept for the next process; None puts them together each time.
    """
    if _lexicon:
        return
    name = f"words-{version('wordfreq')}-{_CHOICE}.txt"
    numbers = kept(cache / name, _read, _most_common, _written) if cache else _most_common()
    logs = [-number / CENTIBELS for number in range(max(numbers.values()) + 1)]  # one object for many words
    _lexicon.update((word, logs[number]) for word, number in numbers.items())


_lexicon: dict[str, float] = {}
_CHOICE = hashlib.blake2b(repr((LANGUAGES, MAIN_LANGUAGE, LEAST_COMMON)).encode(), digest_size=4).hexdigest()


def _most_common() -> dict[str, int]:
    """Words to how common they are, in centibels below one, from the package's lists."""
    from wordfreq import get_frequency_list

    words: dict[str, int] = {}
    for language in LANGUAGES:
        for number, bucket in enumerate(get_frequency_list(language, "small")):  # by falling share
            if -number / CENTIBELS >= LEAST_COMMON or language == MAIN_LANGUAGE:
                for word in bucket:
                    words[word] = min(number, words.get(word, number))
        get_frequency_list.cache_clear()
    return words


def _written(words: Mapping[str, int]) -> bytes:
    """A line for each number: it, and its words."""
    lines: dict[int, list[str]] = {}
    for word, number in words.items():
        lines.setdefault(number, [str(number)]).append(word)
    return "\n".join(map("\t".join, lines.values())).encode()


def _read(file: Path) -> dict[str, int]:
    """What :func:`_written` wrote.

    Raises:
        ValueError: It is no such text.
    """
    words: dict[str, int] = {}
    for line in file.read_text(encoding="utf-8").split("\n"):
        number, *members = line.split("\t")
        words.update(dict.fromkeys(members, int(number)))
    return words
