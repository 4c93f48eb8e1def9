"""Monitoring of a generation, step by step: when to stop a sequence, and the probability of each token."""

from __future__ import annotations

import torch
from transformers import LogitsProcessor, StoppingCriteria

from tasks.runner import ReadContext
from worker.engines.presets import Repetition
from worker.engines.repetition import find_loop


class Trace(LogitsProcessor):
    """Keeps the probability of each token chosen, whichever beams go on; changes no score.

    ``generate`` itself could only keep the scores of all tokens that were not chosen, too: gigabytes for a page.

    Args:
        pages: In the batch; each has as many rows as there are beams.
    """

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._rows: torch.Tensor | None = None  # the sequences that go on: rows x tokens
        self._history = torch.empty(0)  # natural logarithms of their new tokens' probabilities: rows x new tokens
        self._next = torch.empty(0)  # the same of all tokens that may come next: rows x vocabulary
        self._grown: tuple[torch.Tensor, torch.Tensor] | None = None  # the last step's sequences, and their histories

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Before each token: keep the probabilities of the next one."""
        if self._grown is None:
            self._history = scores.new_zeros((len(input_ids), 0), dtype=torch.float32)
        else:
            sequences, histories = self._grown
            self._history = histories[self._place(input_ids, sequences)]
        self._rows, self._next = input_ids, torch.log_softmax(scores.float(), dim=-1)
        return scores

    def grow(self, sequences: torch.Tensor) -> torch.Tensor:
        """After each token: keep those of the chosen ones.

        Args:
            sequences: One token longer than before; with beams, also those that will not go on.

        Returns:
            The logarithms of their new tokens' probabilities: sequences x new tokens.
        """
        assert self._rows is not None
        parents = self._place(sequences[:, :-1], self._rows)
        gained = self._next[parents, sequences[:, -1]]
        histories = torch.cat((self._history[parents], gained[:, None]), dim=1)
        self._grown = (sequences, histories)
        return histories

    def _place(self, sequences: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
        """The index of each sequence among others of the same page."""
        if len(sequences) == len(among) == self._pages:
            return torch.arange(self._pages, device=among.device)
        same = (sequences.unsqueeze(1) == among.unsqueeze(0)).all(dim=-1)
        page = torch.arange(self._pages, device=among.device)
        mine = page.repeat_interleave(len(sequences) // self._pages)
        theirs = page.repeat_interleave(len(among) // self._pages)
        return (same & (mine[:, None] == theirs[None, :])).int().argmax(dim=1)


class GenerationMonitor(StoppingCriteria):
    """Stops all sequences when the job stops, and each that is in a loop.

    Args:
        context: Checked at every token.
        rule: What counts as a loop.
        pages: In the batch.
        begin: Tokens of the prompt.
        ends: Ids of the tokens that end an answer.
        most: Tokens of an answer.
    """

    def __init__(
        self, context: ReadContext, rule: Repetition, pages: int, begin: int, ends: frozenset[int], most: int
    ) -> None:
        self.trace = Trace(pages)
        self._context, self._rule, self._pages, self._begin = context, rule, pages, begin
        self._ends, self._most = ends, most
        self._finished: dict[tuple[int, tuple[int, ...]], list[float]] = {}

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """After each token: which rows end here.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        self._context.check()
        histories = self.trace.grow(input_ids)
        rows = input_ids[:, self._begin :].cpu().numpy()
        looping = [find_loop(row, self._rule) is not None for row in rows]
        for index, row in enumerate(rows):
            ended = int(row[-1]) in self._ends
            if ended or looping[index] or len(row) >= self._most:
                tokens = tuple(map(int, row[:-1] if ended else row))
                self._finished[index * self._pages // len(rows), tokens] = histories[index].exp().tolist()
        return torch.tensor(looping, device=input_ids.device)

    def probabilities(self, page: int, tokens: tuple[int, ...]) -> list[float]:
        """At least one of each token of a finished sequence.

        Args:
            page: Its place in the batch.
            tokens: All that were generated, without the end token and the padding.
        """
        return self._finished[page, tokens]
