"""Dates: numeric in any order, with month names in many languages, compact; the value is ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from babel import Locale

from worker.fields.candidate import Candidate, Span
from worker.fields.folding import fold
from worker.fields.kinds.places import STATES
from worker.fields.layout_page import LayoutPage
from worker.fields.vocabulary import LANGUAGES

YEARS = range(1950, 2100)
ODD = 0.4  # plausibility of a date whose separators were misread
CENTURY_TURN = 70  # a two-digit year from here on is of the last century

_D = r"[0-9oOlI|]"
_FREE = r"(?:(?<![\w.,/-])|(?<=[A-Za-z]{3}))"  # a label may have lost its space, a code is not a label
_ENDED = rf"(?!{_D})(?![./]{_D})(?!-{_D}+(?!{_D}|:))"
_YEAR = rf"(?:19|20|2[oO]){_D}{{2}}"
_NUMERIC = re.compile(rf"{_FREE}((?<!\d )\d|{_D}{{2}})\s?([/.\-\s])\s?({_D}{{1,2}})\s?\2\s?({_YEAR}|{_D}{{2}}){_ENDED}")
_ODD = re.compile(
    rf"{_FREE}((?<!\d )\d|{_D}{{2}})"
    rf"(?:([,'_|\\~:])({_D}{{1,2}})\2|[/.\-]({_D}{{1,2}})[/.\-]|[/.\-](\d{{2}})|(\d{{2}})[/.\-])"
    rf"({_YEAR}){_ENDED}"
)
"""Separators misread, or one of them lost; only with a whole year."""

_GLUED = re.compile(r"(?<![\w.,/-])(\d{1,2})([/.\-])(\d{1,2})\2((?:19|20)\d{2})(?=\d{1,2}:)")
_ISO = re.compile(rf"(?<![\w.,/-])((?:19|20|2[oO]){_D}{{2}})\s?([/.\-])\s?({_D}{{1,2}})\s?\2\s?({_D}{{1,2}})(?!{_D})")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_ASIAN = re.compile(r"((?:19|20)\d{2})\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?日")
_TIME = re.compile(r"^[\s,/T]{0,3}\(?\w{0,4}\)?\s*\d{1,2}\s?:\s?\d{2}")
_US = re.compile(
    rf"[A-Za-z]{{3}}\.?,? (?:{STATES.upper()}),? \d{{5}}(?:-\d{{4}})?(?![\w-])|"
    r"\(\d{3}\) ?\d{3}-\d{4}|\bUSA\b|\bUnited States\b"
)
_ELSEWHERE = re.compile(r"\b(?:RM ?\d|MYR|(?i:s[dn]n\W{0,3}bhd|pte\W{0,2}ltd|gmbh)|SGD|EUR|GBP|INR|AUD)|[€£₹]")
_MISREAD = str.maketrans("oOlI|", "00111")


def find(layout: LayoutPage, dayfirst: bool | None = None) -> list[Candidate]:
    """All dates of a document.

    Args:
        layout: The document.
        dayfirst: Whether 04/05 is the fourth of May; None decides by the document: by its dates that can be read in
            one way only, else by signs of the United States, else the day comes first.
    """
    known = dayfirst if dayfirst is not None else _voted(layout)
    text = "\n".join(line.text for line in layout.lines)
    american = _US.search(text) is not None and _ELSEWHERE.search(text) is None
    first = known if known is not None else not american
    found = []
    for line in layout.lines:
        taken: list[tuple[int, int]] = []
        for start, end, value, ambiguous, plausible in _on_line(line.text, first):
            if any(start < after and end > before for before, after in taken):
                continue
            taken.append((start, end))
            facts = {"ambiguous": ambiguous and known is None, "timed": bool(_TIME.match(line.text[end:]))}
            found.append(Candidate(value.isoformat(), (Span(line.index, start, end),), plausible, facts))
    return found


def parse(text: str, dayfirst: bool = True) -> str | None:
    """The ISO form of the first date in a text; None if there is none."""
    return next((value.isoformat() for _, _, value, _, _ in _on_line(text, dayfirst)), None)


def _on_line(text: str, dayfirst: bool) -> Iterator[tuple[int, int, date, bool, float]]:
    """``(start, end, date, order unsure, plausibility)``, the surest forms first."""
    for match in _ASIAN.finditer(text):
        yield from _made(match, match[1], match[2], match[3])
    for match in _ISO.finditer(text):
        yield from _made(match, match[1], match[3], match[4])
    yield from _named(text)
    for pattern in (_GLUED, _NUMERIC):
        for match in pattern.finditer(text):
            yield from _ordered(match, dayfirst)
    for match in _ODD.finditer(text):
        month = next(part for part in match.groups()[2:6] if part)
        yield from _in_order(match, match[1], month, match[7], dayfirst, ODD)
    for match in _COMPACT.finditer(text):
        yield from _made(match, match[1], match[2], match[3], 0.5)


def _ordered(match: re.Match[str], dayfirst: bool) -> Iterator[tuple[int, int, date, bool, float]]:
    plausible = 0.5 if match[2].isspace() or (match[2] == "." and len(match[4]) == 2) else 1.0
    if plausible < 1 and match[2].isspace() and len(match[4]) == 2:
        return
    yield from _in_order(match, match[1], match[3], match[4], dayfirst, plausible)


def _in_order(
    match: re.Match[str], first: str, second: str, year: str, dayfirst: bool, plausible: float
) -> Iterator[tuple[int, int, date, bool, float]]:
    one, two = int(first.translate(_MISREAD)), int(second.translate(_MISREAD))
    day, month = (one, two) if dayfirst else (two, one)
    if month > 12:
        day, month = month, day
    ambiguous = one <= 12 and two <= 12 and one != two
    for start, end, value, _, plain in _made(match, year, str(month), str(day), plausible):
        yield start, end, value, ambiguous, plain


def _named(text: str) -> Iterator[tuple[int, int, date, bool, float]]:
    folded = fold(text)
    for match in _day_first_name().finditer(folded):
        yield from _made(match, match["year"], str(_months()[match["month"]]), match["day"])
    for match in _year_first_name().finditer(folded):
        yield from _made(match, match["year"], str(_months()[match["month"]]), match["day"])
    for match in _month_first_name().finditer(folded):
        yield from _made(match, match["year"], str(_months()[match["month"]]), match["day"])


def _made(
    match: re.Match[str], year: str, month: str, day: str, plausible: float = 1.0
) -> Iterator[tuple[int, int, date, bool, float]]:
    numbers = [int(part.translate(_MISREAD)) for part in (year, month, day)]
    if numbers[0] < 100:
        numbers[0] += 1900 if numbers[0] >= CENTURY_TURN else 2000
    if numbers[0] not in YEARS:
        return
    try:
        value = date(*numbers)
    except ValueError:
        return
    start, end = match.span()
    yield start, end, value, False, plausible


def _voted(layout: LayoutPage) -> bool | None:
    """What the dates that can be read in one way only say about the order; None if there are none."""
    days = months = 0
    for line in layout.lines:
        for match in _NUMERIC.finditer(line.text):
            one, two = (int(part.translate(_MISREAD)) for part in (match[1], match[3]))
            days += 12 < one <= 31 and two <= 12
            months += 12 < two <= 31 and one <= 12
    return None if days == months else days > months


@cache
def _months() -> dict[str, int]:
    """Folded month names and abbreviations of all languages, to their number."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in Locale(language).months[context][width].items():
                    plain = fold(str(name)).strip(".")
                    if len(plain) >= 3 and not plain.isdigit():
                        names.setdefault(plain, int(number))
    names |= {"sept": 9, "marz": 3, "mrz": 3, "ogos": 8, "dis": 12}
    return names


@cache
def _month() -> str:
    return "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))


@cache
def _day_first_name() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w])(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|\.|º)?[\s\-/.,']{{0,3}}(?:de |of )?(?P<month>{_month()})\.?"
        r"[\s\-/.,']{0,3}(?:de |del )?(?P<year>(?:19|20)\d{2}|\d{2})(?!\d)"
    )


@cache
def _year_first_name() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w])(?P<year>(?:19|20)\d{{2}})[\s\-/.]{{1,3}}(?P<month>{_month()})\.?[\s\-/.]{{1,3}}(?P<day>[0-3]?\d)(?!\d)"
    )


@cache
def _month_first_name() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![^\W\d_])(?P<month>{_month()})\.?[\s\-/.]{{0,2}}(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s?[,.\s/\-]\s?,?\s?"
        r"(?P<year>(?:19|20)\d{2})(?!\d)"
    )
