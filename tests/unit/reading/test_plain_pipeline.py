from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ocrq.contracts import Page
from ocrq.errors import JobCancelled
from tasks.runner import ReadContext
from tests.documents import text_page
from tests.stops import stops
from tests.unit.reading.drawing import LEFT, TEXTS, TOP, drawn, drawn_line, skewed
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.engines.protocols import Detector
from worker.imaging.prepare import prepare
from worker.page import PageImage, Pixels, Quad
from worker.reading.plain import PlainPipeline

Read = Callable[[Pixels], Page]
WIDTH, HEIGHT = 900, 460  # of a drawn page


def test_a_page_reads_top_to_bottom_with_boxes_words_and_confidence(read: Read) -> None:
    page = read(drawn())
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)
    assert [line.text for line in page.lines] == list(TEXTS)
    assert sorted(index for block in page.blocks for index in block.lines) == list(range(len(TEXTS)))
    assert (page.width, page.height, page.angle) == (WIDTH, HEIGHT, 0.0)
    assert page.confidence > 0.9
    for line in page.lines:
        assert line.box is not None
        assert line.words is not None
        assert " ".join(word.text for word in line.words) == line.text
        (left, top), _, (right, bottom), _ = line.box
        for word in line.words:
            assert word.box is not None
            assert left <= word.box[0][0] < word.box[1][0] <= right
            assert top <= word.box[0][1] < word.box[3][1] <= bottom


# Where the first line's first corner comes to lie when the page is turned clockwise.
CORNERS = {
    90: (HEIGHT - TOP, LEFT),
    180: (WIDTH - LEFT, HEIGHT - TOP),
    270: (TOP, WIDTH - LEFT),
}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_reads_the_same_and_its_boxes_are_those_of_the_page_as_sent(read: Read, degrees: int) -> None:
    sent = np.ascontiguousarray(np.rot90(drawn(), -degrees // 90))
    page = read(sent)
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)
    assert page.angle == pytest.approx(degrees, abs=0.3)
    assert (page.width, page.height) == (sent.shape[1], sent.shape[0])
    box = page.lines[0].box
    assert box is not None
    assert box[0] == pytest.approx(CORNERS[degrees], abs=14)
    along = np.subtract(box[1], box[0])
    assert np.degrees(np.arctan2(along[1], along[0])) % 360 == pytest.approx(degrees, abs=1)
    for x, y in box:
        assert 0 <= x <= page.width
        assert 0 <= y <= page.height


@pytest.mark.parametrize("degrees", [-7.0, 3.0, 12.0])
def test_a_skewed_page_reads_in_order_and_says_its_angle(read: Read, degrees: float) -> None:
    page = read(skewed(drawn(), degrees))
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)
    assert page.angle == pytest.approx(degrees, abs=0.5)


def test_a_skewed_page_upside_down_is_distinguished_from_an_upright_one(read: Read) -> None:
    page = read(np.ascontiguousarray(skewed(drawn(), 4.0)[::-1, ::-1]))
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)
    assert page.angle == pytest.approx(184.0, abs=0.5)


