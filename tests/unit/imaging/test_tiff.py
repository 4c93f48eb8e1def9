"""Every frame of a TIFF is a page, whatever the chain of directories does."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from ocrq.errors import TooLarge, UnreadableDocument
from tests.documents import (
    as_tiff,
    count_pages,
    text_page,
    truncated,
)
from tests.flag import LIMITS, assert_shows_flag, flag
from worker.imaging.decode import open_document


def test_every_frame_of_a_tiff_is_a_page() -> None:
    frames = [text_page([str(number)], size=(100 + number, 50), margin=5) for number in range(1, 6)]
    with open_document(as_tiff(frames, "tiff_lzw"), LIMITS) as document:
        assert document.page_count == 5
        for number in (4, 1, 5, 2, 2):
            page = document.read_page(number)
            assert page.number == number
            assert np.array_equal(page.pixels[:, :, ::-1], np.asarray(frames[number - 1]))


def test_smaller_copies_of_a_tiffs_page_are_no_pages() -> None:
    data = as_tiff([flag(), flag().resize((24, 16))])
    assert count_pages(data, LIMITS) == 2
    with open_document(_with_subfile_type(data), LIMITS) as document:
        assert document.page_count == 1
        assert_shows_flag(document.read_page(1))


def _with_subfile_type(data: bytes) -> bytes:
    """The same TIFF, whose second directory begins with NewSubfileType 1 in the place of its first entry."""
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    (second,) = struct.unpack_from("<I", data, first + 2 + count * 12)
    entry = struct.pack("<HHII", 254, 4, 1, 1)
    return data[: second + 2] + entry + data[second + 14 :]


@pytest.mark.parametrize(
    ("share", "page", "why"),
    [(0.8, 3, "truncated or damaged"), (0.5, 2, "truncated or damaged"), (0.5, 3, "ends before page 3")],
)
def test_a_truncated_tiff_keeps_the_pages_it_has(share: float, page: int, why: str) -> None:
    whole = as_tiff([flag(), flag(), flag()])
    with open_document(truncated(whole, share), LIMITS) as document:
        assert document.page_count == 3
        with pytest.raises(UnreadableDocument, match=why):
            document.read_page(page)
        assert_shows_flag(document.read_page(1))


def test_a_tiff_cut_in_its_first_frame_does_not_open() -> None:
    with pytest.raises(UnreadableDocument):
        open_document(b"II*\x00\xff\xff\xff\x00", LIMITS)


def test_a_tiff_whose_frames_go_in_circles_ends() -> None:
    data = bytearray(as_tiff([flag()]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + count * 12, first)
    assert count_pages(bytes(data), LIMITS) == 1


def test_a_tiff_of_a_million_empty_frames_is_refused() -> None:
    frames = b"".join(struct.pack("<HI", 0, 8 + 6 * (number + 1)) for number in range(100_002))
    with pytest.raises(TooLarge, match="split it"):
        open_document(b"II*\x00\x08\x00\x00\x00" + frames, LIMITS)
