"""Pairs the words of two readings of the same page, whose blocks may be in another order."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

ALIKE = 0.6
"""Similarity from which words between paired ones are taken as the same word."""

MAX_GAP = 40  # words on either side that are compared one by one between paired ones; longer runs are different texts
MAX_PASSES = 8  # over the unpaired words: each finds blocks at other positions
MIN_BLOCK = 6  # letters and digits of a run found elsewhere: a single "the" or "2.00" occurs on a page many times


def paired(words: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Pair the words.

    The longest runs in common are found first, by Ratcliff and Obershelp's method ("Pattern Matching: The Gestalt
    Approach", Dr. Dobb's Journal, 1988), then, between them, words that are alike. The unpaired words
    are compared again, for blocks in another order.

    Args:
        words: Of one text, in its order.
        others: Of the other reading, in its order.

    Returns:
        Index of a word to that of its pair; each word has at most one.
    """
    keys, other_keys = [key_of(word) for word in words], [key_of(word) for word in others]
    pairs = _in_order(keys, other_keys)
    for _ in range(MAX_PASSES):
        left = [i for i in range(len(keys)) if i not in pairs]
        taken = set(pairs.values())
        other_left = [j for j in range(len(other_keys)) if j not in taken]
        found = _blocks([keys[i] for i in left], [other_keys[j] for j in other_left])
        if not found:
            break
        pairs |= {left[i]: other_left[j] for i, j in found.items()}
    return pairs


def key_of(word: str) -> str:
    """The key that words are compared by: letters and digits, case folded; a word without any is its own key."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    return "".join(filter(str.isalnum, plain)) or plain


def _in_order(keys: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    for kind, first, after, other_first, other_after in SequenceMatcher(None, keys, others, False).get_opcodes():
        if kind == "equal":
            pairs |= dict(zip(range(first, after), range(other_first, other_after), strict=True))
        elif kind == "replace":
            found = _alike(keys[first:after], others[other_first:other_after])
            pairs |= {first + i: other_first + j for i, j in found.items()}
    return pairs


def _blocks(keys: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Pairs of equal words in runs too long to be a coincidence."""
    pairs: dict[int, int] = {}
    for first, other_first, count in SequenceMatcher(None, keys, others, False).get_matching_blocks():
        if sum(map(len, keys[first : first + count])) >= MIN_BLOCK:
            pairs |= dict(zip(range(first, first + count), range(other_first, other_first + count), strict=True))
    return pairs


def _alike(keys: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Pairs in order with most characters in common: Needleman and Wunsch's alignment, J Mol Biol 48, 1970."""
    rows, columns = len(keys), len(others)
    if max(rows, columns) > MAX_GAP:
        return {}
    alike = [[_likeness(key, other) for other in others] for key in keys]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + alike[i][j])
    pairs, i, j = {}, 0, 0
    while i < rows and j < columns:
        if alike[i][j] and best[i][j] == best[i + 1][j + 1] + alike[i][j]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(key: str, other: str) -> float:
    ratio = SequenceMatcher(None, key, other, False).ratio()
    return ratio if ratio >= ALIKE else 0.0
