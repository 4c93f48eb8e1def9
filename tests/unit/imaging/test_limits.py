"""What is too large is refused by its header, with the remedy."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest

from ocrq.errors import TooLarge, UnreadableDocument
from tests.documents import (
    as_bmp,
    as_gif,
    as_jpeg,
    as_png,
    as_tiff,
    as_webp,
    count_pages,
    many_page_pdf,
    pixel_bomb_png,
    png_chunk,
)
from tests.flag import LIMITS, first_page, flag
from worker.imaging.decode import Limits, check_page_count, open_document


def _resized_header(data: bytes, at: int, form: str, *size: int) -> bytes:
    return data[:at] + struct.pack(form, *size) + data[at + struct.calcsize(form) :]


def _jpeg_of(width: int, height: int) -> bytes:
    data = as_jpeg(flag())
    return _resized_header(data, data.index(b"\xff\xc0") + 5, ">HH", height, width)


def _tiff_of(width: int, height: int) -> bytes:
    data = bytearray(as_tiff([flag()]))
    (first,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, first)[0]):
        at = first + 2 + entry * 12
        tag = struct.unpack_from("<H", data, at)[0]
        if tag in (256, 257):
            struct.pack_into("<HII", data, at + 2, 4, 1, width if tag == 256 else height)
    return bytes(data)


@pytest.mark.parametrize(
    "bomb",
    [
        pixel_bomb_png(200),
        _jpeg_of(65_000, 65_000),
        _resized_header(as_bmp(flag()), 18, "<ii", 60_000, 60_000),
        _resized_header(as_gif(flag()), 6, "<HH", 65_535, 65_535),
        _resized_header(as_webp(flag()), 21, "<I", 0x0FFFFFFF),
        _tiff_of(60_000, 60_000),
    ],
    ids=["png", "jpeg", "bmp", "gif", "webp", "tiff"],
)
def test_too_many_pixels_are_refused_before_any_is_made(bomb: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(TooLarge, match="send it at a lower resolution or in parts") as caught:
        open_document(bomb, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.field == "image"
    assert peak < 10_000_000


def test_a_limit_is_kept_to_the_pixel() -> None:
    assert first_page(as_png(flag()), Limits(max_pixels=96 * 64)).width == 96
    with pytest.raises(TooLarge):
        open_document(as_png(flag()), Limits(max_pixels=96 * 64 - 1))


def test_a_bomb_in_a_pngs_text_is_no_way_in() -> None:
    data = as_png(flag())
    text = b"Comment\x00\x00" + zlib.compress(bytes(50_000_000), 9)
    with pytest.raises(UnreadableDocument):
        open_document(data[:33] + png_chunk(b"zTXt", text) + data[33:], LIMITS)


def test_a_tiny_image_of_no_area_is_unreadable() -> None:
    header = (0).to_bytes(4, "big") + (9).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    empty = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    with pytest.raises(UnreadableDocument):
        first_page(empty)


def test_the_pages_asked_for_are_limited_not_those_there() -> None:
    assert count_pages(many_page_pdf(10_000), LIMITS) == 10_000
    check_page_count(1000, LIMITS)
    with pytest.raises(TooLarge, match="split the document, or ask for a part of it with pages, like '1-1000'"):
        check_page_count(1001, LIMITS)
