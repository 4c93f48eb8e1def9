"""The tiny TrOCR on the stack as users start it: a page of twenty lines, found by the detector and read by TrOCR."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.documents import as_png, text_page
from tests.live.stack.running import Up
from tests.unit.engines.trocr_samples import TINY, some_lines

pytestmark = pytest.mark.live

LINES = some_lines(20, seed=21)
PAGE = text_page(LINES, size=(1240, 1300), font_px=34)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("trocr") / "data", OCRQ_MODEL=str(TINY), OMP_NUM_THREADS="1")
    try:
        yield up
    finally:
        up.end()


def read(up: Up, **request: Any) -> httpx.Response:
    image = base64.b64encode(as_png(PAGE)).decode()
    return httpx.post(f"{up.url}/extract_text", json={"image": image, **request}, timeout=120)


def test_a_page_of_twenty_lines_is_read(up: Up) -> None:
    answer = read(up)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["metadata"]["served_by"] == f"trocr/{TINY}"
    lines = result["text"].split("\n")
    assert len(lines) == len(LINES)
    words = [word for line in LINES for word in line.split()]
    right = sum(word in line.split() for text, line in zip(LINES, lines, strict=True) for word in text.split())
    assert right >= 0.95 * len(words), result["text"]
    assert result["confidence"] > 0.7


def test_options_past_the_model_are_warned_of(up: Up) -> None:
    answer = read(up, decoding_options={"num_beams": 2, "max_length": 1000}, cache=False)
    assert answer.status_code == 200, answer.text
    warning = "decoding_options.max_length: the model has 64 positions; 64 was used"
    assert warning in answer.json()["metadata"]["warnings"]


def test_a_model_that_is_not_listed_is_refused(up: Up) -> None:
    answer = read(up, model_name="microsoft/not-listed-trocr")
    assert answer.status_code == 422
    assert answer.json()["code"] == "model_not_allowed"
