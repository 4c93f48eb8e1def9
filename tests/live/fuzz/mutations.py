"""Documents broken by chance, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.documents import (
    as_bmp,
    as_gif,
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    as_webp,
    exif_turned_jpeg,
    sixteen_bit_png,
    text_page,
    text_pdf,
)

MOST_CHANGES = 12


def samples() -> list[bytes]:
    """One small document of each format."""
    page = text_page(["fuzz me"], size=(160, 80), font_px=24)
    return [
        as_png(page),
        as_jpeg(page),
        as_webp(page),
        as_bmp(page),
        as_gif(page),
        as_tiff([page, page]),
        as_pdf([page]),
        text_pdf(["fuzz me"]),
        exif_turned_jpeg(page, 6),
        sixteen_bit_png(page),
    ]


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """``count`` documents: bytes flipped, cut out, doubled, overwritten with extremes, tails cut off."""
    dice = random.Random(seed)
    originals = samples()
    for number in range(count):
        yield _mutate(bytearray(originals[number % len(originals)]), dice)


def _mutate(data: bytearray, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, MOST_CHANGES)):
        at = dice.randrange(len(data))
        match dice.randrange(6):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del data[at : at + dice.randint(1, 64)]
            case 3:
                data[at:at] = data[at : at + dice.randint(1, 64)]
            case 4:
                data[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
            case 5:
                data = data[: max(16, at)]
        if len(data) < 16:
            break
    return bytes(data)
