"""What an existing client's two providers send, as they send it: `ocular`'s OLM and RoLM, over real HTTP.

They join the base URL and the path by hand, send a key whether one is needed or not, take 200 alone for an answer, and
give up after 60 and 90 seconds.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.contract.conformance.cases import LINES, SHORT_SCHEMA, TEXT_MODEL, encoded
from tests.documents import as_jpeg, text_page
from tests.live.conformance.transports import Transports

pytestmark = pytest.mark.live

PHOTO = as_jpeg(text_page(LINES, size=(700, 300), font_px=36))
KWARGS = {"language": "en", "page_number": 1}  # whatever its callers add


class Provider:
    """What both have in common.

    Args:
        endpoint: As a user writes it, with or without a slash at its end.
        model: As configured.
    """

    timeout = 60.0

    def __init__(self, endpoint: str, model: str) -> None:
        self.endpoint = endpoint
        self.model = model
        self.headers = {
            "Authorization": "Bearer whatever-the-user-has-set",
            "Content-Type": "application/json",
            "User-Agent": "Ocular-OCR/0.1.0",
        }

    def is_available(self) -> bool:
        return httpx.get(f"{self.endpoint}/health", headers=self.headers, timeout=10).status_code == 200

    def call(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.endpoint.rstrip('/')}{path}"
        answer = httpx.post(url, content=json.dumps(payload), headers=self.headers, timeout=self.timeout)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


class Olm(Provider):
    def extract_text(self, document: bytes) -> dict[str, Any]:
        payload = {
            "image": encoded(document),
            "model_name": self.model,
            "prompt": "Extract all text from this image accurately",
            "options": KWARGS,
        }
        return self.call("/extract_text", payload)

    def extract_structured(self, document: bytes, schema: dict[str, Any]) -> dict[str, Any]:
        payload = {
            "image": encoded(document),
            "model_name": self.model,
            "prompt": f"Extract structured data from this document according to this schema: {json.dumps(schema)}. ",
            "schema": schema,
            "extraction_type": "structured",
            "options": KWARGS,
        }
        return self.call("/extract_structured", payload)


class Rolm(Provider):
    timeout = 90.0
    robust = {"use_preprocessing": True, "ensemble_size": 3, "robust_processing": True}

    def extract_text(self, document: bytes) -> dict[str, Any]:
        payload = {
            "image": encoded(document),
            "model_name": self.model,
            "prompt": "Extract all text from this image with high accuracy and robustness. ",
            **self.robust,
            "decoding_options": {"num_beams": 8, "max_length": 768, "repetition_penalty": 1.2, "temperature": 0.0},
            "options": KWARGS,
        }
        return self.call("/extract_text_robust", payload)

    def extract_structured(self, document: bytes, schema: dict[str, Any]) -> dict[str, Any]:
        payload = {
            "image": encoded(document),
            "model_name": self.model,
            "prompt": "Use advanced parsing techniques for high accuracy. Return the data as valid JSON.",
            "schema": schema,
            "extraction_type": "structured",
            **self.robust,
            "options": KWARGS,
        }
        return self.call("/extract_structured_robust", payload)


def of_the_fallback(answer: dict[str, Any], asked: str) -> bool:
    """Whether it says that another model read, and why."""
    metadata = answer["metadata"]
    assert metadata["model_name"] == asked
    assert any(asked in warning for warning in metadata["warnings"]), metadata
    return bool(metadata["served_by"].startswith("rapidocr/"))


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_providers_find_the_service_available(transports: Transports, slash: str) -> None:
    assert Olm(transports.http + slash, TEXT_MODEL).is_available()
    assert Rolm(transports.http + slash, "microsoft/trocr-large-printed").is_available()


def test_the_plain_provider_reads_text_with_its_default_model(transports: Transports) -> None:
    answer = Olm(f"{transports.http}/", TEXT_MODEL).extract_text(PHOTO)
    assert answer["text"].split() == " ".join(LINES).split()
    assert 0.5 < answer["confidence"] <= 1 and answer["language"]
    assert of_the_fallback(answer, TEXT_MODEL)


def test_the_robust_provider_reads_text(transports: Transports) -> None:
    answer = Rolm(transports.http, "microsoft/trocr-large-printed").extract_text(PHOTO)
    assert "4817" in answer["text"]
    assert answer["metadata"]["variants_processed"] >= 1 and answer["metadata"]["ensemble_size"] >= 3
    assert of_the_fallback(answer, "microsoft/trocr-large-printed")


@pytest.mark.parametrize("kind", [Olm, Rolm])
def test_both_fill_a_schema(transports: Transports, kind: type[Olm] | type[Rolm]) -> None:
    answer = kind(transports.http, "microsoft/trocr-base-printed").extract_structured(PHOTO, SHORT_SCHEMA)
    assert answer["structured_data"] == {"invoice_number": "4817", "total": 23.67}
    assert 0 < answer["confidence"] <= 1
    assert of_the_fallback(answer, "microsoft/trocr-base-printed")
