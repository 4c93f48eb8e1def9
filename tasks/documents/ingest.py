"""Taking a document in: from a caller's JSON or upload to a checked request and its bytes, for every interface."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from ocrq.contracts import ReadRequest, parse_request
from ocrq.contracts.request import MAX_SCHEMA_BYTES
from ocrq.errors import InvalidImage, InvalidSchema, TooLarge, UnsupportedFormat
from tasks.documents.sniff import FORMATS, sniff

Fetch = Callable[[str], bytes]
"""Returns the document at a URL, or raises InvalidImage or TooLarge."""

_SCHEMES = ("http://", "https://")


def take_in(
    data: object, *, max_bytes: int, document: bytes | None = None, fetch: Fetch | None = None
) -> tuple[ReadRequest, bytes]:
    """Check a request and take its document out of it.

    Args:
        data: The request's JSON.
        max_bytes: The largest document taken.
        document: The bytes, where they came beside the JSON (an uploaded file) and not in ``image``.
        fetch: Fetches an ``image`` that is a URL; None where no host is allowed.

    Returns:
        The request with an empty ``image``, and the document's bytes: an image or a PDF by its first bytes.

    Raises:
        InvalidRequest: A field is wrong.
        InvalidSchema: The schema is too large.
        InvalidImage: No document, or one that is not base64.
        UnsupportedFormat: The bytes are not of a format read here.
        TooLarge: The document is over ``max_bytes``.
    """
    request = parse_request(data)
    _check_schema_size(request)
    if document is None:
        document = fetch(request.image) if fetch and _is_url(request.image) else decode_base64(request.image)
    elif request.image:
        raise InvalidImage("the document was sent twice, as a file and as image; send one of them", field="image")
    check_document(document, max_bytes=max_bytes)
    return request.model_copy(update={"image": ""}), document


def _check_schema_size(request: ReadRequest) -> None:
    """As it comes: prepared, with its references resolved, it may be larger."""
    size = len(json.dumps(request.schema_)) if request.schema_ else 0
    if size > MAX_SCHEMA_BYTES:
        raise InvalidSchema(f"schema has {size:,} bytes, and at most {MAX_SCHEMA_BYTES:,} are taken", field="schema")


def decode_base64(image: str) -> bytes:
    """The bytes of ``image``: base64, standard or URL-safe, with or without a ``data:`` prefix and white space.

    Raises:
        InvalidImage: It is empty, a URL, or not base64.
    """
    if not image.strip():
        raise InvalidImage("image is missing or empty; send the document's bytes in base64", field="image")
    if _is_url(image):
        raise InvalidImage(
            "image is a URL, and no host is allowed here; send the document in base64, or have the operator list the "
            "host in OCRQ_IMAGE_HOSTS",
            field="image",
        )
    if image[:200].lstrip().lower().startswith("data:"):
        prefix, comma, image = image.partition(",")
        if not comma or not prefix.rstrip().lower().endswith(";base64"):
            raise InvalidImage("image is a data: URL without ;base64,; send 'data:image/png;base64,…'", field="image")
    compact = "".join(image.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        document = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidImage("image is not valid base64; encode the file's bytes with base64", field="image") from None
    if not document:
        raise InvalidImage("image is empty; send the document's bytes in base64", field="image")
    return document


def _is_url(image: str) -> bool:
    return image[:200].lstrip().lower().startswith(_SCHEMES)


def check_document(document: bytes, *, max_bytes: int) -> None:
    """Refuse what cannot be read before it is stored.

    Raises:
        InvalidImage: It is empty.
        TooLarge: It is over ``max_bytes``.
        UnsupportedFormat: Its first bytes are of no format read here.
    """
    if not document:
        raise InvalidImage("the document is empty; send its bytes", field="image")
    if len(document) > max_bytes:
        raise TooLarge(
            f"the document has {len(document):,} bytes, and at most {max_bytes:,} are taken; send fewer pages at a "
            "time, or at a lower resolution",
            field="image",
        )
    if sniff(document) is None:
        raise UnsupportedFormat(f"the document is neither an image nor a PDF; send {FORMATS}", field="image")


def stored_request(request: ReadRequest) -> dict[str, Any]:
    """The request as the ledger keeps it: JSON without the document and without defaults."""
    return request.model_dump(mode="json", by_alias=True, exclude={"image"}, exclude_defaults=True)
