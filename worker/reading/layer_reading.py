"""Pages whose own text can be trusted: taken from the PDF's text layer, with only its pictures read.

A layer is trusted page by page: where its text is seen, has a meaning in Unicode, stands on ink, and where a few of
its lines, read from the picture, say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from ocrq.contracts import Line, Page
from tasks.monitoring.stages import stage
from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.imaging.crop import cut_line, span_quad
from worker.imaging.ink import has_letters
from worker.imaging.orientation import as_sent, skew_of, turned_back
from worker.imaging.text_layer import LayerLine, Rectangle, TextLayer
from worker.page import LineReading, PageImage, Pixels, Quad
from worker.reading.page_tree import read_tree
from worker.reading.plain import QUARTER, sent_box, to_line
from worker.reading.protocols import PageRead, Pipeline

CERTAIN = 0.999
"""Confidence of text from a layer that is trusted: what is wrong in it was printed so."""

MOST_INVISIBLE = 0.2
"""Share of a page's characters that may be invisible; more is another program's reading of a scan."""

MOST_UNMAPPED = 0.05
"""Share of the characters that may have no meaning; signs of icon fonts are fewer, a garbled font has more."""

INK_CONTRAST = 24
"""Grey values by which the darkest and the lightest pixel of a line's box differ where something is printed."""

MOST_WITHOUT_INK = 0.1
"""Share of the characters that may stand on nothing; such lines are left out, and more make a layer a lie."""

AGREEMENT = 0.7
"""Similarity to its reading from which a line of the layer is believed: readings of clean print reach .95, and of
another text .3."""

SAMPLE_LINES = 3
SAMPLE_CHARACTERS = 8
SAMPLE_LENGTH = 40
"""Lines read for comparison, one a font; the fewest letters and digits of one, and how many characters are read."""

LAST_KNOWN = "\u052f"
"""The last letter of the scripts that readers know: Latin, Greek, Cyrillic."""

FONT_SHARE = 0.1
"""Share of a page's characters from which a font is sampled."""

MARGIN = 0.1
"""Heights of white around a sample, as a detector leaves."""

WHITE = (255, 255, 255)

TextLayerUse = Literal["auto", "only"]


