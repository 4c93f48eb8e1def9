"""Blocks and how any two stand to each other, as numbers for the network that orders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.layout.cuts import cut
from worker.layout.geometry import Floats
from worker.layout.line_features import LineFeatures, signed_log
from worker.layout.roles import ROLES
from worker.layout.tree import LayoutLine

PREFERENCES = (1.0, 0.3, 3.0)
"""How level cuts are preferred to upright ones; pages are cut in each of these ways."""

HEADLINE = 1.2
"""Times the size of a block's letters that the headline above it has at least."""

STOPS = frozenset('.。!?！？:：”"')
BLOCK_FEATURES = 21 + len(ROLES)
FIRST_CUT = 19
BLOCK_PAIRS = FIRST_CUT + 3 * len(PREFERENCES)


@dataclass(frozen=True)
class BlockFeatures:
    """Blocks as numbers: n x ``BLOCK_FEATURES``, and n x n x ``BLOCK_PAIRS``; ``boxes`` is n x 4 in pixels."""

    blocks: Floats
    pairs: Floats
    boxes: Floats


def describe_blocks(
    groups: Sequence[Sequence[int]], lines: Sequence[LayoutLine], found: LineFeatures, roles: Floats
) -> BlockFeatures:
    """Numbers for all blocks.

    Args:
        groups: Lines of each block.
        lines: Of the page.
        found: The same, as numbers.
        roles: n x roles, the probabilities of every line's role.
    """
    edges = found.boxes
    bounds = np.array(
        [
            (edges.left[g].min(), edges.top[g].min(), edges.right[g].max(), edges.bottom[g].max())
            for g in (list(group) for group in groups)
        ]
    )
    size = np.array([float(np.median(edges.size[list(group)])) for group in groups])
    ground = np.array([float(np.median(found.marks.ground[list(group)])) for group in groups])
    role = np.array([roles[list(group)].mean(axis=0) for group in groups])
    starts, goes_on = _running_on(groups, lines, found)
    left, top, right, bottom = bounds.T
    low, high = bounds.min(axis=0), bounds.max(axis=0)
    width, height = max(high[2] - low[0], 1.0), max(high[3] - low[1], 1.0)
    page_width, page_height = found.marks.width or high[2] + low[0], found.marks.height or high[3] + low[1]
    count = len(groups)
    columns = [
        (left - low[0]) / width,
        (right - low[0]) / width,
        (top - low[1]) / height,
        (bottom - low[1]) / height,
        left / page_width,
        right / page_width,
        top / page_height,
        bottom / page_height,
        (right - left) / width,
        (bottom - top) / height,
        np.log(size / found.usual),
        np.log1p([len(group) for group in groups]) / 3,
        np.log1p((right - left) / size) / 4,
        np.log(page_height / page_width) + np.zeros(count),
        np.log1p(count) / 4 + np.zeros(count),
        np.log(width / found.usual) / 4 + np.zeros(count),
        ground,
        ground - float(np.median(ground)),
        starts,
        goes_on,
        np.array([float(found.pieces.sideways[list(group)].mean()) for group in groups]),
    ]
    nodes = np.concatenate([np.stack(columns, axis=1), role], axis=1)
    return BlockFeatures(nodes, _pairs(bounds, size, ground, starts, goes_on, found, width, height), bounds)


def _running_on(
    groups: Sequence[Sequence[int]], lines: Sequence[LayoutLine], found: LineFeatures
) -> tuple[Floats, Floats]:
    """Whether each block begins within a sentence, and whether it ends within one."""
    starts, ends = np.zeros(len(groups)), np.zeros(len(groups))
    for number, group in enumerate(groups):
        first = min(group, key=lambda i: (found.boxes.top[i], found.boxes.left[i]))
        last = max(group, key=lambda i: (found.boxes.bottom[i], found.boxes.right[i]))
        starts[number] = lines[first].text[:1].islower()
        text = lines[last].text.strip()
        ends[number] = bool(text) and text[-1] not in STOPS
    return starts, ends


def _pairs(
    bounds: Floats,
    size: Floats,
    ground: Floats,
    starts: Floats,
    goes_on: Floats,
    found: LineFeatures,
    width: float,
    height: float,
) -> Floats:
    left, top, right, bottom = bounds.T
    unit = found.usual
    across = np.maximum(left[None] - right[:, None], left[:, None] - right[None])
    down = np.maximum(top[None] - bottom[:, None], top[:, None] - bottom[None])
    wide, tall = np.maximum(right - left, 1.0), np.maximum(bottom - top, 1.0)
    gap_left, gap_right = np.minimum(right[:, None], right[None]), np.maximum(left[:, None], left[None])
    gap_top, gap_bottom = np.minimum(bottom[:, None], bottom[None]), np.maximum(top[:, None], top[None])
    shared_left, shared_right = np.maximum(left[:, None], left[None]), np.minimum(right[:, None], right[None])
    shared_top, shared_bottom = np.maximum(top[:, None], top[None]), np.minimum(bottom[:, None], bottom[None])
    headline, under = _headlines(bounds, size)
    columns = [
        (left[None] - left[:, None]) / width,
        (right[None] - right[:, None]) / width,
        (top[None] - top[:, None]) / height,
        (bottom[None] - bottom[:, None]) / height,
        signed_log((left[None] - left[:, None]) / unit),
        signed_log((top[None] - top[:, None]) / unit),
        signed_log(across / unit),
        signed_log(down / unit),
        np.clip(-across / np.minimum(wide[None], wide[:, None]), -1, 1),
        np.clip(-down / np.minimum(tall[None], tall[:, None]), -1, 1),
        np.clip(np.log(size[None] / size[:, None]), -2, 2),
        np.clip(np.log(wide[None] / wide[:, None]), -3, 3) / 2,
        ground[None] - ground[:, None],
        np.clip(found.marks.level_rules(shared_left, gap_top - unit / 4, shared_right, gap_bottom + unit / 4), 0, 1.5),
        np.clip(
            found.marks.upright_rules(gap_left - unit / 4, shared_top, gap_right + unit / 4, shared_bottom), 0, 1.5
        ),
        goes_on[:, None] * starts[None],
        ((headline[:, None] == headline[None]) & (headline >= 0)[None]).astype(np.float64),
        under,
        under.T,
    ]
    for preference in PREFERENCES:
        cuts = cut(left, top, right, bottom, unit, preference)
        columns += [cuts.level, cuts.upright, np.log1p(cuts.white) / 2]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=2)


def _headlines(bounds: Floats, size: Floats) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    """The nearest larger block above each, or -1; and n x n, whether the second stands under the first's headline."""
    left, top, right, bottom = bounds.T
    shares = np.minimum(right[:, None], right[None]) - np.maximum(left[:, None], left[None])
    above = (shares > 0) & (top[None] < top[:, None]) & (size[None] >= HEADLINE * size[:, None])
    rise = np.where(above, top[:, None] - bottom[None], np.inf)
    headline = np.where(above.any(axis=1), rise.argmin(axis=1), -1)
    within = (shares[headline] > 0) & (top[None] > top[headline][:, None]) & (headline >= 0)[:, None]
    return headline, within.astype(np.float64)
