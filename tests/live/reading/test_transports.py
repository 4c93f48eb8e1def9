"""Real documents in every format through three transports, and bad ones through two, on the stack as users start it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.documents import (
    as_bmp,
    as_gif,
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    as_webp,
    encrypted_pdf,
    exif_turned_jpeg,
    many_page_pdf,
    pixel_bomb_png,
    sixteen_bit_png,
    text_page,
    transparent_png,
    truncated,
)
from tests.live.stack.running import Up

pytestmark = pytest.mark.live

LINES = ["Invoice number 4817", "Harbour Street Bakery", "Total 23.67"]
PAGE = text_page(LINES, size=(900, 400), font_px=40)
THREE = [text_page([f"Sheet {name}", *LINES], size=(900, 400), font_px=40) for name in ("alpha", "bravo", "delta")]

READABLE: dict[str, tuple[bytes, int]] = {
    "png": (as_png(PAGE), 1),
    "jpeg": (as_jpeg(PAGE), 1),
    "webp": (as_webp(PAGE), 1),
    "bmp": (as_bmp(PAGE), 1),
    "gif": (as_gif(PAGE), 1),
    "tiff of 3 frames": (as_tiff(THREE), 3),
    "pdf of 3 pages": (as_pdf(THREE), 3),
    "exif-turned jpeg": (exif_turned_jpeg(PAGE, 6), 1),
    "16-bit png": (sixteen_bit_png(PAGE), 1),
    "transparent png": (transparent_png(PAGE), 1),
}

CELERY_ONLY = """
import json, sys
for name in ("ocrq", "tasks", "worker", "app"):
    sys.modules[name] = None  # as where only celery is installed
from celery import Celery
url = sys.argv[1]
app = Celery(broker=url, backend=url)
try:
    answer = app.send_task("ocr.extract_text", kwargs={"request": json.load(sys.stdin)}).get(timeout=60)
    print(json.dumps({"result": answer}))
except Exception as error:
    print(json.dumps({"error": error.args}))
