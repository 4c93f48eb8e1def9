"""The robust read through the stack as users start it."""

from __future__ import annotations

import base64

import httpx
import pytest
from PIL import ImageFilter

from tests.documents import as_png, text_page
from tests.live.stack.running import Up

pytestmark = pytest.mark.live

LINES = ["Invoice number 4817", "Harbour Street Bakery", "Total 23.67"]
PAGE = text_page(LINES, size=(900, 400), font_px=40)


def robust(up: Up, document: bytes, **asked: object) -> dict[str, object]:
    request = {"image": base64.b64encode(document).decode(), "cache": False, **asked}
    answer = httpx.post(f"{up.url}/extract_text_robust", json=request, timeout=90)
    assert answer.status_code == 200, answer.text
    result: dict[str, object] = answer.json()
    return result


def test_the_robust_read_reports_its_variants(up: Up) -> None:
    result = robust(up, as_png(PAGE))
    assert [line for line in str(result["text"]).split("\n") if line] == LINES
    metadata = result["metadata"]
    assert isinstance(metadata, dict)
    assert (metadata["robust_processing"], metadata["ensemble_size"], metadata["calibrated"]) == (True, 3, True)
    assert metadata["variants_processed"] in {1, 2, 3}
    assert metadata["lines_reread"] >= 0
    assert robust(up, as_png(PAGE), ensemble_size=10)["metadata"]["ensemble_size"] == 10  # type: ignore[index]


def test_the_same_degraded_page_reads_the_same_twice(up: Up) -> None:
    degraded = as_png(PAGE.filter(ImageFilter.GaussianBlur(4)))
    first, second = robust(up, degraded, ensemble_size=5), robust(up, degraded, ensemble_size=5)
    for result in (first, second):
        result.pop("processing_time")
    assert first == second
