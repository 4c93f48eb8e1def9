"""Whether a generation goes round in circles: watched token by token, in every engine that generates."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from worker.engines.presets import Repetition


class LoopWatch:
    """Follows one generated sequence of tokens, or of characters.

    For each length of a piece it counts how many of the latest tokens equal the one that many before. That takes one
    pass over a few hundred numbers a token, whatever the sequence's length.

    Args:
        rule: What counts as going round in circles.
    """

    def __init__(self, rule: Repetition) -> None:
        self._rule = rule
        self._ids: dict[Hashable, int] = {}
        self._recent = np.full(rule.longest, -1, np.int64)  # the latest first
        self._runs = np.zeros(rule.longest, np.int64)  # by length of the piece, less 1
        lengths = np.arange(1, rule.longest + 1)
        self._needed = np.maximum(rule.span, rule.times * lengths) - lengths
        self._seen = 0
        self.begins: int | None = None
        """Index of the first token that only repeats what stands before it; None while there is no loop."""

    def add(self, token: Hashable) -> bool:
        """Take the next token.

        Returns:
            Whether the sequence goes round in circles by now; it stays so.
        """
        if self.begins is not None:
            return True
        number = self._ids.setdefault(token, len(self._ids))
        self._runs = np.where(self._recent == number, self._runs + 1, 0)
        self._recent = np.concatenate(([number], self._recent[:-1]))
        self._seen += 1
        loops = np.flatnonzero(self._runs >= self._needed)
        if loops.size:
            self.begins = self._seen - int(self._runs[loops[0]])
        return self.begins is not None
