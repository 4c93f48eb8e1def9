"""What gives away a place on a folded line: a postcode, a region, a country."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from worker.fields.folding import fold
from worker.fields.vocabulary import LANGUAGES, words

_REGION = re.compile(rf"(?<![^\W_])(?:{words('regions')})(?![^\W_])|{words('glued_regions')}")
STATES = words("states")
"""The United States' short forms."""

_COUNTED = (
    r"(?<![\w-])(?:[a-z]{1,2}-? ?)?\d{5}(?:-\d{4})?(?![\w/-])",  # Malaysia, Germany, France, Spain, Italy, the States
    r"(?<![^\W_])[a-z]{2},? \d{5}(?!\d)",  # IL 62704
    r"(?<!\d)\d{4} ?[a-z]{2}(?![^\W_])",  # the Netherlands
    r"(?<![^\W_])[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}(?![^\W_])",  # the United Kingdom
    r"[a-z]{3}[ ,-]{1,3}\d{6}(?![\d-])|(?<![^\W_])s ?\(\d{6}\)",  # Singapore, India
    r"(?<![\w-])\d{2}-\d{3}(?![\d-])",  # Poland
    r"(?<![\w-])\d{4}-\d{3}(?![\d-])",  # Portugal
    r"(?<![\d-])\d{3} \d{2} [a-z]{3}",  # Sweden, Czechia
    r"(?<![^\W_])(?:nsw|vic|qld|act|tas|wa|sa|nt),? \d{4}(?!\d)",  # Australia
)
POSTCODE = re.compile("|".join(_COUNTED))
"""A postcode of a form that says so by itself, on a folded line."""

_FOUR_DIGITS = re.compile(rf"^\W*(?:[a-z]{{1,2}}-)?\d{{4}} (?=[a-z]{{3}})(?!.*(?<![a-z])(?:{words('roads')})(?![a-z]))")
"""A postcode of four digits before its town, as Austria, Switzerland, Denmark, Norway write it."""

_TOWN = re.compile(
    rf"(?<![\w-])\d{{5}}(?:-\d{{4}})?\W{{1,3}}[a-z]{{2}}|(?<![^\W_])(?:{STATES}),? \d{{5}}(?!\d)|"
    rf"{'|'.join(_COUNTED[2:])}"
)
_LOT = re.compile(r"(?<![^\W_])(?:(?:lot|plot|no|p\W?t|km|batu)\W{0,3}){1,3}\d+")
"""A lot's number, which may have five digits."""

_MISREAD_POSTCODE = re.compile(r"(?<![^\W_])(?=(?:[OoIl]*\d){3})[\dOoIl]{5}(?![^\W_])")
_DIGITS = str.maketrans("OoIl", "0011")


def has_postcode(folded: str) -> bool:
    """Whether a line has a postcode."""
    return bool(POSTCODE.search(_LOT.sub(" ", corrected(folded))) or _FOUR_DIGITS.search(folded))


def is_town(folded: str, first: bool = False) -> bool:
    """Whether a line has a postcode with its town or state: the last line of most addresses.

    Args:
        folded: The line.
        first: Whether an address begins with it: four digits are a house number then.
    """
    return bool(_TOWN.search(_LOT.sub(" ", corrected(folded))) or (not first and _FOUR_DIGITS.search(folded)))


def names_region(folded: str) -> bool:
    """Whether a line names a country or a region that addresses end with."""
    words = re.sub(r"[^\w\s]", " ", folded).split()
    ends = {" ".join(words[-size:]) for size in (1, 2, 3)} if words else set()
    return bool(_REGION.search(folded) or ends & _countries())


def corrected(text: str) -> str:
    """A text whose postcodes have letters read for digits set right."""
    return _MISREAD_POSTCODE.sub(lambda match: match[0].translate(_DIGITS), text)


@cache
def _countries() -> frozenset[str]:
    names = (
        fold(str(name))
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    )
    return frozenset(" ".join(re.sub(r"[^\w\s]", " ", name).split()) for name in names if len(name) > 3)
