"""Normalisation of a reading's characters: NFC, no control characters, ASCII where the line is Latin."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from worker.page import LineReading

Place = tuple[float, float]

WIDE_TO_ASCII = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x3001: ",",
    0x3002: ".",
    0x3010: "[",
    0x3011: "]",
}
"""Full-width forms, and the ideographic space, comma, stop and brackets."""


STRAY_SHARE = 0.1
"""Share of a page's letters below which East Asian ones are the exception on it."""

STRAY_PROBABILITY = 0.8
"""Below it, such an exception is taken for a row of asterisks or a smudge; a shop's Chinese name reads higher."""

ORNAMENT_LENGTH = 5
"""Fewest East Asian characters of a row of asterisks; names are mostly shorter, and repeat less."""

ORNAMENT_VARIETY = 0.4
"""Different ones among them, as a share: in running Chinese text it is above .7."""

RULE_LENGTH = 20
"""From so many of one sign on, a line is a rule drawn with characters; what masks a card number is shorter."""

RULE_SIGNS = frozenset("*-=_~.+#\u00b7\u2013\u2014")

CERTAIN = 1.01
"""Above every probability."""

TIMES = "\u00d7"

LONE_ONE = re.compile(r"(?<!\S)\u4e00(?!\S)")
"""The Chinese numeral one, standing alone: on a page of another script it is a dash."""


def tidied(reading: LineReading) -> LineReading:
    """The reading in Unicode's composed form (NFC), on one line.

    Control characters become spaces, runs of spaces one, spaces at the ends go, and full-width ASCII becomes ASCII
    where nothing else on the line is East Asian. Probabilities and spans stay one per character.
    """
    if reading.text.isascii() and reading.text.isprintable() and reading.text == " ".join(reading.text.split()):
        return reading
    latin = not any(_is_east_asian(character) for character in reading.text)
    pieces: list[tuple[str, list[int]]] = []
    for index, character in enumerate(reading.text):
        shown = WIDE_TO_ASCII.get(ord(character), character) if latin else character
        if shown.isspace() or unicodedata.category(shown) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}:
            shown = " "
        if shown == " " and (not pieces or pieces[-1][0] == " "):
            continue
        joined = unicodedata.normalize("NFC", pieces[-1][0] + shown) if pieces else shown
        if pieces and len(joined) == 1:
            pieces[-1] = (joined, [*pieces[-1][1], index])
        else:
            pieces.extend((each, [index]) for each in unicodedata.normalize("NFC", shown))
    if pieces and pieces[-1][0] == " ":
        pieces.pop()
    return LineReading(
        "".join(character for character, _ in pieces),
        _lowest(reading.probabilities, pieces),
        _joined(reading.spans, pieces),
        reading.script,
        reading.is_lost,
    )


def without_strays(readings: Sequence[LineReading]) -> list[LineReading]:
    """A page's readings without characters that are implausible on it.

    Where nearly all of a page is in other scripts, uncertain East Asian characters go, and rows of a few of them over
    and over, which are rows of asterisks; the numeral one alone is a dash, as in a table's empty cell. Where all else
    on a page is ASCII, a multiplication sign is the letter x: what types "1 x 9.50" has no other.
    """
    readings = _typed(readings)
    ornaments = {index for index, reading in enumerate(readings) if _is_ornament(reading.text)}
    letters = [
        character
        for index, reading in enumerate(readings)
        for character in reading.text
        if character.isalpha() and not (index in ornaments and _is_east_asian(character))
    ]
    east_asian = sum(map(_is_east_asian, letters))
    if (not east_asian and not ornaments) or (east_asian and east_asian >= STRAY_SHARE * len(letters)) or not letters:
        return list(readings)
    return [
        _without_ornament(reading) if index in ornaments else _without_strays(_dashed(reading), STRAY_PROBABILITY)
        for index, reading in enumerate(readings)
    ]


def is_rule(text: str) -> bool:
    """Whether a line is a rule: one repeated sign, which separates the text above from the text below."""
    signs = "".join(text.split())
    return len(signs) >= RULE_LENGTH and len(set(signs)) == 1 and signs[0] in RULE_SIGNS


def _typed(readings: Sequence[LineReading]) -> list[LineReading]:
    if not all(character.isascii() or character == TIMES for reading in readings for character in reading.text):
        return list(readings)
    return [replace(reading, text=reading.text.replace(TIMES, "x")) for reading in readings]


def _is_ornament(text: str) -> bool:
    """Whether a line's East Asian characters are a few repeated ones."""
    own = [character for character in text if _is_east_asian(character)]
    return len(own) >= ORNAMENT_LENGTH and len(set(own)) <= ORNAMENT_VARIETY * len(own)


def _dashed(reading: LineReading) -> LineReading:
    return replace(reading, text=LONE_ONE.sub("\u2014", reading.text))


def _without_ornament(reading: LineReading) -> LineReading:
    """The text beside a row of asterisks; empty where it has neither a letter nor a digit."""
    beside = _without_strays(reading, CERTAIN)
    return beside if any(map(str.isalnum, beside.text)) else LineReading("")


def _without_strays(reading: LineReading, least: float) -> LineReading:
    if not reading.probabilities or not any(map(_is_east_asian, reading.text)):
        return reading
    kept = [
        index
        for index, (character, probability) in enumerate(zip(reading.text, reading.probabilities, strict=True))
        if probability >= least or not _is_east_asian(character)
    ]
    return tidied(
        LineReading(
            "".join(reading.text[index] for index in kept),
            tuple(reading.probabilities[index] for index in kept),
            tuple(reading.spans[index] for index in kept) if reading.spans else (),
            reading.script,
            reading.is_lost,
        )
    )


def _is_east_asian(character: str) -> bool:
    """Letters of East Asian scripts; full-width forms and punctuation do not count."""
    return unicodedata.category(character) == "Lo" and unicodedata.east_asian_width(character) == "W"


def _lowest(values: Sequence[float], pieces: Sequence[tuple[str, list[int]]]) -> tuple[float, ...]:
    return tuple(min(values[index] for index in sources) for _, sources in pieces) if values else ()


def _joined(values: Sequence[Place], pieces: Sequence[tuple[str, list[int]]]) -> tuple[Place, ...]:
    if not values:
        return ()
    return tuple((values[sources[0]][0], values[sources[-1]][1]) for _, sources in pieces)
