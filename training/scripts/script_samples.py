"""Texts and fonts of many scripts, to tell one from another."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from babel import Locale
from wordfreq import available_languages, top_n_list

from training import values
from training.random_source import RandomSource

LANGUAGES = {
    "Hang": ("ko",),
    "Arab": ("ar", "fa", "ur"),
    "Hebr": ("he",),
    "Deva": ("hi", "mr", "ne"),
    "Thai": ("th",),
    "Beng": ("bn",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Knda": ("kn",),
    "Mlym": ("ml",),
    "Gujr": ("gu",),
    "Guru": ("pa",),
    "Sinh": ("si",),
    "Armn": ("hy",),
    "Geor": ("ka",),
    "Khmr": ("km",),
    "Laoo": ("lo",),
    "Mymr": ("my",),
    "Ethi": ("am",),
}
"""By ISO 15924 code."""

OWN_LANGUAGES = {
    **dict.fromkeys(("en", "de", "fr", "es", "it"), 8),
    **dict.fromkeys(("pl", "cs", "tr", "vi", "ro", "is", "hu", "fi", "sv", "nl", "pt", "id", "lt", "lv", "sh"), 3),
    "zh": 12,
    "ja": 12,
}
"""Of the recogniser's own scripts, with their shares."""

WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
WORDS_EACH, VALUE_SHARE, LATIN_SHARE = 6000, 0.25, 0.08
MOST_WORDS = 9


def text_in(language: str, longest: int, rng: RandomSource) -> str:
    """A line of a language, of at most ``longest`` characters, with numbers and Latin words now and then."""
    words = words_of(language)
    pieces = [words[int(len(words) * rng.random() ** 1.5)] for _ in range(rng.randint(1, MOST_WORDS))]
    text = ("" if language in WITHOUT_SPACES and rng.happens(0.7) else " ").join(pieces)
    if rng.happens(0.2):
        text = text.upper() if rng.happens(0.5) else text.title()
    if rng.happens(VALUE_SHARE):
        text = f"{text} {rng.choice((values.amount, values.date, values.code))(rng)}"
    if rng.happens(LATIN_SHARE):
        text = f"{text} {rng.choice(words_of('en'))}"
    return text[:longest].strip()


@functools.cache
def words_of(language: str) -> list[str]:
    """Words of a language: common ones, or those of the names of lands, languages and currencies."""
    if language in available_languages("best"):
        return [word for word in top_n_list(language, WORDS_EACH) if len(word) > 1 and not word.isdigit()]
    locale = Locale.parse(language)
    names = (*locale.territories.values(), *locale.languages.values(), *locale.currencies.values())
    return [word for name in names for word in name.replace("\u200b", "").split() if not word.isascii()]


@functools.cache
def fonts_with(characters: str) -> tuple[Path, ...]:
    """The machine's fonts that have these characters."""
    charset = " ".join(f"{ord(character):x}" for character in characters)
    listed = subprocess.run(
        ["fc-list", f":charset={charset}", "--format", "%{file}\n"], check=True, capture_output=True, text=True
    )
    paths = {Path(line) for line in listed.stdout.split("\n") if line}
    return tuple(sorted(path for path in paths if path.suffix in {".ttf", ".otf", ".ttc"}))
