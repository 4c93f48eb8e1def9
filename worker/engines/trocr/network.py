"""TrOCR's decoder, one step at a time: what does not change along a line is computed once, and beams share it.

Cross-attention keys and values are projected once a line, and a line's beams are rows of one query against them, so
that a beam more costs a row of the matrix products and no memory traffic. Self-attention works the same way: the
cache is appended to and never reordered, and a mask selects the entries of a beam's own past (as in tree attention,
SpecInfer, arXiv:2305.09781). The network is that of TrOCR (Li et al., arXiv:2109.10282) as transformers builds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from worker.engines.trocr.attention import attend

CACHE_STEPS = 16  # steps by which the self-attention cache grows; a line of print has 5 to 30 tokens


@dataclass
class Counts:
    """Counts of the computation, for tests and benchmarks.

    Attributes:
        encoded: Images encoded.
        lines: Lines decoded.
        cross_rows: Encoder positions projected to cross-attention keys and values, over all lines, for one layer.
        steps: Decoding steps of batches.
        rows: Token rows that went through the decoder.
    """

    encoded: int = 0
    lines: int = 0
    cross_rows: int = 0
    steps: int = 0
    rows: int = 0


@dataclass
class _Layer:
    """A layer's module and its cache; n lines, h heads of width d, s encoder positions, c cached tokens."""

    module: Any
    qkv: tuple[Tensor, Tensor]
    heads: int
    cross_keys: Tensor = field(default_factory=lambda: torch.empty(0))  # n x h x s x d
    cross_values: Tensor = field(default_factory=lambda: torch.empty(0))
    keys: Tensor = field(default_factory=lambda: torch.empty(0))  # n x h x c x d, room at the end
    values: Tensor = field(default_factory=lambda: torch.empty(0))


class DecoderNetwork:
    """The decoder of a VisionEncoderDecoderModel, made for one batch of lines after another.

    Args:
        model: In evaluation mode; its position table is on its device (see ``trocr_checkpoint``).
        counts: Incremented.
    """

    def __init__(self, model: Any, counts: Counts) -> None:
        self._counts = counts
        self._projection = getattr(model, "enc_to_dec_proj", None)
        causal = model.decoder
        self._head: Tensor = causal.output_projection.weight
        decoder = causal.model.decoder
        self._embed, self._norm = decoder.embed_tokens, decoder.layernorm_embedding
        positions = decoder.embed_positions
        self._sinusoidal = not isinstance(positions, nn.Embedding)
        self._table: Tensor = positions.weights if self._sinusoidal else positions.weight
        self._padding = int(decoder.padding_idx)
        # Row of the first token: learned tables are read from 2 on, sinusoidal ones from behind the padding's row.
        self._first_row = self._padding + 1 if self._sinusoidal else int(positions.offset)
        self._weights = [(layer, _fused(layer.self_attn), layer.self_attn.num_heads) for layer in decoder.layers]

    @property
    def positions(self) -> int:
        """Tokens that have a place in the position table; one past it is an IndexError in transformers."""
        return int(self._table.shape[0]) - self._first_row

    def begin(self, hidden: Tensor, beams: int) -> Batch:
        """A batch of lines before its first token.

        Args:
            hidden: Lines x positions x width, from the encoder.
            beams: Rows a line has from its second token on.
        """
        if self._projection is not None:
            hidden = self._projection(hidden)
        layers = []
        for module, qkv, heads in self._weights:
            keys, values = module.encoder_attn.k_proj(hidden), module.encoder_attn.v_proj(hidden)
            layers.append(
                _Layer(module, qkv, heads, _split(keys, heads).contiguous(), _split(values, heads).contiguous())
            )
        self._counts.lines += hidden.shape[0]
        self._counts.cross_rows += hidden.shape[0] * hidden.shape[1]
        return Batch(layers, hidden.shape[0], beams)

    def step(self, batch: Batch, tokens: Tensor) -> Tensor:
        """Scores of every token to come.

        Args:
            batch: Of n lines.
            tokens: n x q ids: one a line in the first step, its beams' after.

        Returns:
            n x q x vocabulary logits, as precise as the model's weights.
        """
        self._counts.steps += 1
        self._counts.rows += tokens.numel()
        mask = batch.grow(tokens.shape[1])
        hidden = self._embed(tokens) + self._places(tokens, batch.steps)
        if self._norm is not None:
            hidden = self._norm(hidden)
        for layer in batch.layers:
            hidden = _layer_step(layer, hidden, batch.cached, mask)
        batch.steps += 1
        return linear(hidden, self._head)

    def _places(self, tokens: Tensor, steps: int) -> Tensor:
        place = self._table[self._first_row + steps]
        if not self._sinusoidal:
            return place
        # As transformers does: a padding token that a model really chose has the padding's place.
        return torch.where((tokens == self._padding).unsqueeze(-1), self._table[self._padding], place)


