from __future__ import annotations

import base64

import pytest

from ocrq.contracts import parse_request
from ocrq.errors import InvalidImage, InvalidSchema, TooLarge, UnsupportedFormat
from tasks.documents.ingest import decode_base64, stored_request, take_in
from tasks.documents.sniff import sniff
from tasks.documents.submission import Submission

PNG = b"\x89PNG\r\n\x1a\n\x00\xfb\xff\xfe"
ENCODED = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "image",
    [
        ENCODED,
        ENCODED.rstrip("="),
        "data:image/png;base64," + ENCODED,
        "data:;base64," + ENCODED,
        ENCODED[:5] + "\r\n " + ENCODED[5:],
        base64.urlsafe_b64encode(PNG).decode(),
    ],
    ids=["plain", "unpadded", "data-url", "bare-data-url", "wrapped", "url-safe"],
)
def test_base64_is_read_as_clients_write_it(image: str) -> None:
    assert decode_base64(image) == PNG


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("", "missing or empty"),
        ("   ", "missing or empty"),
        ("not base64!", "not valid base64"),
        ("é", "not valid base64"),
        ("A", "not valid base64"),
        ("https://example.org/a.png", "URL"),
        ("data:image/png," + ENCODED, ";base64,"),
        ("data:image/png;base64,", "is empty"),
    ],
)
def test_what_is_no_base64_says_the_remedy(image: str, expected: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        decode_base64(image)
    assert caught.value.field == "image"
    assert expected in caught.value.detail


def test_a_document_comes_by_one_way_only() -> None:
    request, document = take_in({"pages": "1"}, max_bytes=100, document=PNG)
    assert (request.image, document) == ("", PNG)
    with pytest.raises(InvalidImage, match="twice"):
        take_in({"image": ENCODED}, max_bytes=100, document=PNG)


def test_documents_are_refused_by_size_and_by_first_bytes() -> None:
    with pytest.raises(TooLarge, match="at most 5"):
        take_in({"image": ENCODED}, max_bytes=5)
    with pytest.raises(UnsupportedFormat, match="PNG, JPEG"):
        take_in({"image": base64.b64encode(b"hello, world").decode()}, max_bytes=100)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"MM\x00*", "tiff"),
        (b"junk before %PDF-1.7", "pdf"),
        (b"GIF89a", "gif"),
        (b"<html>", None),
    ],
)
def test_formats_are_recognised_by_their_first_bytes(head: bytes, name: str | None) -> None:
    assert sniff(head) == name


def test_the_stored_request_holds_what_was_asked_and_no_document() -> None:
    request, _ = take_in({"image": ENCODED, "pages": "1", "schema": {"a": "string"}}, max_bytes=100)
    assert stored_request(request) == {"pages": "1", "schema": {"a": "string"}}


def test_fields_are_not_read_without_a_schema_that_names_them() -> None:
    assert Submission.of("extract_text", {"image": ENCODED}, max_bytes=100).request.schema_ is None
    with pytest.raises(InvalidSchema, match="missing"):
        Submission.of("extract_structured_robust", {"image": ENCODED}, max_bytes=100)


def test_a_schema_is_prepared_once_and_kept_so() -> None:
    short = {"image": ENCODED, "schema": {"total": "number"}}
    request = Submission.of("extract_structured", short, max_bytes=100).request
    assert request.schema_ == {"type": "object", "properties": {"total": {"type": ["number", "null"]}}}
    assert parse_request(stored_request(request)) == request.model_copy(update={"image": ""})


def test_a_schema_is_bounded_as_it_comes_and_may_grow_when_its_references_are_resolved() -> None:
    with pytest.raises(InvalidSchema, match="at most"):
        take_in({"image": ENCODED, "schema": {"key": "x" * 300_000}}, max_bytes=1000)
    text = {"type": "string", "description": "x" * 2_000}
    fields = {f"f{number}": {"$ref": "#/$defs/text"} for number in range(200)}
    schema = {"type": "object", "$defs": {"text": text}, "properties": fields}
    grown = Submission.of("extract_structured", {"image": ENCODED, "schema": schema}, max_bytes=1000).request
    assert parse_request(stored_request(grown)).schema_ == grown.schema_
