"""From scores of pairs of lines to blocks: clusters whose lines, on average, want to stand together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.layout.cuts import OVERLAP, RULED, Rules
from worker.layout.geometry import Floats
from worker.layout.neighbours import Boxes, Links, Mask

BEYOND = 1.5
"""Text heights by which a line that parts blocks runs on beside the text; one under words ends with them."""


def group(logits: Floats, nearest: Links, real: Mask) -> list[list[int]]:
    """Clusters by average linkage over the scored pairs, the surest pair first.

    Args:
        logits: n x K, positive where both lines stand in one block.
        nearest: n x K, whom each pair is with.
        real: n x K, which entries count.

    Returns:
        Every line once; each cluster in the order of its indices, clusters by their first.
    """
    scores = _symmetric(logits, nearest, real)
    cluster = list(range(len(logits)))
    members = [[index] for index in cluster]
    links: list[dict[int, tuple[float, int]]] = [{} for _ in cluster]
    for (i, j), score in scores.items():
        links[i][j] = links[j][i] = (score, 1)
    for (i, j), score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if score <= 0:
            break
        a, b = cluster[i], cluster[j]
        if a == b or links[a][b][0] <= 0:
            continue
        if len(members[a]) < len(members[b]):
            a, b = b, a
        for member in members[b]:
            cluster[member] = a
        members[a] += members[b]
        members[b] = []
        del links[a][b]
        for other, (total, count) in links[b].items():
            if other == a:
                continue
            known = links[a].get(other, (0.0, 0))
            links[a][other] = links[other][a] = (known[0] + total, known[1] + count)
            del links[other][b]
        links[b] = {}
    return sorted(sorted(part) for part in members if part)


def _symmetric(logits: Floats, nearest: Links, real: Mask) -> dict[tuple[int, int], float]:
    """The mean of both directions' scores, by the pair's indices, the smaller first."""
    sums: dict[tuple[int, int], tuple[float, int]] = {}
    first, _ = np.nonzero(real)
    for i, j, logit in zip(first.tolist(), nearest[real].tolist(), logits[real].tolist(), strict=True):
        pair = (i, j) if i < j else (j, i)
        total, count = sums.get(pair, (0.0, 0))
        sums[pair] = (total + logit, count + 1)
    return {pair: total / count for pair, (total, count) in sums.items()}


def split_at_others(groups: Sequence[Sequence[int]], boxes: Boxes) -> list[list[int]]:
    """Groups, cut where lines of other groups stand in the white between their own.

    Args:
        groups: Lines of each; every line once.
        boxes: Of all lines.
    """
    middle = np.stack([(boxes.left + boxes.right) / 2, (boxes.top + boxes.bottom) / 2])
    low, high = np.stack([boxes.left, boxes.top]), np.stack([boxes.right, boxes.bottom])
    waiting, done = [np.asarray(group, np.intp) for group in reversed(groups)], []
    while waiting:
        members = waiting.pop()
        inside = np.all(
            (middle > low[:, members].min(axis=1)[:, None]) & (middle < high[:, members].max(axis=1)[:, None]), axis=0
        )
        inside[members] = False
        parts = _cut_around(members, middle[:, inside], low, high) if inside.any() else None
        if parts is None:
            done.append(sorted(members.tolist()))
        else:
            waiting += parts
    return done


def part_at_rules(members: Sequence[int], boxes: Boxes, level_rules: Rules) -> list[list[int]]:
    """The lines of a block of running text, cut where a ruling line between two of them runs on beyond the block."""
    order = sorted(members, key=lambda index: float(boxes.top[index]))
    left, right = float(boxes.left[order].min()), float(boxes.right[order].max())
    size = float(np.median(boxes.size[order]))
    reach = np.maximum.accumulate(boxes.bottom[order])[:-1]
    low = boxes.top[order][1:]
    above, below = np.minimum(reach, low) - OVERLAP * size, np.maximum(reach, low) + OVERLAP * size

    def drawn(start: float, end: float) -> Mask:
        spans: Mask = level_rules(np.full(len(low), start), above, np.full(len(low), end), below) >= RULED
        return spans

    middle, side = (left + right) / 2, BEYOND * size
    across = drawn(left, middle) & drawn(middle, right) & (drawn(left - side, left) | drawn(right, right + side))
    cuts = np.flatnonzero(across & (low > reach - OVERLAP * size)) + 1
    return [sorted(order[first:after]) for first, after in pairwise([0, *cuts.tolist(), len(order)])]


def _cut_around(
    members: NDArray[np.intp], others: Floats, low: Floats, high: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    for axis in (1, 0):
        order = members[np.argsort(low[axis, members], kind="stable")]
        reach = np.maximum.accumulate(high[axis, order])
        for at in range(1, len(order)):
            first, last = reach[at - 1], low[axis, order[at]]
            if last > first and ((others[axis] > first) & (others[axis] < last)).any():
                return order[at:], order[:at]
    return None
