"""A least-cost alignment of a reading's characters with earlier readings."""

from __future__ import annotations

from collections.abc import Sequence

SKIP = 1.0
"""Cost of a character without a partner on the other side."""

REPLACE = 1.0
"""Cost of a character whose partner is another: less than two skips, so that different characters are aligned."""

ALIKE = 0.6
"""Cost where the two differ in case alone: cheaper than different characters."""

OPTIONAL_SKIP = 0.5
"""Cost of skipping a position that is empty in some reading."""

Place = tuple[frozenset[str], bool]
"""The characters read at a place, and whether a reading has none there."""


def align(places: Sequence[Place], text: str) -> list[tuple[int | None, int | None]]:
    """Pairs of (index of the place, index of the character) in order; None where the other side has no partner.

    The alignment of one string with a word transition network, as in Fiscus, "A post-processing system to yield
    reduced word error rates: Recognizer Output Voting Error Reduction (ROVER)", ASRU 1997, on characters.
    """
    costs = _costs(places, text)
    at, of = len(places), len(text)
    pairs: list[tuple[int | None, int | None]] = []
    while at or of:
        here = costs[at][of]
        if at and of and here == costs[at - 1][of - 1] + _facing(places[at - 1], text[of - 1]):
            at, of = at - 1, of - 1
            pairs.append((at, of))
        elif at and here == costs[at - 1][of] + _passing(places[at - 1]):
            at -= 1
            pairs.append((at, None))
        else:
            of -= 1
            pairs.append((None, of))
    return pairs[::-1]


def _costs(places: Sequence[Place], text: str) -> list[list[float]]:
    """``costs[i][j]``: the least for the first i places and j characters."""
    rows = [[SKIP * j for j in range(len(text) + 1)]]
    for place in places:
        before, passing = rows[-1], _passing(place)
        row = [before[0] + passing]
        for j, character in enumerate(text, 1):
            row.append(min(before[j - 1] + _facing(place, character), before[j] + passing, row[-1] + SKIP))
        rows.append(row)
    return rows


def _passing(place: Place) -> float:
    return OPTIONAL_SKIP if place[1] else SKIP


def _facing(place: Place, character: str) -> float:
    if character in place[0]:
        return 0.0
    folded = character.casefold()
    return ALIKE if any(folded == other.casefold() for other in place[0]) else REPLACE
