"""Reading order of blocks: the order that agrees best with a network's word on every pair."""

from __future__ import annotations

import numpy as np

from worker.layout.block_features import BlockFeatures
from worker.layout.geometry import Floats
from worker.layout.line_network import encode, pair_logits, weights_of

MAX_SWEEPS = 12
"""Rounds of moving single blocks; most pages need two."""

FOLLOWING_LOGIT = 12.0
"""Of blocks whose labels count on: as sure as two others together."""

MAX_LOGIT = 6.0
"""Surer than this counts as this sure: no single pair may turn the page."""

CUT_LOGIT = 1.0
"""What each cut between two blocks adds for its own order; on held-out pages 0 to 4 were tried."""

NETWORKS = ("blocks", "blocks_second")
"""Their word is averaged, which is right more often than either's."""


def order_blocks(found: BlockFeatures, cut_first: Floats, following: Floats) -> list[int]:
    """Indices of the blocks in reading order.

    Args:
        found: The blocks.
        cut_first: n x n, positive where cuts of the page's white put the first before the second.
        following: n x n, 1 where the second is known to follow the first, -1 where it is the other way round.
    """
    count = len(found.blocks)
    if count < 2:
        return list(range(count))
    nearest = np.repeat(np.arange(count)[None], count, axis=0)
    real = ~np.eye(count, dtype=np.bool_)
    before = CUT_LOGIT * cut_first
    for name in NETWORKS:
        weights = weights_of(name)
        state, edge = encode(weights, found.blocks, nearest, real, found.pairs)
        score = pair_logits(weights, state, nearest, edge)[..., 0]
        before = before + np.clip(score - score.T, -MAX_LOGIT, MAX_LOGIT) / len(NETWORKS)
    before = np.where(following != 0, FOLLOWING_LOGIT * following, before)
    return best_order(before, found.boxes)


def best_order(before: Floats, boxes: Floats) -> list[int]:
    """The order with the greatest sum of ``before[i, j]`` over all i ahead of j, found by moving single blocks.

    Args:
        before: n x n, antisymmetric: positive where the row's block is read before the column's.
        boxes: n x 4; of equal orders, the one from top to bottom is taken.
    """
    position = np.lexsort((boxes[:, 0], boxes[:, 1]))
    wins = before.sum(axis=1)
    order: list[int] = position[np.argsort(-np.round(wins[position], 6), kind="stable")].tolist()
    for _ in range(MAX_SWEEPS):
        moved = False
        for block in list(order):
            at = order.index(block)
            rest = order[:at] + order[at + 1 :]
            gains = np.concatenate([[0.0], np.cumsum(-2 * before[block, rest])])
            best = int(np.argmax(np.round(gains, 6)))
            if gains[best] > gains[at] + 1e-6:
                order = [*rest[:best], block, *rest[best:]]
                moved = True
        if not moved:
            break
    return order
