"""Net amount, tax and total chosen together: the three that add up, where some do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from itertools import combinations, product

from worker.fields.candidate import Candidate, Span
from worker.fields.ranking import Scored

SUM = ("subtotal", "tax", "total")
"""Concepts of which the first two make the third."""

TRIED = 8
"""Candidates of each that are tried: the best ones."""

WORTH = 3.0
"""Log odds that adding up is worth to the three together."""

LOWEST = -5.0
"""Log odds under which a candidate without a label takes no part: any three amounts may add up."""

LEAST = 0.0
"""Log odds of one that adds up with two others, at the least."""

WHOLE = 3.0
"""Log odds that the largest total is worth: rows by rate add up, too."""

OF_ALL = 6.0
"""Log odds that being the sum of the rows by rate is worth."""

CENTS = 0.011
"""What a sum may differ by from its total, in units of the currency."""

LABELLED = 0.5
"""Strength of a label from which amounts by rate are parts of a tax."""

LEAST_TAX, MOST_TAX = 0.01, 0.35
"""As shares of the net amount: less and more are coincidences, or no tax at all, which proves nothing."""


def adding_up(
    scored: Mapping[str, Sequence[Scored]], by_rate: Set[Span] = frozenset()
) -> tuple[dict[str, Scored], bool]:
    """The candidates of net amount, tax and total that add up and have the most points; empty where none are better.

    Args:
        scored: Candidates by concept.
        by_rate: Amounts that are a tax by the rate and the net amount in their row.

    Returns:
        One for each of ``SUM``, and whether no other total adds up. The tax may be a sum of several rates' amounts,
        with the places of all.
    """
    if not all(scored.get(concept) for concept in SUM):
        return {}, False
    best = {c: sorted(scored[c], key=lambda one: -one.points)[:TRIED] for c in SUM}
    best = {c: [one for one in several if one.points >= LOWEST or one.own >= LABELLED] for c, several in best.items()}
    if not all(best.values()):
        return {}, False
    taxes = [*best["tax"], *_of_rates(_parts(scored["tax"], by_rate) or best["tax"])]
    largest = max(abs(float(one.candidate.value)) for one in best["total"]) or 1.0
    sums: list[tuple[float, tuple[float, float], dict[str, Scored]]] = []
    most = sum(best[concept][0].points for concept in SUM) - WORTH
    for net, tax, total in product(best["subtotal"], taxes, best["total"]):
        values = [float(one.candidate.value) for one in (net, tax, total)]
        points = net.points + tax.points + total.points + WHOLE * abs(values[2]) / largest
        apart = len({one.candidate.first for one in (net, tax, total)}) == len(SUM)
        if not apart or not _adds_up(*values):
            continue
        sums.append((points, (values[0], values[2]), dict(zip(SUM, (net, tax, total), strict=True))))
    rates = {values for _, values, _ in sums}
    ranked = [(points + OF_ALL * _is_of_all(values, rates), one) for points, values, one in sums]
    points, found = max(ranked, key=lambda pair: pair[0], default=(most, {}))
    found = found if points > most else {}
    totals = {round(total, 2) for _, total in rates}
    chosen = {concept: replace(one, points=max(one.points, LEAST)) for concept, one in found.items()}
    return chosen, len(totals) == 1


def _is_of_all(values: tuple[float, float], others: Set[tuple[float, float]]) -> bool:
    """Whether a net amount and a total are the sums of those of two or three other rows: of the rates."""
    rows = [one for one in others if one != values]
    return any(
        abs(sum(net for net, _ in several) - values[0]) < CENTS
        and abs(sum(total for _, total in several) - values[1]) < CENTS
        for several in (*combinations(rows, 2), *combinations(rows, 3))
    )


def _adds_up(net: float, tax: float, total: float) -> bool:
    plausible = max(CENTS, LEAST_TAX * abs(net)) <= abs(tax) <= MOST_TAX * abs(net)
    return plausible and abs(net + tax - total) < CENTS


def _parts(taxes: Sequence[Scored], by_rate: Set[Span]) -> list[Scored]:
    """The taxes that their rates prove, two at least."""
    parts = {one.candidate.first: one for one in taxes if one.candidate.first in by_rate}
    proven = [replace(one, own=max(one.own, LABELLED), points=max(one.points, LEAST)) for one in parts.values()]
    return proven if len(proven) > 1 else []


def _of_rates(taxes: Sequence[Scored]) -> list[Scored]:
    """Sums of two or three amounts that are called a tax, each worth as much as its least part."""
    parts = [one for one in taxes if one.own >= LABELLED]
    found = []
    for several in (*combinations(parts, 2), *combinations(parts, 3)):
        if len({one.candidate.first for one in several}) < len(several):
            continue
        value = round(sum(float(one.candidate.value) for one in several), 2)
        spans = tuple(span for one in several for span in one.candidate.spans)
        facts = several[0].candidate.facts
        least = min(several, key=lambda one: one.points)
        found.append(replace(least, candidate=Candidate(value, spans, least.candidate.plausibility, facts)))
    return found