class Batch:
    """Lines that are decoded together: their caches, and which cached tokens are whose past.

    Args:
        layers: With cross-attention keys and values.
        lines: How many.
        beams: Of each.
    """

    def __init__(self, layers: Sequence[_Layer], lines: int, beams: int) -> None:
        self.layers, self.lines, self.beams = layers, lines, beams
        self.steps = 0
        self.cached = 0  # tokens of a line in the self-attention cache, all beams together
        self._own = torch.zeros(lines, beams, 0, dtype=torch.bool, device=layers[0].cross_keys.device)

    def grow(self, rows: int) -> Tensor | None:
        """Make room for one more token a beam.

        Args:
            rows: Beams that have one: 1 in the first step.

        Returns:
            n x 1 x rows x cached: True where a beam may attend; None where it may attend to all.
        """
        new = torch.eye(self.beams, rows, dtype=torch.bool, device=self._own.device)
        self._own = torch.cat([self._own, new.expand(self.lines, -1, -1)], dim=2)
        self.cached += rows
        if self.layers[0].keys.numel() == 0 or self.cached > self.layers[0].keys.shape[2]:
            for layer in self.layers:
                layer.keys = self._enlarged(layer.keys, layer.cross_keys)
                layer.values = self._enlarged(layer.values, layer.cross_keys)
        return self._own[:, :rows].unsqueeze(1) if self.beams > 1 else None

    def _enlarged(self, cache: Tensor, like: Tensor) -> Tensor:
        _, heads, _, width = like.shape
        room = like.new_empty(self.lines, heads, CACHE_STEPS * self.beams, width)
        return torch.cat([cache, room], dim=2) if cache.numel() else room

    def follow(self, parents: Tensor) -> None:
        """Let each beam continue another one's sequence.

        Args:
            parents: n x beams, indices of beams.
        """
        if self.steps == 1:
            self._own[:] = self._own[:, :1]  # all beams come of the first token's one row
        elif self.beams > 1:
            self._own = self._own.gather(1, parents.unsqueeze(-1).expand(-1, -1, self._own.shape[2]))

    def keep(self, places: Sequence[int]) -> None:
        """Remove finished lines, and move the others together.

        Args:
            places: Of the lines that stay, in their new order; see :func:`moved_up`.
        """
        moves = [(new, old) for new, old in enumerate(places) if new != old]
        self.lines = len(places)
        for layer in self.layers:
            for name in ("cross_keys", "cross_values", "keys", "values"):
                tensor = getattr(layer, name)
                for new, old in moves:
                    tensor[new].copy_(tensor[old])
                setattr(layer, name, tensor[: self.lines])
        self._own = self._own[list(places)]


def moved_up(staying: Sequence[int]) -> list[int]:
    """An order of the lines that stay in which as few as can be change their place: the last fill the gaps."""
    count = len(staying)
    movers = [line for line in staying if line >= count]
    kept = set(staying)
    return [place if place in kept else movers.pop() for place in range(count)]


def _layer_step(layer: _Layer, hidden: Tensor, cached: int, mask: Tensor | None) -> Tensor:
    """One layer, normed after each part as BART's are."""
    module, rows = layer.module, hidden.shape[1]
    queries, keys, values = (_split(part, layer.heads) for part in linear(hidden, *layer.qkv).chunk(3, dim=-1))
    layer.keys[:, :, cached - rows : cached] = keys
    layer.values[:, :, cached - rows : cached] = values
    past_keys, past_values = layer.keys[:, :, :cached], layer.values[:, :, :cached]
    seen = attend(queries, past_keys, past_values, mask)
    hidden = module.self_attn_layer_norm(hidden + module.self_attn.out_proj(_joined(seen)))
    queries = _split(module.encoder_attn.q_proj(hidden), layer.heads)
    seen = attend(queries, layer.cross_keys, layer.cross_values)
    hidden = module.encoder_attn_layer_norm(hidden + module.encoder_attn.out_proj(_joined(seen)))
    output: Tensor = module.final_layer_norm(hidden + module.fc2(module.activation_fn(module.fc1(hidden))))
    return output


def _fused(attention: Any) -> tuple[Tensor, Tensor]:
    """Query, key and value projections as one; the modules keep views of it, so that nothing is held twice."""
    parts = (attention.q_proj, attention.k_proj, attention.v_proj)
    weight = torch.cat([part.weight for part in parts])
    bias = torch.cat([part.bias for part in parts])
    width = attention.embed_dim
    for index, part in enumerate(parts):
        part.weight = nn.Parameter(weight[index * width : (index + 1) * width], requires_grad=False)
    return weight, bias


def _split(tensor: Tensor, heads: int) -> Tensor:
    """N x rows x width to n x heads x rows x (width / heads)."""
    lines, rows, width = tensor.shape
    return tensor.view(lines, rows, heads, width // heads).transpose(1, 2)


def _joined(tensor: Tensor) -> Tensor:
    lines, heads, rows, width = tensor.shape
    return tensor.transpose(1, 2).reshape(lines, rows, heads * width)
