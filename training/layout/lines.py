"""Lines of drawn pages as a detector gives them: simulated, or its own; with their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.pages.chromium import DrawnPage, Token
from training.random_source import RandomSource
from worker.layout.tree import LayoutLine
from worker.page import Pixels, Quad

ROW_ROLES = frozenset({"table", "form", "figure"})
"""Blocks that are not cut where their lines jump up: their rows are read across."""

PARTS, FEWEST_LINES = 0.3, 4
"""Share of pages of which only a part is shown, and how many lines it has at least."""

WITHOUT_PICTURE = 0.1
"""Share of pages whose picture is not shown."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class TrueLine:
    """A line with its truth.

    Attributes:
        line: As the layout gets it.
        block: Number of its block; blocks are cut at column ends.
        role: Of the block.
        level: Of a heading.
        place: In reading order: smaller is read earlier.
    """

    line: LayoutLine
    block: int
    role: str
    level: int
    place: float


def tight(token: Token) -> Box:
    """A token's own box: as thick as its font, not as the line box."""
    left, top, right, bottom = token.box
    if token.vertical:
        middle = (left + right) / 2
        return (middle - token.size / 2, top, middle + token.size / 2, bottom)
    middle = (top + bottom) / 2
    return (left, middle - token.size / 2, right, middle + token.size / 2)


def joined(box: Box, other: Box) -> Box:
    """The bounds of both."""
    return (min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]))


def text_of(tokens: Sequence[Token]) -> str:
    """Words with spaces, Chinese without."""
    text = ""
    for token in tokens:
        text += ("" if not text or (token.text[0] >= "⺀" and text[-1] >= "⺀") else " ") + token.text
    return text


def fragments(page: DrawnPage, gap: float) -> list[list[int]]:
    """Tokens grouped to stretches of text: cut at line ends and where the white is wider than ``gap`` sizes."""
    made: list[list[int]] = []
    last: Token | None = None
    for index, token in enumerate(page.tokens):
        if last is not None and token.block == last.block and token.vertical == last.vertical:
            a, b = tight(last), tight(token)
            low, high = (0, 2) if token.vertical else (1, 3)
            shared = min(a[high], b[high]) - max(a[low], b[low])
            white = max(b[1] - a[3], a[1] - b[3]) if token.vertical else b[0] - a[2]
            if shared > 0.4 * token.size and -0.6 * token.size < white < gap * token.size:
                made[-1].append(index)
                last = token
                continue
        made.append([index])
        last = token
    return made


def true_blocks(page: DrawnPage, groups: Sequence[Sequence[int]], boxes: Sequence[Box]) -> list[int]:
    """Block of every fragment, blocks cut where their text goes on at the top of another column."""
    number, blocks = -1, []
    last: tuple[int, Box] | None = None
    for group, box in zip(groups, boxes, strict=True):
        token = page.tokens[group[0]]
        fresh = last is None or last[0] != token.block
        if last is not None and not fresh and page.roles[token.block][0] not in ROW_ROLES:
            fresh = box[1] < last[1][1] - 1.2 * token.size
        number += fresh
        blocks.append(number)
        last = (token.block, box)
    return blocks


def simulated(page: DrawnPage, rng: RandomSource) -> list[TrueLine]:
    """Lines as a detector might give them: cut at wide gaps, grown, shaken, some joined, cut or lost."""
    groups = fragments(page, rng.uniform(0.7, 1.7))
    hyphens = rng.happens(0.3)
    if rng.happens(0.5):
        groups = [part for group in groups for part in _cut(group, rng, 0.02)]
    boxes = []
    for group in groups:
        box = tight(page.tokens[group[0]])
        for index in group[1:]:
            box = joined(box, tight(page.tokens[index]))
        boxes.append(box)
    blocks = true_blocks(page, groups, boxes)
    grow, wide, noise = rng.uniform(0.0, 0.3), rng.uniform(0.05, 0.35), rng.uniform(0.01, 0.06)
    made = []
    for place, (group, box, block) in enumerate(zip(groups, boxes, blocks, strict=True)):
        if rng.happens(0.008):
            continue
        token = page.tokens[group[0]]
        role, level = page.roles[token.block]
        across, down = (grow, wide) if token.vertical else (wide, grow)
        shake = [rng.gauss(0, noise) * token.size for _ in range(4)]
        left, top = box[0] - across * token.size + shake[0], box[1] - down * token.size + shake[1]
        right, bottom = box[2] + across * token.size + shake[2], box[3] + down * token.size + shake[3]
        text = text_of([page.tokens[index] for index in group])
        if hyphens and role == "text" and len(group) > 4 and rng.happens(0.15) and text[-1].isalpha():
            text += "-"
        made.append(TrueLine(LayoutLine(_quad((left, top, right, bottom)), text), block, role, level, place))
    rng.shuffle(made)
    return made


