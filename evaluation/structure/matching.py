"""Which part of the prediction is which part of the truth, and what that says of text and order.

Parts are paired by the edit distance of their texts; a part that the other side has in pieces is paired with all of
them, as OmniDocBench's adjacency search does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist
from scipy.optimize import linear_sum_assignment

WORST_PAIR = 0.7
"""Normalised edit distance from which two texts are not a pair, as in OmniDocBench."""


@dataclass(frozen=True)
class Pair:
    """Parts that are the same: indices on both sides, one of which has a single one; empty for one without a pair."""

    truth: tuple[int, ...]
    found: tuple[int, ...]


def pairs_of(truth: Sequence[str], found: Sequence[str]) -> list[Pair]:
    """Pair texts; every index of both sides is in exactly one pair.

    Args:
        truth: Normalised texts in reading order.
        found: Likewise.
    """
    matched = _extended(_assigned(truth, found), truth, found)
    taken_truth = {index for pair in matched for index in pair.truth}
    taken_found = {index for pair in matched for index in pair.found}
    matched += [Pair((index,), ()) for index in range(len(truth)) if index not in taken_truth]
    matched += [Pair((), (index,)) for index in range(len(found)) if index not in taken_found]
    return matched


def _assigned(truth: Sequence[str], found: Sequence[str]) -> list[Pair]:
    """The pairs one to one that cost least; a part that lies within a longer one may be its beginning."""
    if not truth or not found:
        return []
    costs = np.asarray(cdist(truth, found, scorer=Levenshtein.normalized_distance))
    pairs = []
    for one, other in zip(*linear_sum_assignment(costs), strict=True):
        short, long = sorted((truth[one], found[other]), key=len)
        if costs[one, other] < WORST_PAIR or (short and short in long):
            pairs.append(Pair((int(one),), (int(other),)))
    return pairs


def _extended(pairs: list[Pair], truth: Sequence[str], found: Sequence[str]) -> list[Pair]:
    """Pairs to which unpaired neighbours are added as long as that brings their texts nearer."""
    free_truth = set(range(len(truth))) - {index for pair in pairs for index in pair.truth}
    free_found = set(range(len(found))) - {index for pair in pairs for index in pair.found}
    result = []
    for pair in pairs:
        distance = _distance(pair, truth, found)
        grown = True
        while grown:
            grown = False
            for wider, free, added in _wider(pair, free_truth, free_found):
                if (nearer := _distance(wider, truth, found)) < distance:
                    pair, distance, grown = wider, nearer, True
                    free.discard(added)
                    break
        result.append(pair)
    return result


def _wider(pair: Pair, free_truth: set[int], free_found: set[int]) -> list[tuple[Pair, set[int], int]]:
    result = []
    if len(pair.truth) == 1:
        for index in (pair.found[0] - 1, pair.found[-1] + 1):
            if index in free_found:
                result.append((Pair(pair.truth, tuple(sorted((*pair.found, index)))), free_found, index))
    if len(pair.found) == 1:
        for index in (pair.truth[0] - 1, pair.truth[-1] + 1):
            if index in free_truth:
                result.append((Pair(tuple(sorted((*pair.truth, index))), pair.found), free_truth, index))
    return result


def _distance(pair: Pair, truth: Sequence[str], found: Sequence[str]) -> float:
    one, other = joined(pair.truth, truth), joined(pair.found, found)
    return float(Levenshtein.normalized_distance(one, other))


def joined(indices: Sequence[int], texts: Sequence[str]) -> str:
    """The texts of some parts, as one."""
    return "".join(texts[index] for index in indices)


def text_distance(pairs: Sequence[Pair], truth: Sequence[str], found: Sequence[str]) -> float:
    """Edits over the longer texts' lengths, all pairs together: OmniDocBench's page average of the text's distance."""
    edits = length = 0
    for pair in pairs:
        one, other = joined(pair.truth, truth), joined(pair.found, found)
        edits += Levenshtein.distance(one, other)
        length += max(len(one), len(other))
    return edits / length if length else 0.0


def order_distance(pairs: Sequence[Pair]) -> float:
    """Normalised edit distance of the order in which the paired parts are found, from the true one."""
    both = [pair for pair in pairs if pair.truth and pair.found]
    read = [pair.truth[0] for pair in sorted(both, key=lambda pair: pair.found[0])]
    return float(Levenshtein.normalized_distance(read, sorted(read)))
