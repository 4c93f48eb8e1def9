"""The result page of a PDF page's own text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ocrq.contracts import Line, Page
from ocrq.contracts.result import Box
from worker.imaging.orientation import as_sent, skew_of, turned_back
from worker.imaging.text_layer import Drawing, LayerLine, Rectangle
from worker.layout.tables.drawn_lines import drawn_on
from worker.page import LineReading, PageImage, Quad
from worker.reading.layer_trust import line_quad
from worker.reading.page_tree import read_tree
from worker.reading.plain import QUARTER, sent_box, to_line

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
    readings = [LineReading(line.text, (CERTAIN,) * len(line.text), line.spans) for line in lines]
    sent = [line_quad(line) for line in lines]
    turns = _turns(sent, lines)
    upright_quads = [
        _upright_quad(quad, turns, page) for quad in (*sent, *(np.array(line.box, np.float32) for line in placed))
    ]
    contract_lines = [
        to_line(page, quad, reading, CERTAIN) for quad, reading in zip(sent, readings, strict=True)
    ] + placed
    texts = [*readings, *(LineReading(line.text) for line in placed)]
    pixels = turned_back(page.pixels, turns)
    small = [np.asarray(quad * page.scale, np.float32) for quad in upright_quads]
    drawn = drawn_on(_upright_drawing(page, turns), pixels, _usual_height(small))

    def to_box(quad: Quad) -> Box:
        return sent_box(page, turns, quad / page.scale)

    tree = read_tree(texts, contract_lines, small, pixels, to_box, drawn=drawn)
    return Page(
        page=page.number,
        width=page.width,
        height=page.height,
        angle=round(QUARTER * turns + skew_of(upright_quads), 1),
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


def _turns(quads: Sequence[Quad], lines: Sequence[LayerLine]) -> int:
    """Quarters clockwise in which most characters run."""
    counts = [0, 0, 0, 0]
    for quad, line in zip(quads, lines, strict=True):
        along = quad[1] - quad[0]
        counts[round(float(np.degrees(np.arctan2(along[1], along[0]))) / QUARTER) % 4] += len(line.text)
    return counts.index(max(counts))


def _upright_quad(quad: Quad, turns: int, page: PageImage) -> Quad:
    width, height = (page.width, page.height) if turns % 2 == 0 else (page.height, page.width)
    return as_sent(quad, -turns, width, height)


def _usual_height(quads: Sequence[Quad]) -> float:
    return float(np.median([np.linalg.norm(quad[3] - quad[0]) for quad in quads])) if quads else 1.0


def _upright_drawing(page: PageImage, turns: int) -> Drawing | None:
    """What the page draws, in pixels of its picture turned upright."""
    drawing = page.layer.drawing if page.layer else None
    if drawing is None:
        return None

    def turned(boxes: Sequence[Rectangle]) -> tuple[Rectangle, ...]:
        corners = [np.array([box[:2], box[2:]], np.float32) for box in boxes]
        quads = [_upright_quad(quad, turns, page) * page.scale for quad in corners]
        return tuple((*quad.min(axis=0).tolist(), *quad.max(axis=0).tolist()) for quad in quads)

    level, upright = turned(drawing.level), turned(drawing.upright)
    if turns % 2:
        level, upright = upright, level
    return Drawing(level, upright, turned(drawing.fills), drawing.has_more)
