"""Processing of next-token scores, and a fast top-k over a large vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from worker.engines.trocr.options import Decoding

BLOCK = 64  # scores represented by their largest; about the square root of the vocabulary
SMALL = 4096  # scores up to which ``topk`` itself is as fast


def processors_of(decoding: Decoding, end: int, device: torch.device) -> LogitsProcessorList:
    """Transformers' own processors for the decoding options, in its order; empty where none is set.

    Args:
        decoding: What the request asks for.
        end: Id of the token that ends a line.
        device: Of the scores.
    """
    found = LogitsProcessorList()
    if decoding.repetition_penalty != 1.0:
        found.append(RepetitionPenaltyLogitsProcessor(penalty=decoding.repetition_penalty))
    if decoding.no_repeat_ngram:
        found.append(NoRepeatNGramLogitsProcessor(decoding.no_repeat_ngram))
    if decoding.least:
        found.append(MinNewTokensLengthLogitsProcessor(1, decoding.least, end, device=str(device)))
    if decoding.sampling:
        found.append(TemperatureLogitsWarper(decoding.temperature))
        found.append(TopKLogitsWarper(decoding.top_k))
        if decoding.top_p < 1.0:
            found.append(TopPLogitsWarper(decoding.top_p))
    return found


def best(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The highest scores along the last axis, highest first, and their indices: ``scores.topk(count)``.

    ``topk`` over fifty thousand scores is slow on a CPU. The best are in the blocks with the largest maxima, and only
    these are searched.
    """
    width = scores.shape[-1]
    if scores.is_cuda or width < max(SMALL, 2 * count * BLOCK):
        top = scores.topk(min(count, width))
        return top.values, top.indices
    whole = width // BLOCK * BLOCK
    blocks = scores[..., :whole].reshape(*scores.shape[:-1], -1, BLOCK)
    places = blocks.amax(-1).topk(count).indices.unsqueeze(-1)
    inside = blocks.gather(-2, places.expand(*places.shape[:-1], BLOCK)).flatten(-2)
    indices = (places * BLOCK + torch.arange(BLOCK, device=scores.device)).flatten(-2)
    rest = torch.arange(whole, width, device=scores.device).expand(*scores.shape[:-1], -1)
    top = torch.cat([inside, scores[..., whole:]], dim=-1).topk(count)
    return top.values, torch.cat([indices, rest], dim=-1).gather(-1, top.indices)


class Sampler:
    """Samples tokens, each line by a seed of its own, so the other lines of the batch change nothing.

    Args:
        seeds: One a line.
        device: Of the scores.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def draw(self, scores: Tensor) -> Tensor:
        """One token a line, n x 1, from its scores, n x vocabulary."""
        shares = scores.softmax(-1)
        drawn = [torch.multinomial(row, 1, generator=own) for row, own in zip(shares, self._generators, strict=True)]
        return torch.stack(drawn)

    def keep(self, places: Sequence[int]) -> None:
        """Remove finished lines; ``places`` are those of the others, in their new order."""
        self._generators = [self._generators[place] for place in places]
