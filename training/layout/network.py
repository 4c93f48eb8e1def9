"""The networks of ``worker/layout`` in torch, weight for weight."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from worker.layout.line_network import HEADS, MASKED


class Layer(nn.Module):
    """Attention to near nodes, then a dense layer."""

    def __init__(self, width: int, edge: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.pair_value, self.bias = nn.Linear(edge, width), nn.Linear(edge, HEADS)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: Tensor, edge: Tensor, nearest: Tensor, real: Tensor) -> Tensor:
        """See :func:`worker.layout.line_network.encode`."""
        normal = self.first(state)
        count, width = normal.shape
        split = (HEADS, width // HEADS)
        query = self.query(normal).view(count, *split)
        key = self.key(normal).view(count, *split)[nearest]
        value = self.value(normal).view(count, *split)[nearest] + self.pair_value(edge).view(*nearest.shape, *split)
        logits = torch.einsum("nhd,nkhd->nkh", query, key) / split[1] ** 0.5 + self.bias(edge)
        share = torch.softmax(logits.masked_fill(~real[..., None], MASKED), dim=1)
        state = state + self.dropout(self.out(torch.einsum("nkh,nkhd->nhd", share, value).reshape(count, width)))
        return state + self.dropout(self.down(torch.relu(self.up(self.second(state)))))


class Relations(nn.Module):
    """Nodes with classes and pairs with scores.

    Args:
        nodes: Features of a node.
        pairs: Features of a pair.
        classes: Of nodes.
        scores: Of pairs.
        width: Of a node's state.
        edge: Of a pair's state.
        layers: How many.
    """

    def __init__(self, nodes: int, pairs: int, classes: int, scores: int, width: int, edge: int, layers: int) -> None:
        super().__init__()
        self.enter, self.pair = nn.Linear(nodes, width), nn.Linear(pairs, edge)
        self.layers = nn.ModuleList(Layer(width, edge, 0.05) for _ in range(layers))
        self.last = nn.LayerNorm(width)
        self.classes = nn.Linear(width, classes)
        self.score_from, self.score_to = nn.Linear(width, 2 * edge), nn.Linear(width, 2 * edge)
        self.score_pair, self.score = nn.Linear(edge, 2 * edge), nn.Linear(2 * edge, scores)

    def forward(self, nodes: Tensor, pairs: Tensor, nearest: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits of nodes, score logits of pairs."""
        state, edge = self.enter(nodes), torch.relu(self.pair(pairs))
        for layer in self.layers:
            state = layer(state, edge, nearest, real)
        state = self.last(state)
        mixed = self.score_from(state)[:, None] + self.score_to(state)[nearest] + self.score_pair(edge)
        return self.classes(state), self.score(torch.relu(mixed))