"""


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


def by_sync_route(up: Up, request: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{up.url}/extract_text", json=request, timeout=90)


def by_jobs(up: Up, request: dict[str, Any]) -> dict[str, Any]:
    accepted = httpx.post(f"{up.url}/jobs", json={"endpoint": "/extract_text", "request": request}, timeout=30)
    assert accepted.status_code == 202, accepted.text
    job: dict[str, Any] = httpx.get(f"{up.url}{accepted.headers['Location']}", params={"wait": 60}, timeout=90).json()
    return job


def by_celery(up: Up, request: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", CELERY_ONLY, up.redis_url],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def through_all_doors(up: Up, request: dict[str, Any]) -> list[dict[str, Any]]:
    request = {**request, "cache": False}
    answer = by_sync_route(up, request)
    assert answer.status_code == 200, answer.text
    job = by_jobs(up, request)
    assert job["status"] == "succeeded", job
    return [answer.json(), job["result"], by_celery(up, request)["result"]]


@pytest.mark.parametrize("name", READABLE)
def test_every_format_is_read_correctly_through_every_transport(up: Up, name: str) -> None:
    document, pages = READABLE[name]
    results = through_all_doors(up, {"image": encoded(document)})
    for result in results:
        assert [page["page"] for page in result["pages"]] == list(range(1, pages + 1))
        assert all(page["text"].split()[-8:] == " ".join(LINES).split() for page in result["pages"]), result["text"]
        assert result["confidence"] > 0.8
        assert result["metadata"]["served_by"].startswith("rapidocr/")
        result.pop("processing_time")
    assert results[0] == results[1] == results[2]


def test_pages_come_back_in_order(up: Up) -> None:
    result = by_sync_route(up, {"image": encoded(as_pdf(THREE))}).json()
    assert [page["text"].splitlines()[0] for page in result["pages"]] == ["Sheet alpha", "Sheet bravo", "Sheet delta"]
    assert result["text"].count("\f") == 2


def test_a_name_the_deployment_lacks_is_read_by_the_fallback_and_reported(up: Up) -> None:
    result = by_sync_route(up, {"image": encoded(as_png(PAGE)), "model_name": "allenai/OLMo-7B-0724-hf"}).json()
    assert result["metadata"]["model_name"] == "allenai/OLMo-7B-0724-hf"
    assert result["metadata"]["served_by"].startswith("rapidocr/")
    assert any("allenai/OLMo-7B-0724-hf" in warning for warning in result["metadata"]["warnings"])


def test_outputs_come_back_beside_the_text(up: Up) -> None:
    formats = ["text", "lines", "words", "markdown", "hocr", "alto", "pdf"]
    outputs = by_sync_route(up, {"image": encoded(as_png(PAGE)), "output": formats}).json()["outputs"]
    assert sorted(outputs) == sorted(formats)
    assert base64.b64decode(outputs["pdf"]).startswith(b"%PDF-")
    assert "Bakery" in outputs["hocr"]


BAD: dict[str, tuple[Callable[[], dict[str, Any]], int, str, str]] = {
    "no image": (lambda: {"image": encoded(b"hello, this is no image")}, 415, "unsupported_format", "image"),
    "truncated": (lambda: {"image": encoded(truncated(as_png(PAGE)))}, 422, "unreadable_document", "image"),
    "truncated jpeg": (lambda: {"image": encoded(truncated(as_jpeg(PAGE)))}, 422, "unreadable_document", "image"),
    "pixel bomb": (lambda: {"image": encoded(pixel_bomb_png(200))}, 413, "too_large", "image"),
    "10,000 pages": (lambda: {"image": encoded(many_page_pdf(10_000))}, 413, "too_large", "pages"),
    "encrypted": (lambda: {"image": encoded(encrypted_pdf())}, 422, "unreadable_document", "image"),
    "wrong base64": (lambda: {"image": "not base64!"}, 400, "invalid_image", "image"),
    "unknown field": (lambda: {"image": "aGk=", "imge": ""}, 400, "invalid_request", "imge"),
    "unknown model": (
        lambda: {"image": encoded(as_png(PAGE)), "model_name": "evil/model"},
        422,
        "model_not_allowed",
        "model_name",
    ),
    "ensemble of 0": (lambda: {"image": "aGk=", "ensemble_size": 0}, 400, "invalid_request", "ensemble_size"),
    "ensemble of 50": (lambda: {"image": "aGk=", "ensemble_size": 50}, 400, "invalid_request", "ensemble_size"),
    "page 9 of 1": (lambda: {"image": encoded(as_png(PAGE)), "pages": "9"}, 400, "invalid_request", "pages"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_problem_that_names_the_field_at_every_transport(up: Up, name: str) -> None:
    make, status, code, field = BAD[name]
    request = make()
    answer = by_sync_route(up, request)
    problem = answer.json()
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert field in {problem["field"], "pages"} and problem["field"]
    assert len(problem["detail"]) > 20
    celery_code, detail, facts = by_celery(up, request)["error"]
    assert (celery_code, detail, facts["field"]) == (code, problem["detail"], problem["field"])


BODIES = {
    "empty": (b"", 400),
    "a list": (b"[]", 400),
    "cut off": (b'{"image": ', 400),
    "50 MB": (b"x" * 50_000_000, 413),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
def test_bad_bodies_are_problems_too(up: Up, body: bytes, status: int) -> None:
    answer = httpx.post(
        f"{up.url}/extract_text", content=body, headers={"Content-Type": "application/json"}, timeout=60
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["code"]


def test_the_stack_goes_on_after_all_that_and_logged_no_crash(up: Up) -> None:
    """Runs last in file order; under random order it holds at any time."""
    assert httpx.get(f"{up.url}/readyz", timeout=10).status_code == 200
    assert httpx.get(f"{up.url}/health", timeout=10).json()["status"] == "healthy"
    assert by_sync_route(up, {"image": encoded(as_png(PAGE))}).status_code == 200
    assert "Traceback" not in up.logs()
