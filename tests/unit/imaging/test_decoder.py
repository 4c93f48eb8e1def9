"""What a decoder in a process of its own reads, and refuses, is what decoding in this one does, byte for byte."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from ocrq.errors import OcrqError
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
    owner_locked_pdf,
    pixel_bomb_png,
    receipt_page,
    saved,
    sixteen_bit_png,
    text_page,
    text_pdf,
    transparent_png,
    truncated,
    two_column_page,
)
from worker.imaging.decode import Document, Limits, Opener, open_document
from worker.imaging.decoder import Decoder

LIMITS = Limits()
MEGABYTE = 2**20
SECONDS, MEMORY = 30.0, 3072 * MEGABYTE  # the settings' defaults
HEAVY = {"cv2", "openvino", "pydantic", "celery", "redis", "rapidocr"}

PAGE = text_page(["hello", "world 12"], size=(300, 200), font_px=30, margin=12)
TURNED = PAGE.rotate(90, expand=True)
GOOD = {
    "png": as_png(PAGE),
    "16-bit png": sixteen_bit_png(PAGE),
    "transparent png": transparent_png(PAGE),
    "palette png": as_png(PAGE.convert("P")),
    "jpeg": as_jpeg(two_column_page(["left"] * 9, ["right"] * 9, "header")),
    "exif jpeg": exif_turned_jpeg(PAGE, 6),
    "cmyk jpeg": saved(PAGE.convert("CMYK"), "JPEG"),
    "mpo": saved(PAGE, "MPO", [PAGE]),
    "webp": as_webp(receipt_page([("Tea", "2.50"), ("Cake", "3.75")])),
    "bmp": as_bmp(PAGE),
    "gif": as_gif(PAGE, TURNED),
    "tiff": as_tiff([PAGE, TURNED, PAGE]),
    "fax tiff": as_tiff([PAGE.convert("1"), TURNED.convert("1")], "group4"),
    "jpeg tiff": as_tiff([PAGE], "jpeg"),
    "float tiff": saved(PAGE.convert("F"), "TIFF"),
    "big tiff": saved(PAGE, "TIFF", big_tiff=True),
    "scanned pdf": as_pdf([PAGE, TURNED]),
    "text pdf": text_pdf([["a", "b"], ["c"]], rotate=90),
    "coarse pdf": text_pdf([["big"]], size=(6000, 6000)),
    "owner-locked pdf": owner_locked_pdf(),
}
TIFF_CUT_SHORT = truncated(as_tiff([PAGE, TURNED], "tiff_lzw"), 0.9)
BAD = {
    "no document": b"just some text, and no picture",
    "truncated png": truncated(GOOD["png"]),
    "truncated jpeg": truncated(GOOD["jpeg"]),
    "truncated webp": truncated(GOOD["webp"]),
    "tiff cut short": TIFF_CUT_SHORT,
    "truncated pdf": truncated(GOOD["text pdf"]),
    "locked pdf": encrypted_pdf(),
    "bomb": pixel_bomb_png(),
    "endless pdf page": text_pdf([["big"]], size=(14_400_000, 14_400_000)),
}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(SECONDS, MEMORY)
    yield decoder
    decoder.stop()


def outcome(opener: Opener, data: bytes) -> list[object]:
    """All that a document gives: its format, its pages, its errors."""
    try:
        with opener(data) as document:
            pages = [_page(document, number) for number in range(1, document.page_count + 1)]
            return [document.kind, document.page_count, *pages]
    except OcrqError as error:
        return [type(error), error.to_json()]


def _page(document: Document, number: int) -> object:
    try:
        page = document.read_page(number)
    except OcrqError as error:
        return type(error), error.to_json()
    assert page.pixels.flags.c_contiguous and page.pixels.flags.writeable and page.pixels.dtype == np.uint8
    return page.number, page.dpi, page.pixels.shape, page.pixels.tobytes()


def both(decoder: Decoder, data: bytes, limits: Limits = LIMITS) -> tuple[list[object], list[object]]:
    return outcome(lambda data: decoder.open_document(data, limits), data), outcome(
        lambda data: open_document(data, limits), data
    )


@pytest.mark.parametrize("name", GOOD)
def test_every_format_reads_to_the_same_pixels(decoder: Decoder, name: str) -> None:
    there, here = both(decoder, GOOD[name])
    assert there == here
    assert isinstance(here[0], str) and not any(isinstance(page, tuple) and isinstance(page[0], type) for page in here)


@pytest.mark.parametrize("name", BAD)
def test_every_refusal_is_reported_in_the_same_words_by_a_process_that_lives_on(decoder: Decoder, name: str) -> None:
    decoder.start()
    pid = decoder.pid
    there, here = both(decoder, BAD[name])
    assert there == here
    assert "field" in repr(here)
    assert decoder.pid == pid


def test_the_callers_limits_are_the_ones_that_count(decoder: Decoder) -> None:
    there, here = both(decoder, GOOD["png"], Limits(max_pixels=PAGE.width * PAGE.height - 1))
    assert there == here and "at most" in repr(here)
    there, here = both(decoder, GOOD["scanned pdf"], Limits(pdf_dpi=72))
    assert there == here and here[:2] == ["pdf", 2]


def test_a_damaged_page_leaves_the_others_readable(decoder: Decoder) -> None:
    with decoder.open_document(TIFF_CUT_SHORT, LIMITS) as document:
        with pytest.raises(OcrqError, match="before page 2"):
            document.read_page(2)
        assert document.read_page(1).width == PAGE.width


def test_documents_of_several_threads_are_read_side_by_side(decoder: Decoder) -> None:
    texts = [as_png(text_page([f"number {n}"], size=(200 + n, 100))) for n in range(6)]
    wrong: list[int] = []

    def read(n: int) -> None:
        for _ in range(5):
            with decoder.open_document(texts[n], LIMITS) as document:
                for _ in range(3):
                    page = document.read_page(1)
                    if page.width != 200 + n:
                        wrong.append(n)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_two_hundred_pages_take_the_memory_of_one() -> None:
    decoder = Decoder(SECONDS, MEMORY)
    frame = text_page(["page"], size=(1240, 1754))
    tiff = as_tiff([frame.convert("1")] * 200, "group4")  # 1.3 GB of pixels
    try:
        with decoder.open_document(tiff, LIMITS) as document:
            sizes = {document.read_page(number).pixels.shape for number in range(1, document.page_count + 1)}
            peak = peak_bytes(decoder)
        assert sizes == {(1754, 1240, 3)}
        assert document.page_count == 200
        assert peak < 150 * MEGABYTE
    finally:
        decoder.stop()


def peak_bytes(decoder: Decoder) -> int:
    """The most memory its process ever had at once."""
    status = Path(f"/proc/{decoder.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_a_long_pdf_opens_and_gives_its_last_page(decoder: Decoder) -> None:
    with decoder.open_document(many_page_pdf(10_000), LIMITS) as document:
        assert document.page_count == 10_000
        assert document.read_page(10_000).dpi == LIMITS.pdf_dpi


def test_closed_documents_leave_no_memory_behind(decoder: Decoder) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1500, 1500, 3), dtype=np.uint8)
    data = as_bmp(text_page(["x"], size=(1500, 1500))) + noise.tobytes()  # 13 MB, of which half is not a picture
    decoder.start()
    for _ in range(3):
        outcome(lambda data: decoder.open_document(data, LIMITS), data)
    before = psutil.Process(decoder.pid).memory_info().rss
    for _ in range(10):
        outcome(lambda data: decoder.open_document(data, LIMITS), data)
    assert psutil.Process(decoder.pid).memory_info().rss < before + 2 * len(data)


def test_the_process_loads_only_what_decoding_needs() -> None:
    tell = "import sys, worker.imaging.decoder_process; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "PIL" in loaded and not loaded & HEAVY
