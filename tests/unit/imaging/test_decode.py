"""Every format reads to the right size, way up and colours; what is wrong is told by class and remedy."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from ocrq.errors import UnreadableDocument, UnsupportedFormat
from tests.documents import (
    as_bmp,
    as_gif,
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    as_webp,
    count_pages,
    exif_turned_jpeg,
    saved,
    text_page,
    truncated,
)
from tests.flag import LIMITS, assert_shows_flag, first_page, flag
from worker.imaging.decode import open_document
from worker.imaging.image_file import MOST_FRAMES

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
def test_the_frames_of_an_animation_are_pages(animated: bytes) -> None:
    with open_document(animated, LIMITS) as document:
        assert document.page_count == 2
        first, second = document.read_page(1), document.read_page(2)
    assert_shows_flag(first)
    assert np.abs(first.pixels[::-1, ::-1].astype(int) - second.pixels).mean() < LOSSY


def test_of_a_film_the_first_frame_is_read_and_a_warning_says_so() -> None:
    film = as_gif(*(Image.new("L", (8, 8), shade) for shade in range(MOST_FRAMES + 1)))
    page = first_page(film)
    assert count_pages(film, LIMITS) == 1
    assert page.warnings == (f"the animation has {MOST_FRAMES + 1} frames; only the first was read",)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "JPEG2000"])
def test_what_phones_and_archives_write_is_read(kind: str) -> None:
    register_heif_opener()
    assert_shows_flag(first_page(saved(flag(), kind)), 2 * LOSSY)


def test_light_writing_on_a_transparent_ground_is_seen() -> None:
    writing = np.full((60, 90, 4), 255, np.uint8)
    writing[:, :, 3] = 0
    writing[20:40, 20:30, 3] = 255
    page = first_page(as_png(Image.fromarray(writing)))
    assert page.pixels[30, 25].max() < 50 and page.pixels[5, 5].min() > 200


def test_a_jpeg_without_its_last_bytes_is_read_with_a_warning() -> None:
    whole = as_jpeg(text_page(["line"] * 12, size=(400, 700)))
    page = first_page(whole[:-4])
    assert np.abs(page.pixels.astype(int) - first_page(whole).pixels)[:600].mean() < 1
    assert "lacks its last bytes" in page.warnings[0]


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + bytes(50), b"<svg/>", bytes(2000)])
def test_what_is_no_image_is_not_supported(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match="send PNG, JPEG") as caught:
        open_document(data, LIMITS)
    assert caught.value.field == "image"


@pytest.mark.parametrize(
    ("make", "share"),
    [*((make, share) for make in (as_png, as_webp, as_bmp, as_gif) for share in (0.02, 0.5, 0.97)), (as_jpeg, 0.5)],
)
def test_truncated_images_are_unreadable_and_say_so(make: Callable[[Image.Image], bytes], share: float) -> None:
    data = truncated(make(text_page(["cut off"] * 9, size=(400, 500))), share)
    with pytest.raises(UnreadableDocument, match="truncated or damaged; send it again") as caught:
        first_page(data)
    assert caught.value.field == "image"
