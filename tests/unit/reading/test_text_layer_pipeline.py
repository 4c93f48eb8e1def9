"""A layer is taken where it can be trusted, and the page is read where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ocrq.contracts import Line, Page
from tasks.runner import ReadContext
from tests.flag import LIMITS
from tests.unit.imaging.layered import INVISIBLE, WHOLE_PICTURE, layered_pdf
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.imaging.decode import open_document
from worker.page import PageImage
from worker.reading.layer_reading import TextLayerPipeline, page_image
from worker.reading.protocols import PageRead

LINES = ["Invoice number 2041 of March", "Payable before the end of April", "Total amount due 418.50"]


class Recording:
    """A pipeline that notes what it is given, and reads the same everywhere."""

    batch_pages = 2

    def __init__(self) -> None:
        self.seen: list[PageImage] = []

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        self.seen += pages
        line = Line(text="as read", confidence=0.8, box=((1, 1), (60, 1), (60, 20), (1, 20)))
        return [
            PageRead(Page(page=page.number, width=page.width, height=page.height, text="as read", lines=[line]))
            for page in pages
        ]


def page_of(data: bytes) -> PageImage:
    with open_document(data, LIMITS) as document:
        page, whole = page_image(document, 1, with_layer=True), document.read_page(1)
    return replace(page, whole=lambda: whole) if page.whole else page


def read(page: PageImage, engine: RapidOcrEngine, use: str = "auto") -> tuple[Page, Recording]:
    pipeline = Recording()
    (result,) = TextLayerPipeline(pipeline, use, engine).read_pages([page], ReadContext())  # type: ignore[arg-type]
    return result.page, pipeline


def test_a_layer_that_says_what_is_printed_is_taken(engine: RapidOcrEngine) -> None:
    page, pipeline = read(page_of(layered_pdf(LINES)), engine)
    assert (page.text_source, page.lines[0].text) == ("layer", LINES[0])
    assert page.confidence > 0.99 and not pipeline.seen
    assert [line.text for line in page.lines] == LINES
    assert sorted(index for block in page.blocks for index in block.lines) == [0, 1, 2]
    assert page.lines[0].words and page.lines[0].words[1].text == "number"
    box = page.blocks[0].box
    assert box and box[2][0] > 0.9 * max(x for line in page.lines for x, _ in line.box or ())  # of the page itself


@pytest.mark.parametrize(
    "data",
    [
        layered_pdf(LINES, mode=INVISIBLE),
        layered_pdf(LINES, over=WHOLE_PICTURE),
        layered_pdf(LINES, unmapped=True),
        layered_pdf(LINES, left=900),
        layered_pdf([]),
    ],
    ids=["invisible", "covered", "unmapped", "off the page", "none"],
)
def test_a_page_without_a_layer_to_trust_is_read(data: bytes, engine: RapidOcrEngine) -> None:
    page, pipeline = read(page_of(data), engine)
    assert (page.text_source, page.text, len(pipeline.seen)) == ("ocr", "as read", 1)


def test_a_layer_that_contradicts_the_picture_is_not_taken(engine: RapidOcrEngine) -> None:
    lie, truth = page_of(layered_pdf(["Nothing of this is printed here", "or anywhere"])), page_of(layered_pdf(LINES))
    assert lie.layer is not None
    cyrillic = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщ")
    lines = tuple(replace(line, text=line.text.lower().translate(cyrillic)) for line in lie.layer.lines)
    for layer in (lie.layer, replace(lie.layer, lines=lines)):
        page, _ = read(replace(truth, layer=layer), engine)
        assert page.text_source == "ocr"


def test_text_that_is_not_seen_is_left_out(engine: RapidOcrEngine) -> None:
    page = page_of(layered_pdf([*LINES, "white"]))
    assert page.layer is not None and page.whole is not None and page.pixels.shape[1] < page.width
    pixels = page.whole().pixels.copy()
    last = np.array(page.layer.lines[-1].corners).round().astype(np.int32)
    cv2.fillPoly(pixels, [last], (255, 255, 255))
    result, _ = read(PageImage(1, pixels, page.dpi, page.layer), engine)
    assert [line.text for line in result.lines] == LINES


def test_a_picture_on_a_digital_page_is_read_beside_its_text(engine: RapidOcrEngine) -> None:
    page = page_of(layered_pdf(LINES, over="q 300 0 0 100 40 300 cm /Grey Do Q"))
    pixels = page.pixels.copy()
    cv2.putText(pixels, "LETTERS", (200, 1400), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 5)
    result, pipeline = read(PageImage(1, pixels, page.dpi, page.layer), engine)
    assert result.text_source == "mixed"
    assert [line.text for line in result.lines] == [*LINES, "as read"]
    assert pipeline.seen[0].width < page.width
    box = result.lines[-1].box
    assert box and box[0][1] > 1200  # on the page, not on the part that was read


def test_only_takes_an_invisible_layer_too_and_reads_nothing(engine: RapidOcrEngine) -> None:
    page, pipeline = read(page_of(layered_pdf(LINES, mode=INVISIBLE)), engine, "only")
    assert [line.text for line in page.lines] == LINES and not pipeline.seen


def test_only_says_that_a_page_has_no_layer(engine: RapidOcrEngine) -> None:
    (result,) = TextLayerPipeline(Recording(), "only").read_pages([page_of(layered_pdf([]))], ReadContext())
    assert not result.page.lines and "no text layer" in result.warnings[0]
