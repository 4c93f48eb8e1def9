"""Text with a probability for each of its characters, kept together while markup is cut out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What a model wrote.

    Attributes:
        text: Its characters.
        probabilities: One per character, 0 to 1; empty where the model gives none.
    """

    text: str
    probabilities: tuple[float, ...] = ()

    def part(self, first: int, after: int) -> Answer:
        """The characters from one index up to, and without, another."""
        return Answer(self.text[first:after], self.probabilities[first:after])

    def stripped(self) -> Answer:
        """Without space at either end."""
        first = len(self.text) - len(self.text.lstrip())
        return self.part(first, max(first, len(self.text.rstrip())))

    def replaced(self, pattern: re.Pattern[str], put: str | None = None) -> Answer:
        """Each match replaced.

        Args:
            pattern: What to look for.
            put: Stands in its place, as sure as its least sure character; None keeps the match's first group, or
                nothing where it has none.
        """
        pieces, at = [], 0
        for match in pattern.finditer(self.text):
            pieces.append(self.part(at, match.start()))
            if put is not None:
                pieces.append(self._written(put, *match.span()))
            elif pattern.groups:
                pieces.append(self.part(*match.span(1)))
            at = match.end()
        return joined([*pieces, self.part(at, len(self.text))]) if pieces else self

    def _written(self, text: str, first: int, after: int) -> Answer:
        lowest = min(self.probabilities[first:after], default=1.0)
        return Answer(text, (lowest,) * len(text) if self.probabilities else ())


def joined(pieces: Iterable[Answer]) -> Answer:
    """Pieces of one answer, one after the other."""
    held = list(pieces)
    return Answer("".join(piece.text for piece in held), tuple(p for piece in held for p in piece.probabilities))


@dataclass(frozen=True)
class Parsed:
    """An answer, understood.

    Attributes:
        answer: The text on the page, without markup.
        language: ISO 639-1, as the model says; None where it says nothing.
        turns: Quarters clockwise by which the page has to be turned to stand upright, as the model says.
        warnings: Sentences for the result's metadata.
    """

    answer: Answer
    language: str | None = None
    turns: int = 0
    warnings: tuple[str, ...] = ()