class TextLayerPipeline:
    """Takes the text of pages from their layers, and reads with another pipeline what carries none.

    Args:
        pipeline: Reads pages without a layer to trust, and pictures.
        use: ``auto`` trusts a layer that stands the tests; ``only`` takes every layer as it is and reads nothing.
        line_reader: Reads the lines that layers are compared with; without one the pipeline does.
    """

    def __init__(self, pipeline: Pipeline, use: TextLayerUse, line_reader: LineReader | None = None) -> None:
        self._pipeline, self._use, self._line_reader = pipeline, use, line_reader
        self._proven: set[str] = set()
        self.batch_pages = pipeline.batch_pages

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`; pages carry their layers."""
        done = {index: read for index, page in enumerate(pages) if (read := self._from_layer(page, context))}
        rest = [index for index in range(len(pages)) if index not in done]
        if rest:
            others = self._pipeline.read_pages([pages[index] for index in rest], context)
            done |= dict(zip(rest, others, strict=True))
        return [done[index] for index in range(len(pages))]

    def _from_layer(self, page: PageImage, context: ReadContext) -> PageRead | None:
        """The page as its layer has it; None where it has to be read."""
        context.check()
        layer = page.layer
        if self._use == "only":
            if layer is None or not layer.lines:
                empty = Page(page=page.number, width=page.width, height=page.height, dpi=page.dpi, text_source="layer")
                return PageRead(empty, (f"page {page.number} has no text layer, and text_layer is 'only'",))
            return PageRead(_page(page, layer.lines, ()))
        if layer is None or not _is_plausible(layer):
            return None
        lines = _with_ink(page.pixels, layer)
        if lines is None or not self._agrees(page, lines, context):
            return None
        others = self._read_pictures(page, lines, layer.pictures, context)
        return PageRead(_page(page, lines, others))

    def _agrees(self, page: PageImage, lines: Sequence[LayerLine], context: ReadContext) -> bool:
        """Whether a line of each font not seen so far says what is read where it stands."""
        samples = [line for line in _samples(lines) if line.font not in self._proven]
        if not samples:
            return True
        strips = [_strip(page.pixels, line) for line in samples]
        expected = "".join(_text(line) for line in samples)
        if Levenshtein.normalized_similarity(_bare(expected), _bare(self._read(page, strips, context))) < AGREEMENT:
            return False
        self._proven |= {line.font for line in samples}
        return True

    def _read(self, page: PageImage, strips: Sequence[Pixels], context: ReadContext) -> str:
        if self._line_reader is not None:
            with stage("recognise"):
                return "".join(reading.text for reading in self._line_reader.read(strips, context))
        sheet = PageImage(page.number, _below_each_other(strips), page.dpi)
        return self._pipeline.read_pages([sheet], context)[0].page.text

    def _read_pictures(
        self, page: PageImage, lines: Sequence[LayerLine], pictures: Sequence[Rectangle], context: ReadContext
    ) -> list[Line]:
        """Lines that stand in pictures, and nowhere in the layer."""
        if not pictures:
            return []
        left, top = (int(min(box[side] for box in pictures)) for side in (0, 1))
        right, bottom = (int(np.ceil(max(box[side] for box in pictures))) for side in (2, 3))
        part = _only(page.pixels, pictures, [_quad(line) for line in lines])[top:bottom, left:right]
        if not part.size or not has_letters(part):
            return []
        image = PageImage(page.number, np.ascontiguousarray(part), page.dpi)
        read = self._pipeline.read_pages([image], context)[0].page
        return [_moved(line, left, top) for line in read.lines]


def _is_plausible(layer: TextLayer) -> bool:
    every = layer.characters + layer.invisible
    if not layer.characters or layer.invisible > MOST_INVISIBLE * every:
        return False
    return layer.unmapped <= MOST_UNMAPPED * layer.characters


def _with_ink(pixels: Pixels, layer: TextLayer) -> list[LayerLine] | None:
    """The visible lines that stand on ink; None where too many don't."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    visible = [line for line in layer.lines if line.visible]
    printed = [line for line in visible if _contrast(grey, _quad(line)) >= INK_CONTRAST]
    missing = sum(len(line.text) for line in visible) - sum(len(line.text) for line in printed)
    return None if missing > MOST_WITHOUT_INK * layer.characters else printed


def _contrast(grey: Pixels, quad: Quad) -> int:
    left, top = np.floor(quad.min(0)).astype(int).clip(0)
    right, bottom = np.ceil(quad.max(0)).astype(int)
    part = grey[top:bottom, left:right]
    return int(part.max()) - int(part.min()) if part.size else 0


def _samples(lines: Sequence[LayerLine]) -> list[LayerLine]:
    """The longest line of each font that the page has much of, of those in letters that readers know."""
    total = sum(len(line.text) for line in lines)
    by_font: dict[str, list[LayerLine]] = {}
    for line in lines:
        by_font.setdefault(line.font, []).append(line)
    longest = []
    for members in by_font.values():
        if sum(len(line.text) for line in members) < FONT_SHARE * total:
            continue
        known = [line for line in members if _is_comparable(line.text)]
        longest += sorted(known, key=lambda line: -len(line.text))[:1]
    return sorted(longest, key=lambda line: -len(line.text))[:SAMPLE_LINES]


def _is_comparable(text: str) -> bool:
    """Whether readers know most of its letters: Latin, Cyrillic, Greek."""
    bare = _bare(text)
    return len(bare) >= SAMPLE_CHARACTERS and sum(char <= LAST_KNOWN for char in bare) >= 0.8 * len(bare)


def _bare(text: str) -> str:
    """Letters and digits alone: spaces, dashes and quotes are drawn in more ways than one."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _text(line: LayerLine) -> str:
    """As much of a line as is read for comparison."""
    return line.text[:SAMPLE_LENGTH]


def _strip(pixels: Pixels, line: LayerLine) -> Pixels:
    """The picture of as much of a line, upright on white."""
    quad = span_quad(_quad(line), 0.0, line.spans[len(_text(line)) - 1][1])
    margin = max(1, int(MARGIN * np.linalg.norm(quad[3] - quad[0])))
    white = cv2.copyMakeBorder(cut_line(pixels, quad), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=WHITE)
    return np.asarray(white, np.uint8)


def _below_each_other(strips: Sequence[Pixels]) -> Pixels:
    width = max(strip.shape[1] for strip in strips)
    padded = [
        cv2.copyMakeBorder(strip, 0, 0, 0, width - strip.shape[1], cv2.BORDER_CONSTANT, value=WHITE) for strip in strips
    ]
    return np.ascontiguousarray(np.concatenate(padded))


def _only(pixels: Pixels, boxes: Sequence[Rectangle], quads: Sequence[Quad]) -> Pixels:
    """The page with its pictures alone, without the layer's text on them."""
    white = np.full_like(pixels, 255)
    for left, top, right, bottom in boxes:
        part = slice(int(top), int(np.ceil(bottom))), slice(int(left), int(np.ceil(right)))
        white[part] = pixels[part]
    for quad in quads:
        cv2.fillPoly(white, [np.round(quad).astype(np.int32)], WHITE)
    return white


def _moved(line: Line, left: int, top: int) -> Line:
    """A line found on a part of the page, with places on the page."""
    words = [word.model_copy(update={"box": _shifted(word.box, left, top)}) for word in line.words or ()]
    moved: Line = line.model_copy(update={"box": _shifted(line.box, left, top), "words": words or line.words})
    return moved


def _shifted(box: tuple[tuple[float, float], ...] | None, left: int, top: int) -> object:
    return tuple((x + left, y + top) for x, y in box) if box else None


def _page(page: PageImage, lines: Sequence[LayerLine], others: Sequence[Line]) -> Page:
    """The result page of a layer's lines and of lines that were read beside them."""
    placed = [line for line in others if line.box is not None]
    readings = [LineReading(line.text, (CERTAIN,) * len(line.text), line.spans) for line in lines]
    sent = [_quad(line) for line in lines]
    turns = _turns(sent, lines)
    upright_quads = [
        _upright_quad(quad, turns, page) for quad in (*sent, *(np.array(line.box, np.float32) for line in placed))
    ]
    contract_lines = [
        to_line(page, quad, reading, CERTAIN) for quad, reading in zip(sent, readings, strict=True)
    ] + placed
    texts = [*readings, *(LineReading(line.text) for line in placed)]
    pixels = turned_back(page.pixels, turns)
    tree = read_tree(texts, contract_lines, upright_quads, pixels, partial(sent_box, page, turns))
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


def _quad(line: LayerLine) -> Quad:
    return np.array(line.corners, np.float32)
