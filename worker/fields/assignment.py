"""Which value answers which field: the best assignment over all fields together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from worker.fields.candidate import Span
from worker.fields.folding import letters
from worker.fields.ranking import THRESHOLD, Scored

SHORT = 3
"""Characters of codes, such as a currency's, that several fields may share."""

KEPT = 12
"""Candidates of a field that take part: the best ones; the rest never wins."""


def assigned(scored: Mapping[str, Sequence[Scored]]) -> dict[str, Scored]:
    """Give each field at most one value, and no place or name to two fields, with the most points in all.

    Args:
        scored: The candidates of each field.

    Returns:
        The winners; a field whose candidates all stay under the threshold, or lose theirs, is not in it.
    """
    from scipy.optimize import linear_sum_assignment  # a quarter of a second, which plain reads never need

    names = list(scored)
    kept = {name: sorted(scored[name], key=lambda s: -s.points)[:KEPT] for name in names}
    places = {place: at for at, place in enumerate(dict.fromkeys(_place(s) for name in names for s in kept[name]))}
    if not places:
        return {}
    # A column of its own per field stands for "no answer", worth the threshold.
    gains = np.full((len(names), len(places) + len(names)), -1e6)
    best: dict[tuple[int, int], Scored] = {}
    for row, name in enumerate(names):
        gains[row, len(places) + row] = THRESHOLD
        for one in kept[name]:
            column = places[_place(one)]
            if one.points > gains[row, column]:
                gains[row, column] = one.points
                best[row, column] = one
    rows, columns = linear_sum_assignment(gains, maximize=True)
    winners = (
        (names[row], best.get((row, column))) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    )
    return _without_repeats({name: winner for name, winner in winners if winner is not None})


def _without_repeats(winners: Mapping[str, Scored]) -> dict[str, Scored]:
    """The winners without codes and dates that answer another field better and have no label of their own here."""
    best: dict[str, float] = {}
    for one in winners.values():
        best[str(one.candidate.value)] = max(one.points, best.get(str(one.candidate.value), one.points))
    return {
        name: one
        for name, one in winners.items()
        if one.own or not isinstance(one.candidate.value, str) or one.points >= best[one.candidate.value]
    }


def _place(one: Scored) -> Span | str:
    """What only one field may have: a place, or a name without digits wherever it stands."""
    value = one.candidate.value
    named = isinstance(value, str) and len(value) > SHORT and not any(character.isdigit() for character in value)
    return letters(value) if named else one.candidate.first
