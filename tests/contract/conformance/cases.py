"""One table of requests, good and bad: what every transport has to answer alike."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ocrq.contracts import Operation
from tests.documents import (
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    encrypted_pdf,
    many_page_pdf,
    pixel_bomb_png,
    sixteen_bit_png,
    text_page,
    truncated,
)

LINES = ["Harbour Street Bakery", "Invoice number 4817", "Total 23.67"]
TEXT_MODEL = "allenai/OLMo-7B-0724-hf"  # what an existing client asks for; it reads no images
SHORT_SCHEMA = {"invoice_number": "string", "total": "number"}
JSON_SCHEMA = {
    "type": "object",
    "properties": {"invoice_number": {"type": "string"}, "total": {"type": "number"}, "iban": {"type": "string"}},
}


@lru_cache
def _page() -> bytes:
    return as_png(text_page(LINES, size=(700, 300), font_px=36))


@lru_cache
def _three() -> bytes:
    return as_pdf([text_page([f"Sheet {number}"], size=(300, 120)) for number in range(3)])


@lru_cache
def _frames() -> bytes:
    return as_tiff([text_page([f"Frame {number}"], size=(300, 120)) for number in range(3)])


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


@dataclass(frozen=True)
class Case:
    """A request, and what it has to come to.

    Attributes:
        document: Makes its bytes; they go as ``image`` in base64, or as a file. None where ``request`` has the image
            itself, which then is what is wrong with it: a caller with a file cannot make that mistake.
        code: Of the error; None for a result.
        field: That the error names.
        holds: What the result has to show.
    """

    request: dict[str, Any] = field(default_factory=dict)
    document: Callable[[], bytes] | None = _page
    operation: Operation = "extract_text"
    code: str | None = None
    field: str | None = None
    holds: Callable[[dict[str, Any]], object] = lambda result: True

    @property
    def is_really_read(self) -> bool:
        """Whether a model of the real engine reads it."""
        return self.code is None and "model_name" in self.request


def _numbers(result: dict[str, Any]) -> list[int]:
    return [page["page"] for page in result["pages"]]


def _fields(result: dict[str, Any]) -> bool:
    return result["structured_data"]["invoice_number"] == "4817" and result["structured_data"]["total"] == 23.67


def _warned(result: dict[str, Any], of: str) -> bool:
    return any(of in warning for warning in result["metadata"]["warnings"])


def _each_line_in_one_block(result: dict[str, Any]) -> bool:
    return all(
        sorted(index for block in page["blocks"] for index in block["lines"]) == list(range(len(page["lines"])))
        for page in result["pages"]
    )


REAL = {"model_name": "rapidocr"}
BEAMS = {"num_beams": 8, "max_length": 768, "repetition_penalty": 1.2, "temperature": 0.0}

GOOD: dict[str, Case] = {
    "a page": Case(holds=lambda r: r["text"].startswith("Fake reading of page 1") and _each_line_in_one_block(r)),
    "a photograph": Case(document=lambda: as_jpeg(text_page(LINES, size=(700, 300)))),
    "a 16-bit page": Case(document=lambda: sixteen_bit_png(text_page(LINES, size=(300, 120)))),
    "three frames": Case(document=_frames, holds=lambda r: _numbers(r) == [1, 2, 3]),
    "some pages": Case({"pages": "3,1"}, document=_three, holds=lambda r: _numbers(r) == [1, 3]),
    "a data URL": Case({"image": "data:image/png;base64," + encoded(_page())}, document=None),
    "white space and URL-safe base64": Case(
        {"image": " " + base64.urlsafe_b64encode(_page()).decode().rstrip("=") + "\n"}, document=None
    ),
    "every format": Case(
        {
            "output": ["text", "lines", "words", "markdown", "html", "csv", "hocr", "alto"],
            "options": {"furniture": True},
        },
        holds=lambda r: (
            sorted(r["outputs"]) == ["alto", "csv", "hocr", "html", "lines", "markdown", "text", "words"]
            and not _warned(r, "furniture")
        ),
    ),
    "languages": Case({"languages": ["el", "en"]}),
    "an option that nobody knows": Case({"options": {"sharpness": 11}}, holds=lambda r: _warned(r, "sharpness")),
    "a prompt and decoding options": Case({"prompt": "Read it.", "decoding_options": BEAMS}),
    "bulk, and cleaned": Case({"priority": "bulk", "use_preprocessing": True}),
    "robustly": Case(
        operation="extract_text_robust",
        holds=lambda r: r["metadata"]["ensemble_size"] >= 3 and r["metadata"]["robust_processing"],
    ),
    "fields of a fake reading": Case({"schema": SHORT_SCHEMA}, operation="extract_structured"),
    "fields by the short form": Case({**REAL, "schema": SHORT_SCHEMA}, operation="extract_structured", holds=_fields),
    "fields by a JSON Schema, robustly": Case(
        {**REAL, "schema": JSON_SCHEMA, "extraction_type": "structured"},
        operation="extract_structured_robust",
        holds=lambda r: _fields(r) and r["structured_data"].get("iban") is None,
    ),
    "a model that is not here": Case(
        {"model_name": TEXT_MODEL},
        holds=lambda r: (
            "4817" in r["text"]
            and r["metadata"]["model_name"] == TEXT_MODEL
            and r["metadata"]["served_by"].startswith("rapidocr/")
            and _warned(r, TEXT_MODEL)
        ),
    ),
}

BAD: dict[str, Case] = {
    "no image": Case({}, None, code="invalid_image", field="image"),
    "an empty image": Case({"image": "  "}, None, code="invalid_image", field="image"),
    "no base64": Case({"image": "!!!"}, None, code="invalid_image", field="image"),
    "a number as the image": Case({"image": 7}, None, code="invalid_request", field="image"),
    "plain text": Case(document=lambda: b"no image", code="unsupported_format", field="image"),
    "half a page": Case(document=lambda: truncated(_page()), code="unreadable_document", field="image"),
    "a locked PDF": Case(document=encrypted_pdf, code="unreadable_document", field="image"),
    "a pixel bomb": Case(document=pixel_bomb_png, code="too_large", field="image"),
    "too many pages": Case(document=lambda: many_page_pdf(1001), code="too_large", field="image"),
    "a page that is not there": Case({"pages": "9"}, code="invalid_request", field="pages"),
    "pages in words": Case({"pages": "all"}, code="invalid_request", field="pages"),
    "a misspelt field": Case({"promt": "x"}, code="invalid_request", field="promt"),
    "an ensemble of 50": Case({"ensemble_size": 50}, code="invalid_request", field="ensemble_size"),
    "a number in words": Case({"ensemble_size": "three"}, code="invalid_request", field="ensemble_size"),
    "beams past the bounds": Case(
        {"decoding_options": {"num_beams": 50}}, code="invalid_request", field="decoding_options.num_beams"
    ),
    "an option nobody may set": Case(
        {"decoding_options": {"trust_remote_code": True}},
        code="invalid_request",
        field="decoding_options.trust_remote_code",
    ),
    "a format nobody writes": Case({"output": ["docx"]}, code="invalid_request", field="output.0"),
    "a language in words": Case({"languages": ["Greek"]}, code="invalid_request", field="languages.0"),
    "a model that is not allowed": Case({"model_name": "evil/model"}, code="model_not_allowed", field="model_name"),
    "a model that is not allowed, robustly": Case(
        {"model_name": "evil/model"}, operation="extract_text_robust", code="model_not_allowed", field="model_name"
    ),
    "no schema": Case(operation="extract_structured", code="invalid_schema", field="schema"),
    "a schema of a type nobody knows": Case(
        {"schema": {"total": "monney"}}, operation="extract_structured", code="invalid_schema", field="schema"
    ),
    "a schema that is no object": Case(
        {"schema": ["total"]}, operation="extract_structured_robust", code="invalid_schema", field="schema"
    ),
}

CASES = GOOD | BAD
