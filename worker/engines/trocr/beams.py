"""The state of lines that are decoded together, by beam search or one token at a time.

The beam search decides as transformers 5's does (``GenerationMixin._beam_search``; beams as in Sutskever et al.,
arXiv:1409.3215, scores divided by a power of the length), so that in fp32 it finds the same tokens. A line that can get
no better is done at once: transformers keeps it, unchanged, until the whole batch is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import LogitsProcessorList

from worker.engines.trocr.options import Decoding
from worker.engines.trocr.scores import Sampler, best

NEVER = -1e9  # a score that no sequence has, as in transformers


@dataclass(frozen=True)
class Vocabulary:
    """Ids of the special tokens: start, end and padding."""

    start: int
    end: int
    padding: int


@dataclass(frozen=True)
class Tokens:
    """What a line was decoded to.

    Attributes:
        ids: Without the start; with the end, if it was reached.
        log_probabilities: One each, before penalties and temperature.
        ended: Whether the end was reached, and not the longest length.
    """

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    ended: bool


class Search(Protocol):
    """Lines being decoded; n of them, in an order that :meth:`keep` changes."""

    tokens: Tensor
    """Those to go on from, n x 1 or n x beams."""

    def advance(self, logits: Tensor) -> Tensor:
        """Take the next tokens' logits, n x rows x vocabulary; returns which beam each goes on from, n x beams."""

    def done(self) -> list[bool]:
        """Which lines can get no better."""

    def result(self, place: int) -> Tokens:
        """What a line that is done was decoded to."""

    def keep(self, places: Sequence[int]) -> None:
        """Let lines leave; ``places`` of those that stay, in their new order."""


@dataclass
class Written:
    """Sequences of tokens, n x beams x length, their log probabilities and scores."""

    ids: Tensor
    log_probabilities: Tensor
    scores: Tensor

    @classmethod
    def blank(cls, shape: tuple[int, int, int], padding: int, device: torch.device) -> Written:
        """Nothing yet."""
        ids = torch.full(shape, padding, device=device)
        return cls(ids, torch.zeros(shape, device=device), torch.full(shape[:2], NEVER, device=device))

    def taken(self, beams: Tensor) -> Written:
        """Some of the sequences, n x any number of indices."""
        wide = beams.unsqueeze(-1).expand(-1, -1, self.ids.shape[2])
        return Written(self.ids.gather(1, wide), self.log_probabilities.gather(1, wide), self.scores.gather(1, beams))

    def beside(self, other: Written) -> Written:
        """Both one's and another's sequences."""
        return Written(
            torch.cat([self.ids, other.ids], dim=1),
            torch.cat([self.log_probabilities, other.log_probabilities], dim=1),
            torch.cat([self.scores, other.scores], dim=1),
        )

    def kept(self, places: list[int]) -> Written:
        """Some of the lines."""
        return Written(self.ids[places], self.log_probabilities[places], self.scores[places])


