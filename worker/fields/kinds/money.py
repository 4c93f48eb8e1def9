"""Amounts of money and other decimal numbers: any separators, signs, currencies, thousands and millions."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

from price_parser.parser import parse_number

from worker.fields.candidate import Candidate, Span
from worker.fields.folding import any_of
from worker.fields.layout_page import LayoutPage

CODES = any_of(
    "USD EUR GBP JPY CHF CAD AUD NZD MYR SGD INR CNY HKD TWD KRW THB IDR PHP VND AED SAR ILS TRY ZAR NGN KES EGP BRL "
    "MXN ARS CLP COP SEK NOK DKK ISK PLN CZK HUF RON BGN RUB UAH PKR BDT LKR QAR KWD BHD OMR JOD"
).split("|")
"""ISO 4217; codes that are words on paper (ALL, TOP, CUP, PEN) are left out."""

SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "฿": "THB", "zł": "PLN"}
NAMED = {"rm": "MYR", "rs": "INR", "us$": "USD", "usd$": "USD", "s$": "SGD", "a$": "AUD", "c$": "CAD", "hk$": "HKD"}
NAMED |= {
    "kr": "SEK",
    "nt$": "TWD",
    "r$": "BRL",
    "kc": "CZK",
    "kč": "CZK",
    "inr": "INR",
    "zl": "PLN",
    "$": "USD",
    "fr": "CHF",
    "euro": "EUR",
    "euros": "EUR",
}
SCALES = {"k": 1000, "m": 10**6, "mn": 10**6, "mio": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}

_CODES = "|".join(CODES)
_NAMES = "|".join(re.escape(name) for name in sorted([*NAMED, *SYMBOLS], key=len, reverse=True))
_CURRENCY = rf"(?:(?<![^\W\d_])(?:{_CODES}|(?i:{_NAMES}))(?![^\W\d_]))"
_DIGIT = r"[0-9OolI]"
_NUMBER = (
    rf"(?:{_DIGIT}{{1,3}}(?:[.,'’]{_DIGIT}{{3}})+(?!{_DIGIT})(?:[.,]{_DIGIT}{{1,2}})?"
    rf"|(?<![A-Za-z])[0-9][0-9OolI]{{0,2}}(?:[ \u00a0]{_DIGIT}{{3}})+,{_DIGIT}{{2}}"
    rf"|{_DIGIT}+(?:[.,] ?{_DIGIT}{{1,4}})?|[.,]{_DIGIT}{{2}})"
)
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?P<sign>[-−–+])?\s?(?P<before>{_CURRENCY})?(?:\.(?!\d{{2}}(?!\d)))?[ :]{{0,2}}"
    rf"(?P<sign2>[-−–+])?\s?"
    rf"(?P<number>{_NUMBER})(?P<scale>(?:\s?(?i:million|billion|mio|mn|bn)|[kKmM])(?![A-Za-z0-9²³]))?"
    rf"(?P<after>\s?{_CURRENCY})?(?P<trail>[-−](?![\w]))?(?P<close>\))?"
)
POSTCODE = re.compile(r"(?<![^\W_])[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?![^\W_])")
"""A British one, whose end may look like an amount: EX4 3RS."""

_MISREAD_CODE = re.compile(r"(?<![^\W_])[A-Z]{2}$")
"""Two capitals glued to an amount: a currency, rightly read or not (BM for RM)."""

_MISREAD = str.maketrans("OolI", "0011")
_COMMA = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})*,\d{2}(?![\d.,])")
_POINT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{2}(?![\d.,])")


def find(layout: LayoutPage) -> list[Candidate]:
    """All numbers that may be amounts; dates, times, percentages and parts of words are left out."""
    comma = decimal_comma(layout)
    return [candidate for line in layout.lines for candidate in on_line(line.text, line.index, comma)]


def on_line(text: str, index: int = 0, comma: bool | None = None) -> list[Candidate]:
    """The amounts of one line.

    Args:
        text: The line.
        index: Its place in the document.
        comma: Whether the document writes 1.234,56; None if it does not show.
    """
    found = []
    for match in _AMOUNT.finditer(POSTCODE.sub(lambda code: "_" * len(code[0]), text)):
        if not any(c.isdigit() for c in match["number"]) or _inside_word(text, match):
            continue
        number = _parsed(match["number"], comma)
        if number is None:
            continue
        if re.fullmatch(r"\w{10,}", match["number"]):
            continue  # a number of something
        if match["scale"]:
            number *= SCALES[match["scale"].strip().lower()]
        negative = "-" in _signs(match) or bool(match["open"] and match["close"])
        currency = _currency(match["before"] or match["after"])
        start, end = _trimmed(match)
        decimals = bool(re.search(r"[.,] ?\w{2}$", match["number"]))
        facts = {"currency": currency, "decimals": decimals}
        plausible = _plausibility(match, currency, decimals)
        found.append(Candidate(float(-number if negative else number), (Span(index, start, end),), plausible, facts))
    return found


def decimal_comma(layout: LayoutPage) -> bool | None:
    """Whether the document's amounts have decimal commas; None if it does not show."""
    text = "\n".join(line.text for line in layout.lines)
    commas, points = len(_COMMA.findall(text)), len(_POINT.findall(text))
    return None if commas == points else commas > points


