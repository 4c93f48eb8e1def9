"""Detection of loops in generated text, token by token, for every engine that generates."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.engines.presets import Repetition

FIRST_ROOM = 256  # tokens allocated at first; doubled when full


@dataclass(frozen=True)
class Loop:
    """The end of a sequence that only repeats what comes before.

    Attributes:
        begins: Index of the first token after the piece's first copy.
        length: Tokens of the piece.
    """

    begins: int
    length: int


def find_loop(tokens: NDArray[np.int64], rule: Repetition) -> Loop | None:
    """The loop that ends a sequence.

    Args:
        tokens: The sequence so far.
        rule: What counts as a loop.

    Returns:
        The one with the shortest piece; None where the sequence does not end in a loop.
    """
    count = len(tokens)
    if count < rule.span:
        return None
    # A piece ends where the last token occurs before.
    window = tokens[-rule.longest - 1 : -1]
    for length in map(int, len(window) - np.flatnonzero(window == tokens[-1])[::-1]):
        needed = max(rule.span, rule.times * length)
        if count >= needed and np.array_equal(tokens[-needed + length :], tokens[-needed:-length]):
            differing = np.flatnonzero(tokens[length:] != tokens[:-length])
            return Loop(length + (int(differing[-1]) + 1 if differing.size else 0), length)
    return None


class LoopDetector:
    """Follows one sequence of tokens, or of characters, as it is generated.

    Args:
        rule: What counts as a loop.

    Attributes:
        loop: None while there is none.
    """

    def __init__(self, rule: Repetition) -> None:
        self._rule = rule
        self._ids: dict[Hashable, int] = {}
        self._tokens = np.zeros(FIRST_ROOM, np.int64)
        self._count = 0
        self.loop: Loop | None = None

    def add(self, token: Hashable) -> bool:
        """Take the next token.

        Returns:
            Whether the sequence is in a loop; once true, it stays true.
        """
        if self.loop is None:
            if self._count == len(self._tokens):
                self._tokens = np.concatenate((self._tokens, np.zeros_like(self._tokens)))
            self._tokens[self._count] = self._ids.setdefault(token, len(self._ids))
            self._count += 1
            self.loop = find_loop(self._tokens[: self._count], self._rule)
        return self.loop is not None

    @property
    def begins(self) -> int | None:
        """Index of the first token that only repeats what comes before; None while there is no loop."""
        return self.loop.begins if self.loop else None
