from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tasks.catalogue import entry_for
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.models_cache import MODELS_CACHE
from tests.unit.reading.drawing import TEXTS, drawn, drawn_line
from worker.engines.ppocr.engine import TINY_WIDTH, RapidOcrEngine, TinyEngine, load
from worker.engines.ppocr.models import TINY_CHARACTERS, TINY_DETECTION, TINY_RECOGNITION, tiny_alphabet
from worker.engines.ppocr.recognition import to_strip
from worker.engines.protocols import finds_lines
from worker.page import PageImage
from worker.reading import ReadMode, pipeline_for

RELEASED = {
    TINY_DETECTION: "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
    TINY_RECOGNITION: "9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6",
    TINY_CHARACTERS: "2af150bab777d86fa1ce821f6a37eabea90f1bb99ab9c41f031262e892a747bc",
}


@pytest.fixture(scope="module")
def tiny() -> TinyEngine:
    return TinyEngine.load(cache=MODELS_CACHE)


def test_the_files_are_those_that_were_released() -> None:
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in RELEASED} == RELEASED


def test_its_name_is_served_by_the_tiny_networks(tiny: TinyEngine, engine: RapidOcrEngine) -> None:
    entry = entry_for("rapidocr-tiny")
    assert (entry.engine, entry.pool) == ("rapidocr", "cpu")
    assert isinstance(load(entry.name, Settings()), TinyEngine)
    assert finds_lines(tiny)
    assert tiny.info.name == "rapidocr/PP-OCRv6-tiny"
    assert tiny.info.memory_bytes < engine.info.memory_bytes


def test_it_reads_drawn_lines(tiny: TinyEngine) -> None:
    readings = tiny.read([drawn_line(text) for text in TEXTS], ReadContext())
    assert [reading.text for reading in readings] == list(TEXTS)
    assert all(len(reading.probabilities) == len(reading.text) for reading in readings)


def test_it_looks_at_narrower_strips_and_places_characters_on_the_line(
    tiny: TinyEngine, engine: RapidOcrEngine
) -> None:
    crop = drawn_line(TEXTS[1])
    assert to_strip(crop, TINY_WIDTH).shape[1] < to_strip(crop).shape[1]
    (narrow,), (own,) = tiny.read([crop], ReadContext()), engine.read([crop], ReadContext())
    assert np.allclose(narrow.spans, own.spans, atol=0.02)


@pytest.mark.parametrize("mode", [ReadMode(), ReadMode(robust=True, variants=3)], ids=["plain", "robust"])
def test_it_reads_a_page_in_either_way(tiny: TinyEngine, mode: ReadMode) -> None:
    (read,) = pipeline_for(tiny, mode, lambda: tiny).read_pages([PageImage(1, drawn())], ReadContext())
    assert [line.text for line in read.page.lines] == list(TEXTS)


def test_its_characters_are_composed_and_each_is_there_once() -> None:
    alphabet = tiny_alphabet()
    assert alphabet[0] == ""
    assert alphabet[-1] == " "
    assert len(alphabet) == 6906
    assert "\r" not in "".join(alphabet)
