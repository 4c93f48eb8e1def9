"""No bytes make a reader raise anything but our errors, or make more pixels than allowed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ocrq.errors import RequestError
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
    saved,
    sixteen_bit_png,
    text_page,
    text_pdf,
    transparent_png,
)
from worker.imaging.decode import Document, Limits, open_document

LIMITS = Limits(max_pixels=2_000_000, pdf_dpi=72)
MUTATIONS = 120  # of each sample; the same seeds every time
NUMBERS = (0, 1, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32 - 1)

PAGE = text_page(["hello", "world 12"], size=(120, 80), font_px=20, margin=8)
TURNED = PAGE.rotate(90, expand=True)
SAMPLES = {
    "png": as_png(PAGE),
    "16-bit png": sixteen_bit_png(PAGE),
    "transparent png": transparent_png(PAGE),
    "palette png": as_png(PAGE.convert("P")),
    "jpeg": as_jpeg(PAGE),
    "exif jpeg": exif_turned_jpeg(PAGE, 6),
    "cmyk jpeg": saved(PAGE.convert("CMYK"), "JPEG"),
    "mpo": saved(PAGE, "MPO", [PAGE]),
    "webp": as_webp(PAGE),
    "animated webp": saved(PAGE, "WEBP", [PAGE.rotate(9)]),
    "bmp": as_bmp(PAGE),
    "gif": as_gif(PAGE, PAGE.rotate(9)),
    "tiff": as_tiff([PAGE, TURNED]),
    "fax tiff": as_tiff([PAGE.convert("1"), TURNED.convert("1")], "group4"),
    "lzw tiff": as_tiff([PAGE, TURNED], "tiff_lzw"),
    "jpeg tiff": as_tiff([PAGE], "jpeg"),
    "float tiff": saved(PAGE.convert("F"), "TIFF"),
    "big tiff": saved(PAGE, "TIFF", big_tiff=True),
    "scanned pdf": as_pdf([PAGE, TURNED]),
    "text pdf": text_pdf([["a", "b"], ["c"]], size=(120, 80)),
    "locked pdf": encrypted_pdf(),
}


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The file cut, or with some bytes changed, replaced by telling numbers, taken out or repeated."""
    way = dice.randrange(5)
    if way == 0:
        return data[: dice.randrange(len(data))]
    damaged = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16, 64))):
        at = dice.randrange(min(len(damaged), 400)) if dice.random() < 0.5 else dice.randrange(len(damaged))
        if way == 1:
            damaged[at] ^= 1 << dice.randrange(8)
        elif way == 2:
            damaged[at : at + 4] = dice.choice(NUMBERS).to_bytes(4, dice.choice(("little", "big")))
        elif way == 3:
            del damaged[at : at + dice.randrange(1, 40)]
            damaged = damaged or bytearray(b"%")
        else:
            start = dice.randrange(len(damaged))
            damaged[at:at] = damaged[start : start + dice.randrange(1, 60)]
    return bytes(damaged)


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files_raise_our_errors_and_nothing_else(name: str) -> None:
    dice = random.Random(name)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(MUTATIONS):
        try:
            with open_document(mutated(SAMPLES[name], dice), LIMITS) as document:
                for number in range(1, min(document.page_count, 3) + 1):
                    outcomes["read"] += _reads(document, number)
        except RequestError as error:
            assert error.field == "image"
            outcomes["refused"] += 1
    assert outcomes["refused"]  # the mutations do bite


def _reads(document: Document, number: int) -> bool:
    try:
        page = document.read_page(number)
    except RequestError as error:
        assert error.field == "image"
        return False
    assert page.pixels.dtype == np.uint8
    assert page.pixels.shape == (page.height, page.width, 3)
    assert 0 < page.width * page.height <= LIMITS.max_pixels
    return True
