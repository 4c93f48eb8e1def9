"""Readings of one line aligned character by character, and the vote over them.

After Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output Voting Error Reduction
(ROVER)", ASRU 1997: at each place every reading votes for its character, or for none, with its probability.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from worker.page import LineReading
from worker.reading.ensemble.alignment import Place, align

NULL_TRUST = 0.7
"""Weight of a vote for no character, against one for a character: omissions are more frequent than insertions."""

FULL_VOTE = 1.0
"""The most that one reading adds to a candidate."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Vote:
    """The vote of one reading at one position.

    Attributes:
        text: A character; empty where the reading has none there.
        weight: 0 to 1, the character's probability.
        span: Its span, as in :class:`worker.page.LineReading`; None where that is not known.
    """

    text: str
    weight: float
    span: Span | None = None


Column = tuple[Vote, ...]
"""The votes at one place, one per reading, in the readings' order."""


class Lattice:
    """The readings of one line so far.

    Args:
        first: The reading that the others are aligned to; it wins ties.
    """

    def __init__(self, first: LineReading) -> None:
        self.readings, self._script = 1, first.script
        self._columns: list[Column] = [(vote,) for vote in _votes(first)]

    def add(self, reading: LineReading) -> None:
        """Align one more reading with the others."""
        votes, nulls = _votes(reading), _null_weights([vote.weight for vote in _votes(reading)])
        gaps = self._gap_weights()
        columns: list[Column] = []
        passed = read = 0
        for place, index in align([_place(column) for column in self._columns], reading.text):
            if place is None:
                others = tuple(Vote("", weight) for weight in gaps[passed])
            else:
                others, passed = self._columns[place], place + 1
            if index is None:
                columns.append((*others, Vote("", nulls[read])))
            else:
                columns.append((*others, votes[index]))
                read = index + 1
        self._columns = columns
        self.readings += 1

    def settled(self, left: int) -> bool:
        """Whether no further readings can change the result.

        Args:
            left: How many could still come; each may add :data:`FULL_VOTE` to one candidate of every place, or to a
                character where no reading has one.
        """
        if not left:
            return True
        reach = left * FULL_VOTE
        if any(sum(weights) <= reach for weights in self._gap_weights()):
            return False
        return all(_lead(column) > reach for column in self._columns)

    def reading(self) -> LineReading:
        """The winners. A character's probability is its share of all the votes that could have been cast for it."""
        won = [winner for winner in map(_winner, self._columns) if winner.text]
        spans = _ascending([vote.span for vote in won])
        return LineReading(
            "".join(vote.text for vote in won), tuple(vote.weight / self.readings for vote in won), spans, self._script
        )

    def _gap_weights(self) -> list[list[float]]:
        """Before each column, and behind the last, each reading's vote for no character there."""
        by_reading = [
            _null_weights([column[number].weight for column in self._columns]) for number in range(self.readings)
        ]
        return [list(weights) for weights in zip(*by_reading, strict=True)]


def _votes(reading: LineReading) -> list[Vote]:
    spans: Sequence[Span | None] = reading.spans or (None,) * len(reading.text)
    return [Vote(*parts) for parts in zip(reading.text, reading.probabilities, spans, strict=True)]


def _place(column: Column) -> Place:
    return frozenset(vote.text for vote in column if vote.text), any(not vote.text for vote in column)


def _null_weights(weights: Sequence[float]) -> list[float]:
    """Votes for no character in each gap of a reading: those of its less certain neighbour, discounted."""
    ends = [FULL_VOTE, *weights, FULL_VOTE]
    return [NULL_TRUST * min(pair) for pair in itertools.pairwise(ends)]


def _tally(column: Column) -> dict[str, float]:
    """Candidate to its votes, in the order of the readings that first named it."""
    tally: dict[str, float] = {}
    for vote in column:
        tally[vote.text] = tally.get(vote.text, 0.0) + vote.weight
    return tally


def _winner(column: Column) -> Vote:
    tally = _tally(column)
    best = max(tally, key=lambda text: tally[text])  # max keeps the first of equals
    span = next((vote.span for vote in column if vote.text == best and vote.span), None)
    return Vote(best, tally[best], span)


def _lead(column: Column) -> float:
    tally = sorted(_tally(column).values(), reverse=True)
    return tally[0] - (tally[1] if len(tally) > 1 else 0.0)


def _ascending(spans: Sequence[Span | None]) -> tuple[Span, ...]:
    """Spans of the winners, which may come from several readings, made not to overlap; none if any is not known."""
    result: list[Span] = []
    for span in spans:
        if span is None:
            return ()
        left = max(span[0], result[-1][1]) if result else span[0]
        result.append((left, max(left, span[1])))
    return tuple(result)
