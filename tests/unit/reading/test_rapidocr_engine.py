from __future__ import annotations

import itertools

import cv2
import jiwer
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrq.errors import JobCancelled, TimeLimitExceeded
from tasks.runner import ReadContext
from tests.stops import stops
from tests.unit.reading.drawing import LEFT, STEP, TEXTS, TOP, drawn, drawn_line
from worker.engines.ppocr.added_letters import with_added_letters
from worker.engines.ppocr.classifier import Classifier, common_classes, last_layer, ranking_features
from worker.engines.ppocr.detection import DetectionSettings
from worker.engines.ppocr.engine import RapidOcrDetector, RapidOcrEngine
from worker.engines.ppocr.models import DETECTION_FILE, alphabet_of, models_folder, recognition_model
from worker.engines.ppocr.network import Network, compiled, read_model, taking_pixels
from worker.engines.ppocr.recognition import MAX_WIDTH, STRIP_HEIGHT, Recogniser
from worker.engines.ppocr.upsampling import without_upsampling
from worker.engines.protocols import Detector, finds_lines
from worker.imaging.crop import quad_size
from worker.page import Pixels

WORD_GAP_PIXELS = 9  # at 40 pixels of type; letters stand closer
BLUR = 0.13  # sigma in sizes of type: legible to us, with an effort
JPEG_QUALITY = 20
GREY = 150  # of faint ink


def blurred_line(text: str, size: int, blur: float = BLUR) -> Pixels:
    """A line out of focus and compressed, as photographs come."""
    soft = cv2.GaussianBlur(drawn_line(text, size, margin=size // 3), (0, 0), blur * size)
    data = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_the_engine_is_a_detector_and_a_line_reader(engine: RapidOcrEngine) -> None:
    assert finds_lines(engine)
    assert engine.info.thread_safe
    assert 0 < engine.info.memory_bytes < 1 << 30


def test_it_finds_each_line_where_it_stands(engine: RapidOcrEngine) -> None:
    quads = sorted(engine.find_lines(drawn()), key=lambda quad: float(quad[0, 1]))
    assert len(quads) == len(TEXTS)
    for number, quad in enumerate(quads):
        assert quad[0] == pytest.approx([LEFT, TOP + number * STEP], abs=14)
        assert quad[0, 0] < quad[1, 0]
        assert quad[0, 1] < quad[3, 1]


def test_it_reads_lines_with_a_probability_and_an_ascending_span_for_each_character(engine: RapidOcrEngine) -> None:
    readings = engine.read([drawn_line(text) for text in TEXTS], ReadContext())
    assert [reading.text for reading in readings] == list(TEXTS)
    for reading in readings:
        assert len(reading.probabilities) == len(reading.spans) == len(reading.text)
        assert reading.mean_probability > 0.9
        edges = [edge for span in reading.spans for edge in span]
        assert edges == sorted(edges)
        assert 0 <= edges[0] < edges[-1] <= 1


def test_the_other_readers_read_clean_lines_right(engine: RapidOcrEngine) -> None:
    for reader in (engine.degraded_reader, engine.second_opinion):
        readings = reader.read([drawn_line(text) for text in TEXTS], ReadContext())
        assert [reading.text for reading in readings] == list(TEXTS)
        assert reader.info == engine.info


def test_the_recognisers_differ_in_their_confidences(engine: RapidOcrEngine) -> None:
    crops = [blurred_line(text, 24) for text in TEXTS]
    readers = (engine, engine.degraded_reader, engine.second_opinion)
    assert len({reader.read(crops, ReadContext())[0].probabilities for reader in readers}) == len(readers)


def test_the_detector_of_degraded_pages_finds_lines_apart_that_blur_runs_together(engine: RapidOcrEngine) -> None:
    size, step, rows, top = 18, 20, 26, 30
    picture, font = Image.new("L", (900, 2 * top + rows * step), "white"), ImageFont.load_default(size=size)
    for row in range(rows):
        ImageDraw.Draw(picture).text((LEFT, top + row * step), f"{TEXTS[row % len(TEXTS)]} {row}", GREY, font)
    grey = cv2.GaussianBlur(np.asarray(picture), (0, 0), BLUR * size)
    page = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)

    def rows_found(detector: Detector) -> set[int]:
        lines = [quad for quad in detector.find_lines(page) if quad_size(quad)[1] < 2 * step]
        return {round((float(quad[:, 1].mean()) - top - size / 2) / step) for quad in lines}

    assert rows_found(engine.degraded_detector) == set(range(rows))
    assert len(rows_found(RapidOcrDetector(as_it_came(), DetectionSettings()))) < rows


def as_it_came() -> Network:
    return compiled(taking_pixels(without_upsampling(read_model(models_folder() / DETECTION_FILE))))


def test_the_reader_of_degraded_lines_errs_less_on_blurred_ones(engine: RapidOcrEngine) -> None:
    lines = [(text, size) for text in TEXTS for size in (16, 20, 24, 28, 32)]
    crops = [blurred_line(text, size, 0.14) for text, size in lines]  # at 0.13 they differ by a few letters
    plain, degraded = (
        jiwer.cer([text for text, _ in lines], [reading.text for reading in reader.read(crops, ReadContext())])
        for reader in (engine, engine.degraded_reader)
    )
    assert degraded < plain
    assert degraded < 0.1


def test_words_begin_and_end_where_their_ink_does(engine: RapidOcrEngine) -> None:
    crop = drawn_line("MILL HALL HOUSE", size=40, margin=20)
    (reading,) = engine.read([crop], ReadContext())
    assert reading.text == "MILL HALL HOUSE"
    starts = [reading.spans[index][0] for index in (0, 5, 10)]
    ends = [reading.spans[index][1] for index in (3, 8, 14)]
    columns = np.flatnonzero(crop.min(axis=(0, 2)) < 128)
    breaks = np.flatnonzero(np.diff(columns) > WORD_GAP_PIXELS)
    assert starts == pytest.approx(list(columns[[0, *(breaks + 1)]] / crop.shape[1]), abs=0.01)
    assert ends == pytest.approx(list(columns[[*breaks, -1]] / crop.shape[1]), abs=0.01)


def test_a_crop_reads_the_same_alone_and_among_others(engine: RapidOcrEngine) -> None:
    crop = drawn_line(TEXTS[3])
    others = [drawn_line("x"), drawn_line(" ".join(TEXTS))]
    (alone,) = engine.read([crop], ReadContext())
    among = engine.read([others[0], crop, others[1], crop], ReadContext())
    assert among[1] == alone == among[3]


def test_an_overlong_line_is_read_in_parts_and_loses_nothing(engine: RapidOcrEngine) -> None:
    words = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "runs", "home"] * 6
    crop = drawn_line(" ".join(words), size=20)
    assert STRIP_HEIGHT * crop.shape[1] / crop.shape[0] > MAX_WIDTH
    (reading,) = engine.read([crop], ReadContext())
    assert reading.text.split() == words
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(reading.spans))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (25, 400)])
def test_tiny_and_thin_crops_without_text_read_as_nothing(engine: RapidOcrEngine, shape: tuple[int, int]) -> None:
    (reading,) = engine.read([np.full((*shape, 3), 255, np.uint8)], ReadContext())
    assert reading.text.strip() == ""


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (25, 400), (400, 25)])
def test_tiny_and_thin_pages_have_no_lines(engine: RapidOcrEngine, shape: tuple[int, int]) -> None:
    assert engine.find_lines(np.full((*shape, 3), 255, np.uint8)) == []


