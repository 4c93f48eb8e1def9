"""Decode lines together; a finished line leaves the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from worker.engines.trocr.beams import Beams, Search, Single, Tokens, Vocabulary
from worker.engines.trocr.network import DecoderNetwork, moved_up
from worker.engines.trocr.options import Decoding
from worker.engines.trocr.scores import Sampler, processors_of


def decode(
    network: DecoderNetwork,
    hidden: Tensor,
    limits: Sequence[int],
    decoding: Decoding,
    vocabulary: Vocabulary,
    seeds: Sequence[int] = (),
    check: Callable[[], None] = lambda: None,
) -> list[Tokens]:
    """Decode lines.

    Args:
        network: The decoder.
        hidden: Lines x positions x width, from the encoder.
        limits: Most tokens of each line, its end counted: at least 1, fewer than ``network.positions``.
        decoding: What the request asks for.
        vocabulary: Special tokens.
        seeds: For sampling, one a line.
        check: Called before each step; raises if the read should stop.

    Returns:
        One for each line, in their order.
    """
    batch = network.begin(hidden, decoding.beams)
    search = _search(hidden, limits, decoding, vocabulary, seeds)
    lines = list(range(len(limits)))  # the line at each row of the batch
    found: dict[int, Tokens] = {}
    while lines:
        check()
        batch.follow(search.advance(network.step(batch, search.tokens)))
        done = search.done()
        if any(done):
            found |= {lines[place]: search.result(place) for place, is_done in enumerate(done) if is_done}
            places = moved_up([place for place, is_done in enumerate(done) if not is_done])
            batch.keep(places)
            search.keep(places)
            lines = [lines[place] for place in places]
    return [found[line] for line in range(len(limits))]


def _search(
    hidden: Tensor, limits: Sequence[int], decoding: Decoding, vocabulary: Vocabulary, seeds: Sequence[int]
) -> Search:
    processors = processors_of(decoding, vocabulary.end, hidden.device)
    if decoding.beams > 1:
        return Beams(decoding, limits, vocabulary, processors, hidden.device)
    sampler = Sampler(seeds, hidden.device) if decoding.sampling else None
    return Single(limits, vocabulary, processors, sampler, hidden.device)
