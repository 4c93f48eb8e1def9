"""A page's lines and the relations between near ones, as numbers for a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.layout import text_features
from worker.layout.geometry import Floats, Pieces, measure
from worker.layout.neighbours import NOBODY, Boxes, Links, Mask, Neighbours, find_neighbours
from worker.layout.page_marks import PageMarks, look
from worker.layout.tables.rulings import Rulings
from worker.layout.tree import LayoutLine
from worker.page import Pixels

FAR = 8.0
"""Text heights: whatever is farther counts as this far."""

ALIGNED = 0.4
"""Text heights by which edges may differ and still count as aligned."""

RULE_REACH = 1.5
"""Text heights above and below a line in which ruling lines are its own."""

PLAIN_FEATURES = 39
LINE_FEATURES = PLAIN_FEATURES + text_features.COUNT
PAIR_FEATURES = 21


@dataclass(frozen=True)
class LineFeatures:
    """Lines as numbers.

    Attributes:
        pieces: Lines as pieces of rows.
        boxes: Straightened.
        marks: What the picture shows.
        lines: n x ``LINE_FEATURES``.
        nearest: n x K.
        real: n x K.
        pairs: n x K x ``PAIR_FEATURES``.
        usual: Usual thickness of a line, pixels.
    """

    pieces: Pieces
    boxes: Boxes
    marks: PageMarks
    lines: Floats
    nearest: Links
    real: Mask
    pairs: Floats
    usual: float


def describe_lines(lines: Sequence[LayoutLine], pixels: Pixels | None, drawn: Rulings | None = None) -> LineFeatures:
    """Numbers for all lines of a page, at least one; ``drawn`` are its ruling lines where they are known."""
    pieces = measure([line.quad for line in lines])
    boxes = Boxes.of(pieces)
    marks = look([line.quad for line in lines], pixels, drawn)
    near = find_neighbours(boxes)
    order = np.argsort(boxes.size, kind="stable")
    weight = np.cumsum(np.sqrt(boxes.width * boxes.height)[order])
    usual = float(boxes.size[order][np.searchsorted(weight, weight[-1] / 2)])
    plain = _plain(boxes, marks, near, usual, pieces.sideways)
    texts = text_features.describe_all([line.text for line in lines])
    density = np.array([len(line.text) for line in lines]) * boxes.size / np.maximum(boxes.width, boxes.height)
    values = np.concatenate([plain, np.clip(density, 0, 4)[:, None], texts], axis=1)
    return LineFeatures(pieces, boxes, marks, values, near.nearest, near.real, _pairs(boxes, marks, near), usual)


def _plain(boxes: Boxes, marks: PageMarks, near: Neighbours, usual: float, sideways: Mask) -> Floats:
    count = len(boxes.left)
    left, right, top, bottom = boxes.left.min(), boxes.right.max(), boxes.top.min(), boxes.bottom.max()
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    page_width, page_height = (marks.width or right + left), (marks.height or bottom + top)
    middle, centre = (boxes.top + boxes.bottom) / 2, (boxes.left + boxes.right) / 2
    columns = [
        (boxes.left - left) / width,
        (boxes.right - left) / width,
        (middle - top) / height,
        boxes.left / page_width,
        boxes.right / page_width,
        boxes.top / page_height,
        boxes.bottom / page_height,
        boxes.width / width,
        np.log(boxes.size / usual),
        np.log(boxes.width / boxes.size) / 2,
        np.log(width / usual) / 4 + np.zeros(count),
        np.log(height / usual) / 4 + np.zeros(count),
        np.log(page_height / page_width) + np.zeros(count),
        np.log1p(count) / 5 + np.zeros(count),
        sideways.astype(np.float64),
        near.partners / 5,
    ]
    gaps = (
        (near.above, boxes.top - boxes.bottom[near.above]),
        (near.below, boxes.top[near.below] - boxes.bottom),
        (near.before, boxes.left - boxes.right[near.before]),
        (near.after, boxes.left[near.after] - boxes.right),
    )
    for links, gap in gaps:
        there = links != NOBODY
        white = np.where(there, gap / boxes.size, FAR)
        columns += [there.astype(np.float64), np.log1p(np.clip(white, -0.5, FAR))]
    for links in (near.above, near.below):
        there = links != NOBODY
        for edge in (boxes.left, boxes.right, centre):
            columns.append((there & (np.abs(edge - edge[links]) < ALIGNED * boxes.size)).astype(np.float64))
        columns.append(np.where(there, np.clip(np.log(boxes.size / boxes.size[links]), -1.5, 1.5), 0.0))
    stroke = float(np.median(marks.stroke)) or 1.0
    ground = float(np.median(marks.ground))
    reach = RULE_REACH * boxes.size
    columns += [
        np.clip(np.log((marks.stroke + 0.01) / (stroke + 0.01)), -1, 1),
        marks.ground,
        marks.ground - ground,
        np.clip(marks.level_rules(boxes.left, boxes.top - reach, boxes.right, boxes.top + boxes.size / 4), 0, 1.5),
        np.clip(
            marks.level_rules(boxes.left, boxes.bottom - boxes.size / 4, boxes.right, boxes.bottom + reach), 0, 1.5
        ),
        np.clip(marks.upright_rules(boxes.left - 2 * reach, boxes.top, boxes.left, boxes.bottom), 0, 1.5)
        + np.clip(marks.upright_rules(boxes.right, boxes.top, boxes.right + 2 * reach, boxes.bottom), 0, 1.5),
    ]
    return np.stack(columns, axis=1)


def _pairs(boxes: Boxes, marks: PageMarks, near: Neighbours) -> Floats:
    i = np.repeat(np.arange(len(boxes.left))[:, None], near.nearest.shape[1], axis=1)
    j = near.nearest
    unit = np.minimum(boxes.size[i], boxes.size[j])
    across = np.maximum(boxes.left[j] - boxes.right[i], boxes.left[i] - boxes.right[j])
    down = np.maximum(boxes.top[j] - boxes.bottom[i], boxes.top[i] - boxes.bottom[j])
    middle, centre = (boxes.top + boxes.bottom) / 2, (boxes.left + boxes.right) / 2
    gap_left, gap_right = np.minimum(boxes.right[i], boxes.right[j]), np.maximum(boxes.left[i], boxes.left[j])
    gap_top, gap_bottom = np.minimum(boxes.bottom[i], boxes.bottom[j]), np.maximum(boxes.top[i], boxes.top[j])
    shared_left, shared_right = np.maximum(boxes.left[i], boxes.left[j]), np.minimum(boxes.right[i], boxes.right[j])
    shared_top, shared_bottom = np.maximum(boxes.top[i], boxes.top[j]), np.minimum(boxes.bottom[i], boxes.bottom[j])
    # A ruling line that touches a box still parts it from the other.
    slack = unit / 4
    level = marks.level_rules(shared_left, gap_top - slack, shared_right, gap_bottom + slack)
    upright = marks.upright_rules(gap_left - slack, shared_top, gap_right + slack, shared_bottom)
    columns = [
        signed_log(across / unit),
        signed_log(down / unit),
        np.clip(across / unit, -1, 4),
        np.clip(down / unit, -1, 3),
        signed_log((boxes.left[j] - boxes.left[i]) / unit),
        signed_log((boxes.right[j] - boxes.right[i]) / unit),
        signed_log((centre[j] - centre[i]) / unit),
        signed_log((middle[j] - middle[i]) / unit),
        np.clip(-across / np.minimum(boxes.width[i], boxes.width[j]), -1, 1),
        np.clip(-down / np.minimum(boxes.height[i], boxes.height[j]), -1, 1),
        np.clip(np.log(boxes.size[j] / boxes.size[i]), -1.5, 1.5),
        np.clip(np.log(boxes.width[j] / boxes.width[i]), -3, 3) / 2,
        near.above[i] == j,
        near.below[i] == j,
        near.before[i] == j,
        near.after[i] == j,
        np.clip((marks.stroke[j] - marks.stroke[i]) * 10, -2, 2),
        np.clip(marks.ground[j] - marks.ground[i], -1, 1),
        np.clip(level, 0, 1.5),
        np.clip(upright, 0, 1.5),
        near.real,
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=2)


def signed_log(value: Floats) -> Floats:
    """Signed logarithm: exact near 0, coarse far away."""
    return np.sign(value) * np.log1p(np.abs(value)) / 2
