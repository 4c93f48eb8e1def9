"""The tiny Qwen2.5-VL on the stack as users start it: its pages come back as olmOCR's would, with their places."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.documents import as_png, as_tiff
from tests.live.processes import until
from tests.live.stack.running import Up

pytestmark = pytest.mark.live

DATA = Path(__file__).parents[2] / "data"
MODEL, OTHER = DATA / "tiny-qwen2_5-vl", DATA / "tiny-lighton-ocr"
INVOICE = ["Harbour Street Bakery", "Invoice number 4817", "Date 2026-03-14", "Total due 23.67 EUR"]
NOTICE = ["Notice to all tenants", "The lift will be repaired", "on Monday 5 October", "Please use the stairs"]
LONG = {"temperature": 2.0, "min_length": 1500, "max_new_tokens": 1500}
"""A generation of many seconds that no loop ends: chance picks its tokens, and none may be the last."""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(
        tmp_path_factory.mktemp("vlm") / "data",
        OCRQ_MODEL=str(MODEL),
        OCRQ_MODELS=f"{MODEL},{OTHER}",
        OMP_NUM_THREADS="1",
    )
    try:
        yield up
    finally:
        up.end()


def picture(name: str) -> Image.Image:
    return Image.open(MODEL / f"{name}.png").convert("RGB")


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


def read(up: Up, document: bytes, **request: Any) -> dict[str, Any]:
    answer = httpx.post(f"{up.url}/extract_text", json={"image": encoded(document), **request}, timeout=120)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_known_pages_are_read_as_olmocrs_preset_does(up: Up) -> None:
    result = read(up, as_tiff([picture("invoice"), picture("notice")]))
    assert result["metadata"]["served_by"] == f"vlm/{MODEL}"
    assert result["metadata"]["warnings"] == []
    assert result["language"] == "en"
    assert result["confidence"] > 0.9
    for page, lines in zip(result["pages"], (INVOICE, NOTICE), strict=True):
        assert page["text"].split("\n") == [lines[0], "", *lines[1:]]
        assert "primary_language" not in page["text"]


def test_each_line_and_each_word_has_its_box(up: Up) -> None:
    (page,) = read(up, as_png(picture("invoice")))["pages"]
    assert [line["text"] for line in page["lines"]] == INVOICE
    tops = [line["box"][0][1] for line in page["lines"]]
    assert tops == sorted(tops)
    for line in page["lines"]:
        assert " ".join(word["text"] for word in line["words"]) == line["text"]
        lefts = [word["box"][0][0] for word in line["words"]]
        assert lefts == sorted(lefts)
        assert line["confidence"] > 0.5


@pytest.mark.parametrize("quarters", [1, 2])
def test_a_turned_page_is_read_upright_and_its_boxes_are_those_of_the_page_as_sent(up: Up, quarters: int) -> None:
    sent = picture("notice").rotate(-90 * quarters, expand=True)  # clockwise
    (page,) = read(up, as_png(sent))["pages"]
    assert page["text"].split("\n")[2:] == NOTICE[1:]
    assert page["angle"] == pytest.approx(90 * quarters, abs=1)
    assert (page["width"], page["height"]) == sent.size
    first, second = page["lines"][0]["box"][:2]
    along = (second[0] - first[0], second[1] - first[1])
    assert along[1] > abs(along[0]) if quarters == 1 else along[0] < -abs(along[1])


def test_a_repetition_is_reported_with_low_confidence(up: Up) -> None:
    result = read(up, as_png(picture("loop")))
    assert result["text"].startswith("Chapter the ninth")
    assert result["text"].count("and on and on") < 20, "of the hundreds it would write"
    assert any("repeated itself" in warning for warning in result["metadata"]["warnings"])


def test_a_page_of_nothing_but_a_loop_is_an_error_and_the_others_are_read(up: Up) -> None:
    result = read(up, as_tiff([picture("only_loop"), picture("notice")]))
    failed, notice = result["pages"]
    assert failed["error"]["code"] == "read_failed"
    assert failed["text"] == ""
    assert notice["text"].startswith(NOTICE[0])
    alone = httpx.post(f"{up.url}/extract_text", json={"image": encoded(as_png(picture("only_loop")))}, timeout=120)
    assert (alone.status_code, alone.json()["code"]) == (500, "read_failed")


def test_cancelling_stops_a_page_in_the_middle_of_its_text(up: Up) -> None:
    request = {"image": encoded(as_png(picture("invoice"))), "decoding_options": LONG, "cache": False}
    job = httpx.post(f"{up.url}/jobs", json={"endpoint": "/extract_text", "request": request}, timeout=30)
    url = up.url + job.headers["Location"]
    until(lambda: httpx.get(url, timeout=30).json()["status"] == "running", "the page is being read")
    assert httpx.delete(url, timeout=30).is_success
    # The one worker reads the next page only once it has let go of this one; a page cut short would have said so.
    assert read(up, as_png(picture("notice")), cache=False)["text"].startswith(NOTICE[0])
    assert httpx.get(url, timeout=30).json()["status"] == "cancelled"


REPORT = """\
# Trial of two alloys

## Results

| Alloy | Mass |
| --- | ---: |
| Iron | 7.87 |
| Zinc | 7.14 |

$$
F = m a
$$
"""


@pytest.mark.parametrize("model", [MODEL, OTHER], ids=["tables in HTML", "tables in Markdown"])
def test_what_the_model_writes_as_markup_is_the_pages_tree(up: Up, model: Path) -> None:
    result = read(up, as_png(picture("report")), model_name=str(model), output=["markdown", "html"])
    assert result["metadata"]["served_by"] == f"vlm/{model}"
    assert result["metadata"]["warnings"] == []
    assert result["outputs"]["markdown"] == REPORT
    assert "<tr><th>Alloy</th><th>Mass</th></tr>" in result["outputs"]["html"]
    assert result["text"] == "Trial of two alloys\n\nResults\n\nAlloy Mass\nIron 7.87\nZinc 7.14\n\nF = m a"
    (page,) = result["pages"]
    title, heading, table, formula = page["blocks"]
    assert [block["type"] for block in page["blocks"]] == ["title", "heading", "table", "formula"]
    assert (heading["level"], formula["latex"]) == (2, "F = m a")
    cells = {(cell["row"], cell["column"]): cell for cell in table["table"]["cells"]}
    assert cells[0, 1]["header"]
    assert cells[1, 1]["text"] == "7.87"
    assert cells[1, 0]["box"][1][0] < cells[1, 1]["box"][0][0], "the number stands right of its name"
    assert title["box"][0][1] < heading["box"][0][1] < table["box"][0][1]
    lines = [line for block in page["blocks"] for line in block["lines"]]
    assert sorted(lines) == list(range(len(page["lines"])))
    assert all(line["confidence"] > 0.5 for line in page["lines"])


def test_a_jpeg_of_a_known_page_reads_the_same(up: Up) -> None:
    photo = io.BytesIO()
    picture("notice").save(photo, "JPEG", quality=60)
    assert read(up, photo.getvalue())["text"].split("\n")[2:] == NOTICE[1:]