def viewed(lines: list[TrueLine], pixels: Pixels, rng: RandomSource) -> tuple[list[TrueLine], Pixels | None]:
    """A page as it may come: the whole of it, a part, or without its picture."""
    if rng.happens(PARTS):
        height, width = pixels.shape[:2]
        wide, tall = round(rng.uniform(0.4, 0.95) * width), round(rng.uniform(0.15, 0.8) * height)
        corner = np.array([rng.randint(0, width - wide), rng.randint(0, height - tall)], np.float32)
        far = corner + np.array([wide, tall], np.float32)
        kept = [one for one in lines if (one.line.quad >= corner).all() and (one.line.quad <= far).all()]
        if len(kept) >= FEWEST_LINES:
            lines = [replace(one, line=replace(one.line, quad=one.line.quad - corner)) for one in kept]
            left, top = corner.astype(int).tolist()
            pixels = np.ascontiguousarray(pixels[top : top + tall, left : left + wide])
    return lines, None if rng.happens(WITHOUT_PICTURE) else pixels


def matched(page: DrawnPage, quads: Sequence[Quad]) -> list[TrueLine]:
    """The detector's own lines: every token goes to the quad it lies in most."""
    groups = fragments(page, 1e9)
    fragment_of = {index: number for number, group in enumerate(groups) for index in group}
    boxes = []
    for group in groups:
        box = tight(page.tokens[group[0]])
        for index in group[1:]:
            box = joined(box, tight(page.tokens[index]))
        boxes.append(box)
    blocks = true_blocks(page, groups, boxes)
    low = np.array([quad.min(axis=0) for quad in quads]).reshape(-1, 2)
    high = np.array([quad.max(axis=0) for quad in quads]).reshape(-1, 2)
    inside: dict[int, list[int]] = {}
    for index, token in enumerate(page.tokens):
        left, top, right, bottom = tight(token)
        shared = np.clip(np.minimum(high[:, 0], right) - np.maximum(low[:, 0], left), 0, None) * np.clip(
            np.minimum(high[:, 1], bottom) - np.maximum(low[:, 1], top), 0, None
        )
        if len(shared) and shared.max() > 0.4 * (right - left) * (bottom - top):
            inside.setdefault(int(shared.argmax()), []).append(index)
    made = []
    for number, held in inside.items():
        counts: dict[int, int] = {}
        for index in held:
            counts[fragment_of[index]] = counts.get(fragment_of[index], 0) + len(page.tokens[index].text)
        most = max(counts, key=lambda key: counts[key])
        token = page.tokens[groups[most][0]]
        role, level = page.roles[token.block]
        by_place = sorted(held, key=lambda index: (page.tokens[index].box[0], index)) if len(counts) > 1 else held
        text = text_of([page.tokens[index] for index in by_place])
        made.append(TrueLine(LayoutLine(quads[number], text), blocks[most], role, level, min(held) + 0.0))
    return made


def _cut(group: list[int], rng: RandomSource, share: float) -> list[list[int]]:
    if len(group) > 2 and rng.happens(share):
        at = rng.randint(1, len(group) - 1)
        return [group[:at], group[at:]]
    return [group]


def _quad(box: Box) -> Quad:
    left, top, right, bottom = box
    right, bottom = max(right, left + 2), max(bottom, top + 2)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
