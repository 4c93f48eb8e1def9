from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.unit.engines.trocr_samples import TINY, drawn, some_lines
from worker.engines.trocr.attention import attend
from worker.engines.trocr.checkpoint import Checkpoint, load_checkpoint
from worker.engines.trocr.crops import picture
from worker.engines.trocr.network import Counts, DecoderNetwork, moved_up
from worker.engines.trocr.options import Decoding
from worker.engines.trocr.scores import best
from worker.engines.trocr.search import decode

LIMIT = 40  # tokens
LINES = 6


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    torch.set_num_threads(1)
    return load_checkpoint(TINY, torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def pixels(checkpoint: Checkpoint) -> Tensor:
    crops = [drawn(text) for text in some_lines(LINES - 2)]
    garbled = [crop[::-1, :].copy() for crop in crops[:2]]  # upside down: the model is of many minds
    pictures = [picture(crop) for crop in (*crops, *garbled)]
    values: Tensor = checkpoint.processor.image_processor(images=pictures, return_tensors="pt").pixel_values
    return values


@pytest.fixture(scope="module")
def hidden(checkpoint: Checkpoint, pixels: Tensor) -> Tensor:
    with torch.inference_mode():
        states: Tensor = checkpoint.model.encoder(pixel_values=pixels).last_hidden_state
    return states


def ours(checkpoint: Checkpoint, hidden: Tensor, decoding: Decoding, limit: int = LIMIT) -> list[list[int]]:
    network = DecoderNetwork(checkpoint.model, Counts())
    with torch.inference_mode():
        found = decode(network, hidden, [limit] * len(hidden), decoding, checkpoint.vocabulary)
    return [list(tokens.ids) for tokens in found]


def theirs(checkpoint: Checkpoint, pixels: Tensor, limit: int = LIMIT, **options: Any) -> list[list[int]]:
    with torch.inference_mode():
        found = checkpoint.model.generate(pixel_values=pixels, max_length=limit + 1, do_sample=False, **options)
    rows = [row[1:] for row in found.tolist()]
    return [row[: row.index(2) + 1] if 2 in row else [token for token in row if token != 1] for row in rows]


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("beams", [2, 4, 8])
def test_beam_search_finds_the_tokens_that_transformers_finds(
    checkpoint: Checkpoint, pixels: Tensor, hidden: Tensor, beams: int, length_penalty: float, early_stopping: bool
) -> None:
    decoding = Decoding(beams=beams, length_penalty=length_penalty, early_stopping=early_stopping)
    expected = theirs(checkpoint, pixels, num_beams=beams, length_penalty=length_penalty, early_stopping=early_stopping)
    assert ours(checkpoint, hidden, decoding) == expected


def test_greedy_finds_the_tokens_that_transformers_finds(
    checkpoint: Checkpoint, pixels: Tensor, hidden: Tensor
) -> None:
    assert ours(checkpoint, hidden, Decoding(beams=1)) == theirs(checkpoint, pixels, num_beams=1)


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize(
    ("decoding", "options"),
    [
        ({"repetition_penalty": 1.7}, {"repetition_penalty": 1.7}),
        ({"no_repeat_ngram": 2}, {"no_repeat_ngram_size": 2}),
        ({"least": 19}, {"min_length": 20}),
    ],
    ids=["repetition penalty", "no repeated pairs", "least length"],
)
def test_penalties_are_those_of_transformers(
    checkpoint: Checkpoint,
    pixels: Tensor,
    hidden: Tensor,
    beams: int,
    decoding: dict[str, Any],
    options: dict[str, Any],
) -> None:
    expected = theirs(checkpoint, pixels, num_beams=beams, **options)
    assert ours(checkpoint, hidden, Decoding(beams=beams, **decoding)) == expected
    assert expected != theirs(checkpoint, pixels, num_beams=beams)


def test_a_line_cut_short_ends_as_transformers_cuts_it(checkpoint: Checkpoint, pixels: Tensor, hidden: Tensor) -> None:
    assert ours(checkpoint, hidden, Decoding(beams=4), limit=5) == theirs(checkpoint, pixels, limit=5, num_beams=4)


def test_a_line_is_decoded_alone_as_among_others(checkpoint: Checkpoint, hidden: Tensor) -> None:
    together = ours(checkpoint, hidden, Decoding(beams=4))
    assert len({len(ids) for ids in together}) > 2, "lines of one length never leave the batch before each other"
    assert [ours(checkpoint, hidden[line : line + 1], Decoding(beams=4))[0] for line in range(LINES)] == together


@pytest.mark.parametrize("beams", [1, 4, 8])
def test_cross_attention_takes_the_encoders_rows_once_whatever_the_beams(
    checkpoint: Checkpoint, hidden: Tensor, beams: int
) -> None:
    rows = {"keys": 0, "values": 0}

    def counting(name: str) -> Any:
        return lambda _module, given, _result: rows.__setitem__(name, rows[name] + given[0].shape[:-1].numel())

    attention = checkpoint.model.decoder.model.decoder.layers[-1].encoder_attn
    hooks = [
        attention.k_proj.register_forward_hook(counting("keys")),
        attention.v_proj.register_forward_hook(counting("values")),
    ]
    counts = Counts()
    with torch.inference_mode():
        decode(
            DecoderNetwork(checkpoint.model, counts),
            hidden,
            [LIMIT] * LINES,
            Decoding(beams=beams),
            checkpoint.vocabulary,
        )
    for hook in hooks:
        hook.remove()
    per_line = hidden.shape[1]
    assert rows == {"keys": LINES * per_line, "values": LINES * per_line}
    assert counts.cross_rows == LINES * per_line


def test_lines_that_are_done_cost_nothing_more(checkpoint: Checkpoint, hidden: Tensor) -> None:
    counts = Counts()
    with torch.inference_mode():
        found = decode(
            DecoderNetwork(checkpoint.model, counts), hidden, [LIMIT] * LINES, Decoding(beams=1), checkpoint.vocabulary
        )
    assert counts.rows == sum(len(tokens.ids) for tokens in found)
    assert counts.steps == max(len(tokens.ids) for tokens in found)


def test_what_is_drawn_by_chance_depends_on_the_lines_seed_alone(checkpoint: Checkpoint, hidden: Tensor) -> None:
    network, decoding = DecoderNetwork(checkpoint.model, Counts()), Decoding(beams=1, sampling=True, temperature=2.0)

    def drawn_tokens(lines: list[int], seeds: list[int]) -> list[tuple[int, ...]]:
        with torch.inference_mode():
            found = decode(network, hidden[lines], [LIMIT] * len(lines), decoding, checkpoint.vocabulary, seeds)
        return [tokens.ids for tokens in found]

    one, two, three = drawn_tokens([0, 1, 2], [7, 8, 9])
    assert drawn_tokens([2, 0], [9, 7]) == [three, one]
    assert drawn_tokens([1], [80]) != [two]


def test_the_best_of_many_scores_are_those_that_topk_finds() -> None:
    scores = torch.randn(3, 2, 50265, generator=torch.Generator().manual_seed(1))
    scores[0, 0, -1] = scores[1, 1, :20] = 9.0
    values, places = best(scores, 16)
    assert torch.equal(values, scores.topk(16).values)
    assert torch.equal(scores.gather(-1, places), values)
    assert all(len(set(row)) == 16 for row in places.flatten(0, 1).tolist())


def test_attention_in_half_precision_is_that_of_torch_nearly() -> None:
    rng = torch.Generator().manual_seed(2)
    queries, keys, values = (torch.randn(2, 3, rows, 16, generator=rng) for rows in (4, 9, 9))
    mask = torch.rand(2, 1, 4, 9, generator=rng) < 0.6
    mask[..., 0] = True
    exact = attend(queries, keys, values, mask)
    rough = attend(queries.bfloat16(), keys.bfloat16(), values.bfloat16(), mask)
    assert torch.allclose(rough.float(), exact, atol=0.05)


def test_the_last_lines_fill_the_gaps() -> None:
    assert moved_up([0, 2, 3, 5]) == [0, 5, 2, 3]
    assert moved_up([]) == []
