"""Pages whose own text can be trusted: taken from the PDF's text layer, with only its pictures read.

A layer is trusted page by page: where its text is seen, has a meaning in Unicode, stands on ink, and where a few of
its lines, read from the picture, say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import cv2
import numpy as np

from ocrq.contracts import Line, Page
from tasks.monitoring.stages import stage
from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.imaging.decode import Document
from worker.imaging.ink import has_letters
from worker.imaging.text_layer import LayerLine, Rectangle
from worker.page import PageImage, Pixels, Quad
from worker.reading.layer_page import layer_page
from worker.reading.layer_trust import WHITE, FontTest, is_plausible, line_quad, with_ink
from worker.reading.protocols import PageRead, Pipeline

LAYER_SHRINK = 2
"""How many times smaller the picture of a page may be whose text comes from its layer."""

TextLayerUse = Literal["auto", "only"]


def page_image(document: Document, number: int, with_layer: bool) -> PageImage:
    """A page of a document, with the text that it carries where that is wanted; raises as the document does."""
    with stage("decode"):
        layer = document.read_layer(number) if with_layer else None  # first: it draws form values into the page
        if layer is None or layer.pictures or not is_plausible(layer):
            return replace(document.read_page(number), layer=layer)
        page = document.read_page(number, LAYER_SHRINK)
        return replace(page, layer=layer, whole=partial(document.read_page, number) if page.size else None)


class TextLayerPipeline:
    """Takes the text of pages from their layers, and reads with another pipeline what carries none.

    Args:
        pipeline: Reads pages without a layer to trust, and pictures.
        use: ``auto`` trusts a layer that stands the tests; ``only`` takes every layer as it is and reads nothing.
        line_reader: Reads the lines that layers are compared with; without one the pipeline does.
    """

    def __init__(self, pipeline: Pipeline, use: TextLayerUse, line_reader: LineReader | None = None) -> None:
        self._pipeline, self._use, self._line_reader = pipeline, use, line_reader
        self._fonts = FontTest()
        self.batch_pages = pipeline.batch_pages

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """See :class:`worker.reading.protocols.Pipeline`; pages carry their layers."""
        done = {index: read for index, page in enumerate(pages) if (read := self._from_layer(page, context))}
        rest = [index for index in range(len(pages)) if index not in done]
        if rest:
            others = self._pipeline.read_pages([_whole(pages[index]) for index in rest], context)
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
            return PageRead(layer_page(page, layer.lines))
        if layer is None or not is_plausible(layer):
            return None
        lines = with_ink(page, layer)
        if lines is None or not self._fonts.agrees(page, lines, partial(self._read, page, context)):
            return None
        others = self._read_pictures(page, lines, layer.pictures, context)
        return PageRead(layer_page(page, lines, others))

    def _read(self, page: PageImage, context: ReadContext, strips: Sequence[Pixels]) -> str:
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
        part = _only(page.pixels, pictures, [line_quad(line) for line in lines])[top:bottom, left:right]
        if not part.size or not has_letters(part):
            return []
        image = PageImage(page.number, np.ascontiguousarray(part), page.dpi)
        read = self._pipeline.read_pages([image], context)[0].page
        return [_moved(line, left, top) for line in read.lines]


def _whole(page: PageImage) -> PageImage:
    return page.whole() if page.whole else page


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