def main_currency(candidates: list[Candidate]) -> str | None:
    """The currency most of the amounts have; None if none has any."""
    counted = Counter(candidate.facts["currency"] for candidate in candidates if candidate.facts.get("currency"))
    return counted.most_common(1)[0][0] if counted else None


def _parsed(written: str, comma: bool | None) -> Decimal | None:
    digits = re.sub(r"[\s'’]", "", written.translate(_MISREAD))
    separator: str | None = None
    if re.search(r"[.,]\d{1,2}$", digits):
        separator = digits[-3] if digits[-3:-2] in {".", ","} else digits[-2]
    elif re.search(r"[.,]\d{4}$", digits):
        separator = digits[-5]
    elif re.fullmatch(r"\d{1,3}([.,])\d{3}", digits):
        decimal = {True: ",", False: "."}.get(comma) if comma is not None else None
        # 1.234 in a document of decimal points may be a weight, and is a thousand in one of decimal commas.
        separator = decimal if decimal is not None and decimal in digits and digits.startswith("0") else None
    return parse_number(digits, separator)


def _inside_word(text: str, match: re.Match[str]) -> bool:
    """Whether the number is part of something else: a word, a longer code, a date, a time, a percentage."""
    start, end = match.span("number")
    before, after = text[:start], text[match.end() :]
    if _MISREAD_CODE.search(before) and re.search(r"[.,]\d{2}$", match["number"]):
        before = ""
    if not match["before"] and re.search(r"[^\W_]$|[^\W_][-/_#.]$|\d[:.,/]$", before):
        return True
    if re.match(r"\s?%|[^\W_]|[:/_]\d|-\d|[.,]\d", after) and not match["scale"] and not match["after"]:
        return not re.match(r"[A-Z]{1,2}(?![A-Za-z0-9])", after) or not re.search(r"[.,]\d{2}$", match["number"])
    return False


def _signs(match: re.Match[str]) -> str:
    return "".join(match[name] or "" for name in ("sign", "sign2", "trail")).replace("−", "-").replace("–", "-")


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """The span without the space and punctuation before it."""
    start, end = match.span()
    if match["open"] and not match["close"]:
        start += 1
    text = match.string
    while start < end and text[start] in " .:\u00a0":
        start += 1
    if match["close"] and not match["open"]:
        end -= 1
    return start, end


def _currency(written: str | None) -> str | None:
    if not written:
        return None
    name = written.strip()
    return SYMBOLS.get(name) or NAMED.get(name.lower()) or name.upper()


def _plausibility(match: re.Match[str], currency: str | None, decimals: bool) -> float:
    digits = sum(character.isdigit() for character in match["number"])
    misread = len(match["number"].translate(_MISREAD)) != digits + sum(c in ".,'’ \u00a0" for c in match["number"])
    plausible = 1.0 if decimals else 0.7 if currency else 0.4 if digits <= 6 else 0.1
    return plausible * (0.8 if misread else 1.0)