def test_lines_of_a_page_many_times_the_networks_size_are_found_in_its_own_pixels(engine: RapidOcrEngine) -> None:
    page = drawn()
    huge = np.asarray(cv2.resize(page, None, fx=8, fy=8), np.uint8)
    small, large = (sorted(float(quad[0, 1]) for quad in engine.find_lines(pixels)) for pixels in (page, huge))
    assert large == pytest.approx([8 * y for y in small], abs=60)


def test_a_cancelled_job_stops_between_lines(engine: RapidOcrEngine) -> None:
    asked = itertools.count()
    context = ReadContext(cancelled=lambda: next(asked) >= 2)
    with stops(JobCancelled):
        engine.read([drawn_line("one"), drawn_line("two"), drawn_line("three")], context)
    assert next(asked) == 3


def test_a_passed_deadline_stops_the_read(engine: RapidOcrEngine) -> None:
    with stops(TimeLimitExceeded):
        engine.read([drawn_line("late")], ReadContext(deadline=0.0))


def test_in_8_bits_lines_read_as_in_float32_and_twice_alike(engine: RapidOcrEngine) -> None:
    crops = [drawn_line(text, size) for text in TEXTS for size in (18, 32)]
    exact = recogniser_in_float32().read
    readings, again = (engine.read(crops, ReadContext()) for _ in range(2))
    assert readings == again
    for crop, reading in zip(crops, readings, strict=True):
        expected = exact(crop)
        assert reading.text == expected.text
        assert reading.mean_probability == pytest.approx(expected.mean_probability, abs=0.03)


def recogniser_in_float32() -> Recogniser:
    model = recognition_model("recognition")
    alphabet, layer = with_added_letters(alphabet_of(model), last_layer(model))
    common = common_classes(alphabet, layer)
    features = compiled(taking_pixels(ranking_features(model, common, layer)))
    return Recogniser(features, Classifier(layer), alphabet)
