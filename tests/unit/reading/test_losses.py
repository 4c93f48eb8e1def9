"""Text that is cut off, covered or missed lowers a page's confidence and is named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tasks.runner import ReadContext
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.imaging.ink import LetterInk, rows_outside
from worker.imaging.line_edges import MEASURES, line_edges
from worker.imaging.text_lines import text_lines
from worker.page import LineReading, PageImage, Pixels, Quad
from worker.reading.loss import Loss
from worker.reading.loss_model import BoostedTrees
from worker.reading.losses import Dropped, confidence_left, empty_boxes, garbled_lines, losses_of, share_read
from worker.reading.plain import PlainPipeline
from worker.reading.protocols import PageRead

SIZE, STEP, LEFT, TOP = 28, 46, 90, 80
LINES = [
    "The committee met on the ninth of May",
    "and heard the report of the treasurer",
    "on the repairs of the northern bridge,",
    "which are to begin before the winter.",
    "A vote was taken after a short debate",
    "and the plan was carried by a majority.",
    "The next meeting will be held in June",
    "at the usual place and the usual hour.",
]


def page_of(lines: list[str] = LINES) -> Pixels:
    image = Image.new("RGB", (820, 2 * TOP + STEP * len(lines)), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(SIZE)
    for number, line in enumerate(lines):
        pen.text((LEFT, TOP + STEP * number), line, "black", font)
    return np.array(image, np.uint8)


def quads_of(count: int = len(LINES), right: float = 620) -> list[Quad]:
    boxes = [(LEFT - 4, TOP + STEP * n, right, TOP + STEP * n + 34) for n in range(count)]
    return [np.array([[a, b], [c, b], [c, d], [a, d]], np.float32) for a, b, c, d in boxes]


def read(engine: RapidOcrEngine, pixels: Pixels) -> PageRead:
    return PlainPipeline(engine, engine).read_pages([PageImage(1, pixels)], ReadContext())[0]


def test_a_whole_page_has_no_losses(engine: RapidOcrEngine) -> None:
    whole = read(engine, page_of())
    assert not whole.warnings
    assert whole.page.confidence > 0.95


def test_a_page_whose_side_is_cut_off_has_lower_confidence_and_a_warning(engine: RapidOcrEngine) -> None:
    cut = read(engine, np.ascontiguousarray(page_of()[:, :420]))
    assert cut.page.confidence < 0.9
    assert any("cut off at the page's edge" in warning for warning in cut.warnings), cut.warnings


def test_a_page_cut_through_a_line_says_so(engine: RapidOcrEngine) -> None:
    cut = read(engine, np.ascontiguousarray(page_of()[: TOP + 5 * STEP + 20]))
    assert cut.page.confidence < 0.95
    assert any("cut off at the page's edge" in warning for warning in cut.warnings), cut.warnings


def test_a_patch_over_text_is_a_loss_and_one_beside_it_is_none(engine: RapidOcrEngine) -> None:
    pixels = page_of()
    covered = pixels.copy()
    cv2.rectangle(covered, (300, TOP + STEP), (760, TOP + 5 * STEP), (128, 128, 128), -1)
    part = read(engine, covered)
    assert part.page.confidence < 0.85
    assert any("under a patch of one colour" in warning for warning in part.warnings), part.warnings
    beside = pixels.copy()
    cv2.rectangle(beside, (690, TOP + STEP), (800, TOP + 5 * STEP), (128, 128, 128), -1)
    assert not losses_of(beside, LetterInk.of(beside), quads_of(), ())


@pytest.mark.parametrize("colour", [(40, 40, 200), (20, 20, 20)])
def test_a_stamp_in_outline_hides_the_words_that_were_not_found_under_it(colour: tuple[int, int, int]) -> None:
    pixels, beside = page_of(), page_of()
    cv2.ellipse(pixels, (480, TOP + 3 * STEP), (150, 2 * STEP), 0, 0, 360, colour, 14)
    parts = [*quads_of()[:1], *quads_of(5, right=350)[1:], *quads_of()[5:]]
    losses = losses_of(pixels, LetterInk.of(pixels), parts, ())
    assert any("under a mark" in loss.what for loss in losses)
    assert 2 < sum(loss.words for loss in losses) < 25
    cv2.ellipse(beside, (740, TOP + 3 * STEP), (60, 2 * STEP), 0, 0, 360, colour, 14)
    assert not losses_of(beside, LetterInk.of(beside), quads_of(), ())


def test_letters_cut_along_an_edge_reveal_a_patch_in_the_papers_colour() -> None:
    whole, pixels = page_of(), page_of()
    assert not losses_of(whole, LetterInk.of(whole), quads_of(), ())
    cv2.rectangle(pixels, (264, TOP + STEP - 4), (760, TOP + 5 * STEP - 4), (255, 255, 255), -1)
    (loss,) = losses_of(pixels, LetterInk.of(pixels), quads_of(), ())
    assert "interrupted by a patch in the colour of the paper" in loss.what
    assert 6 < loss.words < 30


def test_lines_that_end_in_one_column_are_measured_where_they_end() -> None:
    pixels = page_of()
    cv2.rectangle(pixels, (264, TOP + STEP - 4), (760, TOP + 5 * STEP - 4), (255, 255, 255), -1)
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    edges = line_edges(grey, text_lines(grey, quads_of()))
    assert all(len(edge.measures) == len(MEASURES) for edge in edges)
    cut = max(edges, key=lambda edge: len(edge.quads))
    assert {round((quad[:, 1].mean() - TOP) / STEP - 0.3) for quad in cut.quads} <= {1, 2, 3, 4}
    assert all(abs(quad[0][0] - 264) < 5 and quad[1][0] > 500 for quad in cut.quads)


@pytest.mark.parametrize("away", [20, 40, 50])
def test_the_edge_of_the_paper_beside_a_line_is_no_part_of_it(away: int) -> None:
    grey = np.asarray(cv2.cvtColor(page_of(), cv2.COLOR_BGR2GRAY), np.uint8)
    edge = [[0, 0], [LEFT - away - 2, 0], [LEFT - away + 2, len(grey)], [0, len(grey)]]
    cv2.fillPoly(grey, [np.array(edge, np.int32)], (90,))
    pieces = [line.pieces for line in text_lines(grey, quads_of())]
    assert len(pieces) == len(LINES)
    assert all(own[0][0] >= LEFT - 1 and len(own) == 1 for own in pieces)


def test_a_photographed_receipt_on_a_dark_table_lost_nothing(engine: RapidOcrEngine) -> None:
    pixels = cv2.imread("examples/receipt.jpg")
    assert pixels is not None
    assert read(engine, np.asarray(pixels, np.uint8)).warnings == ()


def test_a_model_of_trees_is_a_sum_of_leaves() -> None:
    model = BoostedTrees(0.5, [[[0, 2.0, 1, 2], [-1.0], [1, 0.0, 3, 4], [0.25], [1.5]]])
    assert model((2.0, 9.0)) == pytest.approx(1 / (1 + np.exp(0.5)))
    assert model((2.1, 0.0)) == pytest.approx(1 / (1 + np.exp(-0.75)))
    assert model((2.1, 0.1)) == pytest.approx(1 / (1 + np.exp(-2.0)))


@pytest.mark.parametrize(("probability", "lines"), [(0.6, 1), (0.9, 0)])
def test_a_long_line_that_reads_badly_among_others_is_lost(probability: float, lines: int) -> None:
    readings = [LineReading(line, (0.99,) * len(line)) for line in LINES]
    readings[2] = LineReading("l i g mi al", (probability,) * 11)
    assert len(garbled_lines(quads_of(), readings)) == lines


@pytest.mark.parametrize(("share", "most"), [(0.02, 0.9), (0.05, 0.7), (0.2, 0.6)])
def test_a_page_that_certainly_lost_words_is_not_relied_on(share: float, most: float) -> None:
    readings = [LineReading("word " * 19, (0.99,) * 95)] * 5
    lost = 95 * share / (1 - share)
    assert most - 0.1 < confidence_left([Loss(lost, "covered")], readings) < most
    assert confidence_left([Loss(lost, "cut off", certainty=0.0)], readings) == pytest.approx(1 - share)


def test_rows_that_no_line_was_found_on_are_rows_of_text() -> None:
    pixels = page_of()
    rows = rows_outside(LetterInk.of(pixels), quads_of(5))
    assert {round((quad[:, 1].mean() - TOP) / STEP - 0.3) for quad in rows} == {5, 6, 7}
    assert not rows_outside(LetterInk.of(pixels), quads_of())


@pytest.mark.parametrize(("dropped", "whole"), [(1, True), (4, False)])
def test_a_single_scribble_is_no_loss_and_several_unread_lines_are(dropped: int, whole: bool) -> None:
    quads = quads_of()
    readings = [LineReading(line, (0.99,) * len(line)) for line in LINES]
    unread = [Dropped(quad, LineReading("")) for quad in quads[:dropped]]
    losses = losses_of(page_of(), LetterInk.of(page_of()), quads[dropped:], unread)
    assert (share_read(losses, readings[dropped:]) == 1.0) == whole


@pytest.mark.parametrize(("text", "words"), [("00000 000 0000000 00", 4), ("1 000 000 000", 0), ("0 0 0 0 0", 0)])
def test_boxes_in_place_of_letters_are_lost_words_and_numbers_are_none(text: str, words: int) -> None:
    losses = empty_boxes([LineReading("Total"), LineReading(text)])
    assert sum(loss.words for loss in losses) == words
