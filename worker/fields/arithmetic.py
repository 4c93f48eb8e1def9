"""What the amounts of a page say about each other: paid less change, net plus tax, and what repeats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from worker.fields.candidate import Candidate
from worker.fields.kind_words import KINDS
from worker.fields.label_matching import LabelEvidence
from worker.fields.layout_page import LayoutPage

CENT = 0.005  # half a cent: amounts closer than that are equal
NAMED = 0.5  # strength from which a label names an amount

LEAST_TAX, MOST_TAX = 0.02, 0.3
"""Shares of a net amount that its tax may be."""

WHOLE = {"total", "line_total", "cash", "amount_paid", "balance"}
"""What an amount may be called that is all there is to pay."""

PAID_LESS_CHANGE, PAID, NET_PLUS_TAX, ROUNDED = 3.0, 0.8, 1.2, 1.0
"""Points for a total that equals these."""


class Amounts:
    """The amounts of a page by what their labels call them.

    Args:
        evidenced: Each amount with the labels that speak for it.
        layout: The document, which tells what stands in one row.
    """

    def __init__(self, evidenced: Sequence[tuple[Candidate, Sequence[LabelEvidence]]], layout: LayoutPage) -> None:
        self._named: Mapping[str, set[float]] = _by_concept(evidenced)
        written = [c for c, _ in evidenced if c.facts.get("decimals") or c.facts.get("currency")]
        self._gross = _by_concept(evidenced, leading=True).get(
            "gross_total", set()
        )  # less a commission, it is not a sum
        self._sums = {round(float(candidate.value), 2) for candidate in written}
        self._rows: Mapping[int, list[float]] = defaultdict(list)
        for candidate in written:
            self._rows[layout.lines[candidate.first.line].row].append(float(candidate.value))
        self._all = {round(float(candidate.value), 2) for candidate, _ in evidenced}

    def of(self, concept: str) -> set[float]:
        """Values that labels call so."""
        return self._named.get(concept, set())

    def proves(self, value: float) -> bool:
        """Whether a value is what was paid less the change, or what was paid where no total is named."""
        return value > 0 and any(abs(value - other) < CENT for other in self._settled)

    def disproves(self, value: float) -> bool:
        """Whether another amount on the page is what was paid less the change."""
        return bool(self._settled) and not self.proves(value)

    def is_alone(self, value: float) -> bool:
        """Whether a value is the only amount of the document, and no label calls it but a part of a total."""
        named = (concept for concept, values in self._named.items() if value in values)
        called = {concept for concept in named if KINDS.get(concept) == "money"}
        return called <= WHOLE and value > 0 and {v for v in self._sums if abs(v) > CENT} == {round(value, 2)}

    def is_net(self, value: float) -> bool:
        """Whether a tax on top of a value makes another amount of the document."""
        return any(abs(net - value) < CENT for net, _ in self._taxed)

    @cached_property
    def _taxed(self) -> set[tuple[float, float]]:
        """Net amounts with what their tax makes of them: by their labels, or in one row of a table of taxes."""
        net, tax, totals = self.of("subtotal"), self.of("tax"), self.of("total")
        beside = [(n, t) for row in self._rows.values() for n in row for t in row]
        labelled = {(n, t) for n in net for t in tax} | {(n, t) for n, t in beside if n in net or t in tax}
        pairs = {(n, t): self._sums for n, t in labelled}
        pairs |= {(n, t): totals for n, t in {*beside, *((n, t) for n in totals for t in tax)} - labelled}
        return {
            (n, round(n + t, 2))
            for (n, t), wholes in pairs.items()
            if n > CENT
            and LEAST_TAX < t / n < MOST_TAX
            and any(abs(n + t - whole) < CENT for whole in wholes - self._gross)
        }

    @cached_property
    def _settled(self) -> set[float]:
        paid = {abs(value) for value in self.of("cash") if value}
        change = {abs(value) for value in self.of("change")}
        settled = {round(p - c, 2) for p in paid for c in change if p - c > CENT} & self._all
        if settled or change:
            return settled or self._rounded
        return self._rounded or (paid if not self.of("total") and len(paid) == 1 else set())

    @cached_property
    def _rounded(self) -> set[float]:
        """What totals were rounded to: an amount of whole five cents that the rounding makes of one that is not."""
        steps = {sign * abs(r) for r in self.of("rounding") if CENT < abs(r) < 0.5 for sign in (1, -1)}
        made = {round(t + r, 2) for t in self.of("total") | self.of("subtotal") for r in steps if round(t * 100) % 5}
        return {value for value in made & self._all if round(value * 100) % 5 == 0}

    def support(self, value: float) -> float:
        """Points for taking a value as the total."""
        if value <= 0:
            return 0.0
        points = 0.0
        if self.proves(value):
            points += PAID_LESS_CHANGE
        elif any(abs(abs(paid) - value) < CENT for paid in self.of("cash")):
            points += PAID
        rounding = {0.0, *self.of("rounding"), *(-r for r in self.of("rounding"))}
        net, tax = self.of("subtotal"), self.of("tax")
        sums = {n + t for n in net for t in tax if t > CENT}
        made = any(abs(whole + r - value) < CENT for whole in sums for r in rounding)
        if made or any(abs(whole - value) < CENT for _, whole in self._taxed):
            points += NET_PLUS_TAX
        elif any(abs(r) > CENT and abs(t + r - value) < CENT for t in self.of("total") | net for r in rounding):
            points += ROUNDED
        return points


def _by_concept(
    evidenced: Sequence[tuple[Candidate, Sequence[LabelEvidence]]], leading: bool = False
) -> dict[str, set[float]]:
    """Amounts by what their strongest label names: all that it may, or only what it names first of all."""
    named: dict[str, set[float]] = defaultdict(set)
    for candidate, label_evidences in evidenced:
        best = max(label_evidences, key=lambda v: v.strength * max(v.label.concepts.values()), default=None)
        if best is not None and best.strength >= NAMED:
            most = max(best.label.concepts.values())
            for concept, weight in best.label.concepts.items():
                if weight == most or not leading:
                    named[concept].add(float(candidate.value))
    return named
