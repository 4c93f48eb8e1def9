"""What a line's text tells of its role, as numbers."""

from __future__ import annotations

import re

import numpy as np

from worker.layout.geometry import Floats

FIRST_CHINESE = "⺀"
MATH = frozenset("=+−±×÷∑∫√∂∞≤≥≈∈→<>^_|αβγδεθλμπρστφψω")
CODE = frozenset("{}[]();=_<>#")
AMOUNT = re.compile(r"[$€£¥]|\d[.,]\d\d\b")
STARTS = (
    re.compile(r"[•–▪◦‣*·●■□○◆➢✓o-]\s?\S"),
    re.compile(r"\d{1,2}[.)．、]\s?[^\d\s]"),
    re.compile(r"\d{1,2}(\.\d{1,2})+\.?\s?[^\d\s]"),
    re.compile(r"\d{1,2}\s+[A-Z一-鿿]"),
    re.compile(r"\(?[A-Za-z]{1}[.)]\s?\S"),
    re.compile(r"\(\d{1,2}\)|（"),
    re.compile(r"\[\d{1,3}\]"),
    re.compile(r"(fig|figure|table|tab|abb|photo|chart|图|表|圖)[\s.]*\d", re.IGNORECASE),
    re.compile(r"[“\"'«「]"),
    re.compile(r"(chapter|section|part|appendix|第.{1,3}[章节条])\b", re.IGNORECASE),
    re.compile(r"\d{1,2}\s?[A-Za-z]{2}|[*†‡¹²³]"),
)
WHOLE = (
    re.compile(r"[-–—(]?\s?\d{1,4}\s?[-–—)]?"),
    re.compile(r"(page|seite|p\.|第)\s?\d+.*|\d+\s?/\s?\d+", re.IGNORECASE),
    re.compile(r"[-+($€£¥RM]*\s?[\d.,\s]+\s?[%)€A-Za-z]{0,3}"),
    re.compile(r".{1,40}[:：]\s?\S.*"),
    re.compile(r".*(\.\s?){5,}.*|.*…{2,}.*"),
    re.compile(r".*(@|www\.|https?:).*"),
    re.compile(r".*(\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b(19|20)\d\d\b).*"),
)
ENDS = ('.。!?！？”"', ",，、;；", "-­", ":：", ")）]")
COUNT = 6 + 3 + len(ENDS) + len(STARTS) + len(WHOLE)


def describe(text: str) -> list[float]:
    """A line's text as ``COUNT`` numbers, about -1 to 2 each."""
    text = text.strip()
    length = max(len(text), 1)
    first, last = text[:1], text[-1:]
    shares = (
        sum(map(str.isdigit, text)) / length,
        sum(map(str.isupper, text)) / length,
        sum(character >= FIRST_CHINESE for character in text) / length,
        sum(character in MATH for character in text) / length,
        sum(character in CODE for character in text) / length,
    )
    flags = (first.islower(), first.isupper(), AMOUNT.search(text) is not None)
    return [
        np.log1p(length) / 3,
        *shares,
        *map(float, flags),
        *(float(bool(last) and last in ends) for ends in ENDS),
        *(float(pattern.match(text) is not None) for pattern in STARTS),
        *(float(pattern.fullmatch(text) is not None) for pattern in WHOLE),
    ]


def describe_all(texts: list[str]) -> Floats:
    """One row of :func:`describe` a line."""
    return np.array([describe(text[:200]) for text in texts], dtype=np.float64).reshape(-1, COUNT)
