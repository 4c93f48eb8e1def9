"""Which characters, words and lines of a reading are right, told by the document's true text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter

LIKE = 0.6
"""A true line at least this similar, 0 to 1, is what a read line was meant to be."""

TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?![^\W_])|[^\W_]+")


def tokens(text: str) -> list[str]:
    """Runs of letters and of digits, in lower case; amounts are kept whole."""
    return TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def words_right(words: list[str], truth: str) -> list[bool]:
    """Whether each word's tokens are among the page's, each of which is used up once."""
    left = Counter(tokens(truth))
    right = []
    for word in words:
        own = Counter(tokens(word))
        right.append(all(left[token] >= count for token, count in own.items()))
        for token, count in own.items():
            left[token] = max(0, left[token] - count)
    return right


def line_right(line: str, truth: str) -> bool:
    """Whether a line's tokens stand somewhere in the page's text, in a row and with nothing between."""
    return f" {' '.join(tokens(line))} " in f" {' '.join(tokens(truth))} "


def characters_right(line: str, true_lines: list[str]) -> list[tuple[int, bool]]:
    """Index and rightness of a line's characters, spaces apart; nothing where no true line is like it."""
    bare = [(index, character.casefold()) for index, character in enumerate(line) if not character.isspace()]
    read = "".join(character for _, character in bare)
    best, score = None, LIKE
    for true in true_lines:
        matcher = difflib.SequenceMatcher(None, read, "".join(true.split()).casefold(), autojunk=False)
        if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score and matcher.ratio() > score:
            best, score = matcher, matcher.ratio()
    if best is None:
        return []
    matched = {at for block in best.get_matching_blocks() for at in range(block.a, block.a + block.size)}
    return [(index, place in matched) for place, (index, _) in enumerate(bare)]
