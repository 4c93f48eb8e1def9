"""What the amounts of a page say about each other: paid less change, net plus tax, and what repeats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from worker.fields.candidate import Candidate
from worker.fields.relations import Vouching
from worker.fields.sheet import Sheet

CENT = 0.005  # half a cent: amounts closer than that are equal
NAMED = 0.5  # strength from which a label names an amount

WHOLE = {"total", "line_total", "cash", "amount_paid", "balance"}
"""What an amount may be called that is all there is to pay."""

PAID_LESS_CHANGE, PAID, NET_PLUS_TAX, ROUNDED = 3.0, 0.8, 1.2, 1.0
"""Points for a total that equals these."""


class Amounts:
    """The amounts of a page by what their labels call them.

    Args:
        vouched: Each amount with the labels that speak for it.
        sheet: The document, which tells what stands in one row.
    """

    def __init__(self, vouched: Sequence[tuple[Candidate, Sequence[Vouching]]], sheet: Sheet) -> None:
        self._named: Mapping[str, set[float]] = _by_concept(vouched)
        self._rows: Mapping[int, list[float]] = defaultdict(list)
        for candidate, _ in vouched:
            self._rows[sheet.lines[candidate.first.line].row].append(float(candidate.value))
        written = [c for c, _ in vouched if c.facts.get("decimals") or c.facts.get("currency")]
        self._sums = {round(float(candidate.value), 2) for candidate in written}
        self._all = {round(float(candidate.value), 2) for candidate, _ in vouched}

    def of(self, concept: str) -> set[float]:
        """Values that labels call so."""
        return self._named.get(concept, set())

    def proves(self, value: float) -> bool:
        """Whether a value is what was paid less the change, or what was paid where no total is told."""
        return value > 0 and any(abs(value - other) < CENT for other in self._settled)

    def disproves(self, value: float) -> bool:
        """Whether another amount on the page is what was paid less the change."""
        return bool(self._settled) and not self.proves(value)

    def is_alone(self, value: float) -> bool:
        """Whether a value is the only amount of the document, and no label calls it but a part of a total."""
        called = {concept for concept, values in self._named.items() if value in values}
        return called <= WHOLE and value > 0 and {v for v in self._sums if abs(v) > CENT} == {round(value, 2)}

    def is_net(self, value: float) -> bool:
        """Whether a tax, told or in the value's row, makes of a value an amount that is called a total."""
        taxes = [abs(t) for t in self.of("tax") if abs(t) > CENT]
        taxes += [t for row in self._rows.values() if value in row for t in row if CENT < t < value]
        return any(abs(value + t - total) < CENT for t in taxes for total in self.of("total"))

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
        if any(t > CENT and abs(n + t + r - value) < CENT for n in net for t in tax for r in rounding):
            points += NET_PLUS_TAX
        elif any(abs(r) > CENT and abs(t + r - value) < CENT for t in self.of("total") | net for r in rounding):
            points += ROUNDED
        return points


def _by_concept(vouched: Sequence[tuple[Candidate, Sequence[Vouching]]]) -> dict[str, set[float]]:
    named: dict[str, set[float]] = defaultdict(set)
    for candidate, vouchings in vouched:
        best = max(vouchings, key=lambda v: v.strength * max(v.label.concepts.values()), default=None)
        if best is not None and best.strength >= NAMED:
            for concept in best.label.concepts:
                named[concept].add(float(candidate.value))
    return named
