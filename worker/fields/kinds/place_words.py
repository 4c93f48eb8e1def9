"""Words that a country's addresses share, set right where letters of them were misread.

Only for Malaysia so far, whose addresses use few, long words and no accents. A word is mended where it is one letter
from a known one, two if it is long, and is none itself.
"""

from __future__ import annotations

import re
import unicodedata

from worker.fields.folding import any_of

LONG = 9
"""Letters from which on a word may have two misread ones."""

_WORDS = any_of(
    "DARUL SELANGOR PERINDUSTRIAN KAWASAN SEKSYEN PERSIARAN PETALING LUMPUR KEMBANGAN DAMANSARA MALAYSIA SHOPPING "
    "BASEMENT TINGKAT LINGKARAN KAMPUNG WILAYAH PERSEKUTUAN SEMBILAN SEREMBAN KELANTAN TERENGGANU SARAWAK "
    "PUTRAJAYA INDUSTRIAL COMPLEX BUILDING CENTRE CENTER"
).split("|")
_SIGNS = re.compile(
    r"(?<![^\W_])(?:jalan|jln|taman|selangor|kuala lumpur|johor|penang|perak|seksyen|malaysia)(?![^\W_])", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{5,}")


def spelled(text: str) -> str:
    """An address with its country's common words set right."""
    if not _SIGNS.search(text):
        return text
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _WORD.sub(lambda match: _mended(match[0]), plain)


def _mended(word: str) -> str:
    upper = word.upper()
    if any(known in upper for known in _WORDS):  # right, or right and glued to the next word
        return word
    near = [known for known in _WORDS if _distance(upper, known) <= 1 + (len(known) >= LONG)]
    if len(near) != 1:
        return word
    return near[0] if word.isupper() else near[0].title() if word[0].isupper() else near[0].lower()


def _distance(one: str, other: str) -> int:
    """Letters to change, add or leave out (V. Levenshtein, 1966); 3 where the lengths say it is that or more."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != against)))
        before = now
    return before[-1]