class LevelLinesOnly(Detector):
    """A detector for degraded pages that sees one level line where a page lies on its side."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        height, width = pixels.shape[:2]
        level = np.array([[0, 0], [width, 0], [width, 20], [0, 20]], np.float32)
        return self.detector.find_lines(pixels) if width > height else [level]


class TwoDetectors(LevelLinesOnly):
    """The detector, with another one for degraded pages that knows level lines alone."""

    def __init__(self, detector: Detector) -> None:
        super().__init__(detector)
        self.degraded_detector = LevelLinesOnly(detector)
        self.looks = 0

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        self.looks += 1
        return self.detector.find_lines(pixels)


def shaded() -> Pixels:
    """A drawn page that counts as degraded, for its light."""
    shade = np.linspace(1, 0.5, WIDTH, dtype=np.float32)[np.newaxis, :, np.newaxis]
    return np.asarray(drawn() * shade, np.uint8)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_degraded_page_on_its_side_is_turned_where_the_detector_for_degraded_pages_does_not_see_it(
    engine: RapidOcrEngine, turns: int
) -> None:
    degraded = np.ascontiguousarray(np.rot90(shaded(), turns))
    assert prepare(degraded).steps == ("light",)
    page = PlainPipeline(TwoDetectors(engine), engine, preprocess=True).read_page(PageImage(1, degraded), ReadContext())
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)


def test_a_degraded_page_read_with_high_confidence_is_analysed_once(engine: RapidOcrEngine) -> None:
    detectors = TwoDetectors(engine)
    PlainPipeline(detectors, engine, preprocess=True).read_page(PageImage(1, shaded()), ReadContext())
    assert detectors.looks == 0


def test_salt_and_pepper_is_cleaned_unasked(engine: RapidOcrEngine) -> None:
    pixels, detectors = drawn(), TwoDetectors(engine)
    chance = np.random.default_rng(5).random(pixels.shape[:2])
    pixels[chance < 0.015], pixels[chance > 0.985] = 0, 255
    page = PlainPipeline(detectors, engine).read_page(PageImage(1, pixels), ReadContext())
    assert detectors.looks == 0
    assert [row for row in page.text.split("\n") if row] == list(TEXTS)


def test_a_label_that_runs_up_the_side_of_an_upright_page_is_read(read: Read) -> None:
    pixels = drawn(width=1100)
    label = np.rot90(drawn_line("Copy for the archive"))
    pixels[40 : 40 + label.shape[0], 1000 : 1000 + label.shape[1]] = label
    page = read(pixels)
    (line,) = [line for line in page.lines if line.text == "Copy for the archive"]
    assert page.angle == 0.0
    assert line.box is not None
    assert line.box[0][1] > line.box[1][1], "the text's own top left is at the bottom"


@pytest.mark.parametrize("shape", [(800, 600), (1, 1), (1, 500), (500, 1), (25, 400)])
def test_a_blank_page_is_empty_and_no_error(read: Read, shape: tuple[int, int]) -> None:
    page = read(np.full((*shape, 3), 255, np.uint8))
    assert (page.text, page.lines, page.confidence, page.error) == ("", [], 0.0, None)
    assert (page.width, page.height) == (shape[1], shape[0])


@pytest.mark.parametrize(("size", "margin"), [(10, 2), (16, 2), (24, 1), (40, 10), (200, 20)])
def test_a_picture_of_one_line_reads_at_any_size(read: Read, size: int, margin: int) -> None:
    assert read(drawn_line("Invoice total 1234.50", size, margin)).text == "Invoice total 1234.50"


def test_white_on_black_reads_as_well(read: Read) -> None:
    assert read(255 - drawn()).text.split("\n") == list(TEXTS)


def test_the_same_page_reads_the_same_twice(read: Read) -> None:
    assert read(drawn()) == read(drawn())


def test_a_rule_drawn_with_asterisks_is_no_text(read: Read) -> None:
    with_rule = read(drawn((TEXTS[0], "*" * 36, *TEXTS[1:])))
    assert [line.text for line in with_rule.lines] == list(TEXTS)


def test_noise_gives_no_words(read: Read) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (600, 800, 3), np.uint8)
    assert read(noise).text == ""


def test_a_cancelled_job_stops_the_page(engine: RapidOcrEngine) -> None:
    with stops(JobCancelled):
        PlainPipeline(engine, engine).read_page(PageImage(1, drawn()), ReadContext(cancelled=lambda: True))


def test_a_page_of_a_few_lines_above_much_white_keeps_them(read: Callable[[Pixels], Page]) -> None:
    lines = ["ACME TRADING LTD", "Invoice Number: INV-0017", "Total 106.00"]
    page = np.ascontiguousarray(np.asarray(text_page(lines))[:, :, ::-1])
    assert [line.text for line in read(page).lines] == lines
