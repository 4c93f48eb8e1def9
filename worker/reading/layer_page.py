"""The result page of a PDF page's own text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocrq.contracts import Line, Page, Word
from ocrq.contracts.result import Box
from worker.imaging.orientation import as_sent, skew_of, turned_back
from worker.imaging.text_layer import Drawing, LayerLine, Rectangle
from worker.layout.tables.drawn_lines import drawn_on
from worker.layout.tree import LayoutLine, LayoutWord
from worker.page import LineReading, PageImage, Quad
from worker.reading.confidence import word_ranges
from worker.reading.page_tree import layout_lines, tree_of
from worker.reading.plain import QUARTER, sent_box

Quads = NDArray[np.float64]

CERTAIN = 0.999
"""Confidence of text from a layer that is trusted: what is wrong in it was printed so."""


def layer_page(page: PageImage, lines: Sequence[LayerLine], others: Sequence[Line] = ()) -> Page:
    """The result page of a layer's lines and of lines that were read beside them.

    Args:
        page: Or a smaller copy; it is laid out by that.
        lines: Those that are seen.
        others: With boxes on the page, or none.
    """
    placed = [line for line in others if line.box is not None]
    sent = np.array([line.corners for line in lines], np.float64).reshape(-1, 4, 2)
    turns = _turns(sent, lines)
    words = _words(sent, lines)
    boxes = _boxes(page, np.concatenate([sent, *words]))
    small = _upright(np.concatenate([sent, *words]), turns, page) * page.scale
    contract_lines, layout = list[Line](), list[LayoutLine]()
    first = len(lines)
    for index, (line, own) in enumerate(zip(lines, words, strict=True)):
        parts = slice(first, first + len(own))
        texts = [line.text[start:end] for start, end in word_ranges(line.text)]
        given = [Word(text=text, confidence=CERTAIN, box=box) for text, box in zip(texts, boxes[parts], strict=True)]
        contract_lines.append(Line(text=line.text, confidence=CERTAIN, box=boxes[index], words=given))
        layout.append(LayoutLine(small[index], line.text, tuple(map(LayoutWord, texts, small[parts]))))
        first += len(own)
    read = [np.array(line.box, np.float64) for line in placed]
    layout += layout_lines(
        list(_upright(np.array(read).reshape(-1, 4, 2), turns, page) * page.scale),
        [LineReading(line.text) for line in placed],
    )
    pixels = turned_back(page.pixels, turns)
    quads = [line.quad for line in layout]
    drawn = drawn_on(_upright_drawing(page, turns), pixels, _usual_height(quads))

    def to_box(quad: Quad) -> Box:
        return sent_box(page, turns, quad / page.scale)

    tree = tree_of(layout, [*contract_lines, *placed], pixels, to_box, drawn=drawn)
    return Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=round(QUARTER * turns + skew_of(quads), 1),
        dpi=page.dpi,
        text=tree.text,
        confidence=_confidence(lines, placed),
        lines=tree.lines,
        blocks=tree.blocks,
        text_source="mixed" if placed else "layer",
    )


def _confidence(lines: Sequence[LayerLine], others: Sequence[Line]) -> float:
    """The expected share of right words, by the characters of each line."""
    weights = [len(text) for text in (*(line.text for line in lines), *(line.text for line in others))]
    sure = [*(CERTAIN for _ in lines), *(line.confidence for line in others)]
    return round(float(np.average(sure, weights=weights)), 4) if sum(weights) else 0.0


def _words(sent: Quads, lines: Sequence[LayerLine]) -> list[Quads]:
    """The quads of each line's words."""
    placed = []
    for quad, line in zip(sent, lines, strict=True):
        shares = np.array(
            [(line.spans[first][0], line.spans[after - 1][1]) for first, after in word_ranges(line.text)], np.float64
        ).reshape(-1, 2, 1)
        upper, lower = quad[0] + shares * (quad[1] - quad[0]), quad[3] + shares * (quad[2] - quad[3])
        placed.append(np.concatenate([upper, lower[:, ::-1]], axis=1))
    return placed


def _boxes(page: PageImage, quads: Quads) -> list[Box]:
    """Quads as the result has them: within the page, to a tenth of a pixel."""
    within = np.round(np.clip(quads, 0, (page.width, page.height)), 1).tolist()
    return [((*a,), (*b,), (*c,), (*d,)) for a, b, c, d in within]


def _turns(quads: Quads, lines: Sequence[LayerLine]) -> int:
    """Quarters clockwise in which most characters run."""
    counts = [0, 0, 0, 0]
    for quad, line in zip(quads, lines, strict=True):
        along = quad[1] - quad[0]
        counts[round(float(np.degrees(np.arctan2(along[1], along[0]))) / QUARTER) % 4] += len(line.text)
    return counts.index(max(counts))


def _upright(quads: Quads, turns: int, page: PageImage) -> NDArray[np.float32]:
    """Quads, or other points, in pixels of the page turned upright."""
    width, height = (page.width, page.height) if turns % 2 == 0 else (page.height, page.width)
    points = as_sent(quads.reshape(-1, 2).astype(np.float32), -turns, width, height)
    return np.asarray(points.reshape(quads.shape), np.float32)


def _usual_height(quads: Sequence[Quad]) -> float:
    return float(np.median([np.linalg.norm(quad[3] - quad[0]) for quad in quads])) if quads else 1.0


def _upright_drawing(page: PageImage, turns: int) -> Drawing | None:
    """What the page draws, in pixels of its picture turned upright."""
    drawing = page.layer.drawing if page.layer else None
    if drawing is None:
        return None

    def turned(boxes: Sequence[Rectangle]) -> tuple[Rectangle, ...]:
        corners = _upright(np.array(boxes, np.float64).reshape(-1, 2, 2), turns, page) * page.scale
        return tuple((*low, *high) for low, high in zip(corners.min(1).tolist(), corners.max(1).tolist(), strict=True))

    level, upright = turned(drawing.level), turned(drawing.upright)
    if turns % 2:
        level, upright = upright, level
    return Drawing(level, upright, turned(drawing.fills), drawing.has_more)
