"""Every format reads to the right size, way up and colours; what is wrong is told by class and remedy."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from ocrq.errors import UnreadableDocument, UnsupportedFormat
from tests.documents import (
    as_bmp,
    as_gif,
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    as_webp,
    exif_turned_jpeg,
    saved,
    text_page,
    truncated,
)
from tests.flag import LIMITS, assert_shows_flag, first_page, flag
from worker.imaging.decode import count_pages, open_document

LOSSY = 12  # how far JPEG may be off a flat colour


@pytest.mark.parametrize(
    ("data", "kind", "off"),
    [
        (as_png(flag()), "png", 0),
        (as_jpeg(flag()), "jpeg", LOSSY),
        (saved(flag(), "JPEG", progressive=True), "jpeg", LOSSY),
        (as_webp(flag()), "webp", 0),
        (as_bmp(flag()), "bmp", 0),
        (as_gif(flag()), "gif", 0),
        (as_tiff([flag()]), "tiff", 0),
        (as_tiff([flag()], "tiff_lzw"), "tiff", 0),
        (as_tiff([flag()], "jpeg"), "tiff", LOSSY),
        (saved(flag(), "TIFF", big_tiff=True), "tiff", 0),
        (as_pdf([flag()], dpi=LIMITS.pdf_dpi), "pdf", LOSSY),
        (as_png(flag().convert("P", palette=Image.Palette.ADAPTIVE)), "png", 0),
        (saved(flag().convert("CMYK"), "TIFF"), "tiff", 0),
        (saved(flag().convert("CMYK"), "JPEG", quality=95), "jpeg", LOSSY),
        (saved(flag(), "MPO", [flag().rotate(180)]), "jpeg", LOSSY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_format_reads_to_its_colours(data: bytes, kind: str, off: int) -> None:
    with open_document(data, LIMITS) as document:
        assert document.kind == kind
        assert document.page_count == 1
        assert_shows_flag(document.read_page(1), off)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_every_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    stored = Image.open(io.BytesIO(exif_turned_jpeg(flag(), orientation)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_shows_flag(first_page(saved(stored.convert("RGB"), kind, exif=exif)), 2 * LOSSY)


def test_broken_exif_turns_nothing() -> None:
    data = exif_turned_jpeg(flag(), 6)
    at = data.index(b"MM\x00*") if b"MM\x00*" in data else data.index(b"II*\x00")
    page = first_page(data[: at + 4] + b"\xff\xff\xff\xff" + data[at + 8 :])
    assert (page.width, page.height) == (64, 96)


@pytest.mark.parametrize("animated", [as_gif(flag(), flag().rotate(180)), saved(flag(), "PNG", [flag().rotate(180)])])
def test_an_animation_is_its_first_picture(animated: bytes) -> None:
    assert count_pages(animated, LIMITS) == 1
    assert_shows_flag(first_page(animated))


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + bytes(50), b"<svg/>", bytes(2000)])
def test_what_is_no_image_is_not_supported(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match="send PNG, JPEG") as caught:
        open_document(data, LIMITS)
    assert caught.value.field == "image"


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
@pytest.mark.parametrize("make", [as_png, as_jpeg, as_webp, as_bmp, as_gif])
def test_truncated_images_are_unreadable_and_say_so(make: Callable[[Image.Image], bytes], share: float) -> None:
    data = truncated(make(text_page(["cut off"] * 9, size=(400, 500))), share)
    with pytest.raises(UnreadableDocument, match="truncated or damaged; send it again") as caught:
        first_page(data)
    assert caught.value.field == "image"
