"""Conversion of any Pillow mode to 8-bit BGR on a white background."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageChops

from worker.page import Pixels

WHITE = (255, 255, 255)

SEEN_ALPHA = 128
"""Opacity from which a pixel counts as seen, of 255."""

MOST_WRITING = 0.4
"""Share of a picture's pixels that writing covers at most; a picture with a hole in it has more."""

LIGHT = 170
"""Mean grey value from which writing would be too light for white paper."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition for each EXIF orientation."""

BIT_DEPTHS = (8, 10, 12, 14, 16)
"""Depths that scanners and cameras store in 16 bits."""

_TIFF_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0


def exif_transposed(image: Image.Image) -> Image.Image:
    """The image transposed by its EXIF orientation; broken EXIF is ignored."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    except Exception:  # the parser raises any exception on broken EXIF, and the pixels are good without it
        turn = None
    return image if turn is None else image.transpose(turn)


def to_bgr(image: Image.Image) -> Pixels:
    """Pixels of a decoded image.

    Args:
        image: In any mode: 1 to 32 bits, palette, transparency, CMYK, LAB.

    Returns:
        height x width x 3, BGR, 8 bit, contiguous; transparency flattened on white, deep grey scaled by its depth.
    """
    if image.mode.startswith("I") or image.mode == "F":
        grey = to_eight_bits(np.asarray(image))
        tags: Any = getattr(image, "tag_v2", {})
        # Pillow inverts white-is-zero for up to 8 bits only.
        return _grey_to_bgr(255 - grey if tags.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO else grey)
    if image.has_transparency_data:
        image = _flattened(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return _grey_to_bgr(np.asarray(image.convert("L")))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _flattened(image: Image.Image) -> Image.Image:
    """A picture with transparency on white; light writing, which would vanish there, as dark writing."""
    alpha = image.getchannel("A")
    light = np.asarray(image.convert("L"))[np.asarray(alpha) >= SEEN_ALPHA]
    if light.size and light.size < MOST_WRITING * image.width * image.height and light.mean() > LIGHT:
        image = ImageChops.invert(image.convert("RGB"))
    ground = Image.new("RGB", image.size, WHITE)
    ground.paste(image.convert("RGB"), mask=alpha)
    return ground


def to_eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Deep grey to 8 bits by its own bit depth, so that a 12-bit scan is not black and a 16-bit one not white.

    Args:
        values: Integers or floats, any shape but empty.

    Returns:
        Scaled by the fewest bits of :data:`BIT_DEPTHS` that hold the brightest value; floats that end at 1 by 255;
        what is negative or deeper, from its least to its greatest value.
    """
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    floor = 0.0
    if low < 0 or high >= 2 ** BIT_DEPTHS[-1]:
        floor, span = low, max(high - low, 1.0)
    elif values.dtype.kind == "f" and high <= 1:
        span = 1.0
    else:
        span = float(next(2**depth - 1 for depth in BIT_DEPTHS if high < 2**depth))
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        table = np.clip(np.rint(np.arange(2**16) * (255 / span)), 0, 255).astype(np.uint8)
        eight: NDArray[np.uint8] = table[values]
        return eight
    scaled = (values.astype(np.float64) - floor) * (255 / span)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _grey_to_bgr(grey: NDArray[np.uint8]) -> Pixels:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
