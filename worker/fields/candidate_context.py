"""What the candidates of one kind say about each other: repeats, sums, order, first and last."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from worker.fields.candidate import Candidate
from worker.fields.folding import letters
from worker.fields.layout_page import LayoutPage

PLAUSIBLE = 0.9
"""Plausibility from which a value is plainly of its kind."""

NAME = 3
"""Letters of a name, at least."""

PLAUSIBLE_TAX = (0.02, 0.3)
"""A tax as a share of its net amount."""


def value_key(candidate: Candidate) -> object:
    """What equal values have in common."""
    value = candidate.value
    return round(value, 2) if isinstance(value, float) else letters(str(value))


class CandidateContext:
    """What the candidates of a kind say about each other."""

    def __init__(self, candidates: Sequence[Candidate], layout: LayoutPage) -> None:
        self.candidates, self._layout = candidates, layout
        self.repeated = Counter(value_key(candidate) for candidate in candidates)
        self.plausible = {value_key(candidate) for candidate in candidates if candidate.plausibility >= PLAUSIBLE}
        ordered = sorted(candidates, key=lambda c: (layout.lines[c.first.line].page, layout.lines[c.first.line].row))
        self.order = {id(candidate): place for place, candidate in enumerate(ordered)}

    @cached_property
    def _names(self) -> set[str]:
        """Letters of the candidates that have no digit."""
        texts = (str(candidate.value) for candidate in self.candidates)
        return {letters(text) for text in texts if not any(character.isdigit() for character in text)}

    def longer_and_shorter(self, candidate: Candidate) -> tuple[bool, bool]:
        """Whether a name begins a longer one, as a logo begins a firm's name, and whether another one begins it."""
        name = letters(str(candidate.value))
        longer = any(len(other) > len(name) and other.startswith(name) for other in self._names)
        return longer, any(NAME <= len(other) < len(name) and name.startswith(other) for other in self._names)

    @cached_property
    def _written(self) -> list[Candidate]:
        return [c for c in self.candidates if c.facts.get("decimals") or c.facts.get("currency")]

    @cached_property
    def _values(self) -> list[float]:
        return sorted({abs(float(c.value)) for c in self._written})

    @property
    def largest(self) -> float:
        """The largest amount."""
        return self._values[-1] if self._values else 0.0

    def rank(self, value: float) -> float:
        """How many different amounts are larger."""
        return float(sum(other > value + 0.004 for other in self._values))

    def larger_below(self, value: float, depth: float, page: int) -> float:
        """Whether a larger amount stands further down."""
        return float(
            any(
                abs(float(c.value)) > abs(value) + 0.004
                and (self._layout.lines[c.first.line].page, self._layout.depth(self._layout.lines[c.first.line]))
                > (page, depth)
                for c in self._written
            )
        )

    @cached_property
    def _sums(self) -> tuple[Counter[int], Counter[int], Counter[int]]:
        """How often an amount is the sum of a net amount and its tax, the net amount, the tax."""
        values = [round(value * 100) for value in self._values if value]
        known = set(values)
        total: Counter[int] = Counter()
        net: Counter[int] = Counter()
        tax: Counter[int] = Counter()
        low, high = PLAUSIBLE_TAX
        for one in values[-60:]:
            for other in values:
                if low * one < other < high * one and one + other in known:
                    total[one + other] += 1
                    net[one] += 1
                    tax[other] += 1
        return total, net, tax

    @property
    def as_total(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[0]

    @property
    def as_net(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[1]

    @property
    def as_tax(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[2]

    @cached_property
    def column_sums(self) -> set[int]:
        """Sums of the amounts that stand under each other at their right edges, two at least, of each start."""
        columns: list[tuple[float, int, list[Candidate]]] = []
        for candidate in sorted(self._written, key=lambda c: self._layout.lines[c.first.line].row):
            line = self._layout.lines[candidate.first.line]
            right = candidate.rect(self._layout).right
            for edge, page, members in columns:
                if page == line.page and abs(edge - right) < self._layout.pitch:
                    members.append(candidate)
                    break
            else:
                columns.append((right, line.page, [candidate]))
        sums: set[int] = set()
        for _, _, members in columns:
            cents = [round(float(one.value) * 100) for one in members]
            for start in range(min(6, len(cents))):
                running = 0
                for place, one in enumerate(cents[start:]):
                    running += one
                    if place:
                        sums.add(running)
        return sums

    @cached_property
    def _by_row(self) -> dict[int, list[float]]:
        found: dict[int, list[float]] = defaultdict(list)
        for candidate in self.candidates:
            found[self._layout.lines[candidate.first.line].row].append(abs(float(candidate.value)))
        return found

    def is_product(self, candidate: Candidate) -> bool:
        """Whether two other numbers of its row make an amount: it is a line item's."""
        value = abs(float(candidate.value))
        row = self._by_row[self._layout.lines[candidate.first.line].row]
        if not 3 <= len(row) <= 10 or value == 0:
            return False
        return any(
            abs(row[i] * row[j] - value) < 0.006 and row[i] not in (0, 1) and row[j] != 0
            for i in range(len(row))
            for j in range(len(row))
            if i != j
        )

    @cached_property
    def _days(self) -> list[int]:
        return sorted({_ordinal(candidate) for candidate in self.candidates})

    def date(self, candidate: Candidate) -> list[float]:
        """Whether a date is the first or last of the document, days after the first, how many there are."""
        day = _ordinal(candidate)
        return [
            float(day == self._days[0]),
            float(day == self._days[-1]),
            min(90, day - self._days[0]),
            min(4, len(self._days)),
        ]


def _ordinal(candidate: Candidate) -> int:
    return date.fromisoformat(str(candidate.value)[:10]).toordinal()