class Beams:
    """Beam search; see :class:`Search`.

    Args:
        decoding: What the request asks for; at least two beams.
        limits: Most tokens of each line, its end counted.
        vocabulary: Special tokens.
        processors: Of the scores.
        device: Of the logits.
    """

    def __init__(
        self,
        decoding: Decoding,
        limits: Sequence[int],
        vocabulary: Vocabulary,
        processors: LogitsProcessorList,
        device: torch.device,
    ) -> None:
        self._decoding, self._vocabulary, self._processors = decoding, vocabulary, processors
        self._limits = torch.tensor(limits, device=device)
        shape = (len(limits), decoding.beams, 1 + max(limits))
        self._running = Written.blank(shape, vocabulary.padding, device)
        self._running.ids[:, :, 0] = vocabulary.start
        self._running.scores[:, 0] = 0.0  # only the first beam goes on, or all would be the same
        self._finished = Written.blank(shape, vocabulary.padding, device)
        self._lengths = torch.zeros(shape[:2], dtype=torch.long, device=device)  # of the finished; 0 for none
        self._improvable = torch.ones(len(limits), dtype=torch.bool, device=device)
        self._count = 0  # tokens so far, without the start
        self.tokens = self._running.ids[:, :1, 0]

    def advance(self, logits: Tensor) -> Tensor:
        """See :class:`Search`."""
        parents, tokens, plain, scores = self._continuations(logits.float())
        self._count += 1
        following = self._running.taken(parents)
        following.ids[:, :, self._count] = tokens
        following.log_probabilities[:, :, self._count] = plain
        following.scores = scores
        ending = (tokens == self._vocabulary.end) | (self._count >= self._limits.unsqueeze(1))
        going = (scores + ending * NEVER).topk(self._decoding.beams)
        self._finish(following, ending)
        self._running = following.taken(going.indices)
        self._running.scores = going.values
        self._stop_when_it_does_not_pay()
        self.tokens = self._running.ids[:, :, self._count]
        return parents.gather(1, going.indices)

    def _continuations(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The best 2 x beams of all: which beam each goes on from, its token, that one's log probability, its score."""
        count = 2 * self._decoding.beams
        log_sums = logits.logsumexp(-1, keepdim=True)
        if self._processors:
            rows = logits.shape[1]
            past: Any = self._running.ids[:, :rows, : self._count + 1].flatten(0, 1)
            processed = self._processors(past, (logits - log_sums).flatten(0, 1)).view_as(logits)
            values, ids = best(processed, count)
            plain = logits.gather(-1, ids) - log_sums
        else:
            values, ids = best(logits, count)
            values = plain = values - log_sums
        values = values + self._running.scores[:, : logits.shape[1], None]
        top = values.flatten(1).topk(count)
        parents = top.indices // ids.shape[-1]
        return parents, ids.flatten(1).gather(1, top.indices), plain.flatten(1).gather(1, top.indices), top.values

    def _finish(self, following: Written, ending: Tensor) -> None:
        """The best sequences that end: kept where they are better than those finished before."""
        ended = ending.clone()
        ended[:, self._decoding.beams :] = False
        scores = following.scores / self._count**self._decoding.length_penalty
        both = self._finished.beside(Written(following.ids, following.log_probabilities, scores + ~ended * NEVER))
        lengths = torch.cat([self._lengths, ended * self._count], dim=1)
        top = both.scores.topk(self._decoding.beams)
        self._finished, self._lengths = both.taken(top.indices), lengths.gather(1, top.indices)

    def _stop_when_it_does_not_pay(self) -> None:
        """Whether the best running sequence, were it to end as it is, would be better than the worst finished one."""
        possible = self._running.scores[:, :1] / self._count**self._decoding.length_penalty
        worst = torch.where(self._lengths > 0, self._finished.scores.amin(1, keepdim=True), NEVER)
        self._improvable &= (possible > worst).any(1)

    def done(self) -> list[bool]:
        """See :class:`Search`."""
        done = ~self._improvable | (self._count >= self._limits)
        if self._decoding.early_stopping:
            done |= (self._lengths > 0).all(1)
        return done.tolist()

    def result(self, place: int) -> Tokens:
        """See :class:`Search`."""
        length = int(self._lengths[place, 0])
        ids = self._finished.ids[place, 0, 1 : 1 + length].tolist()
        logs = self._finished.log_probabilities[place, 0, 1 : 1 + length].tolist()
        return Tokens(tuple(ids), tuple(logs), bool(ids) and ids[-1] == self._vocabulary.end)

    def keep(self, places: Sequence[int]) -> None:
        """See :class:`Search`."""
        order = list(places)
        self._running, self._finished = self._running.kept(order), self._finished.kept(order)
        self._lengths, self._limits = self._lengths[order], self._limits[order]
        self._improvable, self.tokens = self._improvable[order], self.tokens[order]


class Single:
    """One token after another, the likeliest or one that is sampled; see :class:`Search`.

    Args:
        limits: Most tokens of each line, its end counted.
        vocabulary: Special tokens.
        processors: Of the scores.
        sampler: Draws the tokens; None takes the likeliest.
        device: Of the logits.
    """

    def __init__(
        self,
        limits: Sequence[int],
        vocabulary: Vocabulary,
        processors: LogitsProcessorList,
        sampler: Sampler | None,
        device: torch.device,
    ) -> None:
        self._vocabulary, self._processors, self._sampler = vocabulary, processors, sampler
        self._limits = torch.tensor(limits, device=device)
        self._ids = torch.full((len(limits), 1), vocabulary.start, device=device)
        self._logs = torch.zeros(len(limits), 1, device=device)
        self.tokens = self._ids

    def advance(self, logits: Tensor) -> Tensor:
        """See :class:`Search`."""
        plain = logits[:, 0].float()
        past: Any = self._ids
        scores = self._processors(past, plain) if self._processors else plain
        self.tokens = self._sampler.draw(scores) if self._sampler else scores.argmax(-1, keepdim=True)
        logs = plain.gather(1, self.tokens) - plain.logsumexp(-1, keepdim=True)
        self._ids = torch.cat([self._ids, self.tokens], dim=1)
        self._logs = torch.cat([self._logs, logs], dim=1)
        return torch.zeros_like(self.tokens)

    def done(self) -> list[bool]:
        """See :class:`Search`."""
        ended = self._ids[:, -1] == self._vocabulary.end
        return (ended | (self._ids.shape[1] - 1 >= self._limits)).tolist()

    def result(self, place: int) -> Tokens:
        """See :class:`Search`."""
        ids = self._ids[place, 1:].tolist()
        return Tokens(tuple(ids), tuple(self._logs[place, 1:].tolist()), ids[-1] == self._vocabulary.end)

    def keep(self, places: Sequence[int]) -> None:
        """See :class:`Search`."""
        order = list(places)
        self._ids, self._logs, self._limits = self._ids[order], self._logs[order], self._limits[order]
        self.tokens = self.tokens[order]
        if self._sampler:
            self._sampler.keep(order)
