"""Request bodies: read within bounds, and parsed as JSON."""

from __future__ import annotations

import codecs
from io import BytesIO
from typing import IO

from flask import Request
from pydantic_core import from_json
from werkzeug import formparser
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import MultipartDecoder

from ocrq.errors import InvalidRequest, UnsupportedFormat

_EXAMPLE = '{"image": "<base64>"}'


class _LenientDecoder(MultipartDecoder):
    """Takes file names that are not UTF-8; werkzeug's drops the whole form without a word."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(data.decode(errors="replace").encode())


vars(formparser)["MultipartDecoder"] = _LenientDecoder  # its parser has no parameter for it


class InMemoryRequest(Request):
    """A request whose uploaded files stay in memory: they are bounded, and are bytes from there on in any case."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        InvalidRequest: It ended early, or stopped coming.
        UnsupportedFormat: It is compressed.
        werkzeug.exceptions.RequestEntityTooLarge: It is over the limit, by its header or once that much has come.
    """
    refuse_encoding(request)
    try:
        body = request.get_data(cache=False)
    except OSError:
        raise InvalidRequest("the body was not fully received; send it again", field="body") from None
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge()  # werkzeug cuts a body of unknown length off at the limit without a word
    if request.content_length is not None and len(body) < request.content_length:
        raise InvalidRequest(
            f"the body ended after {len(body):,} of {request.content_length:,} bytes; send it again", field="body"
        )
    return body


def refuse_encoding(request: Request) -> None:
    """Refuse compressed bodies.

    Raises:
        UnsupportedFormat: ``Content-Encoding`` names a compression.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedFormat(
            f"Content-Encoding {encoding[:40]!r} is not supported; send the body unencoded", field="Content-Encoding"
        )


def parse_json(text: bytes | str, field: str = "body") -> object:
    """Decode JSON: UTF-8, no ``NaN`` or ``Infinity``, nested 200 deep at most; the last of equal keys counts.

    Raises:
        InvalidRequest: It is empty, or no such JSON; says where.
    """
    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise InvalidRequest(f"the {field} is empty; send JSON like {_EXAMPLE}", field=field)
    try:
        data: object = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise InvalidRequest(
            f"the {field} is not valid JSON: {error}; send JSON like {_EXAMPLE}", field=field
        ) from None
    return data
