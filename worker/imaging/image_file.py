"""Images: opened by their headers, each frame decoded when it is read."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from pillow_heif import register_heif_opener

from worker.imaging.colour import exif_transposed, to_bgr
from worker.imaging.decode_errors import guarded
from worker.imaging.limits import Limits, check_pixels
from worker.page import PageImage, Pixels

PILLOW_NAMES = {
    "png": "PNG",
    "jpeg": "JPEG",
    "webp": "WEBP",
    "bmp": "BMP",
    "gif": "GIF",
    "tiff": "TIFF",
    "heic": "HEIF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
}
"""Format as sniffed to Pillow's name; a JPEG of several pictures (MPO) opens as its first."""

ANIMATED = ("gif", "webp", "png", "avif")
"""Formats whose frames follow one another, a slide each."""

MOST_FRAMES = 50
"""Of an animation; one of more is a film, of which only the first frame is read."""

MOST_MISSING = 0.05
"""Share of a JPEG's rows that may be missing at its end: what a broken connection takes of the last packet."""

GREY = 128
"""What libjpeg fills the blocks with that are missing."""


class ImageDocument:
    """An image as a document, its frames as pages.

    Bursts of pictures (MPO) are read as their first one: what follows shows the same thing again, a moment later.

    Args:
        data: The file.
        kind: Its format, as sniffed.
        limits: What is allowed.

    Raises:
        TooLarge: The header gives more pixels than allowed.
        UnreadableDocument: The header cannot be read.
    """

    def __init__(self, data: bytes, kind: str, limits: Limits) -> None:
        self.kind = kind
        self._stream = io.BytesIO(data)
        self._limits = limits
        with guarded(_named(kind)), _opened(self._stream, kind, limits) as image:
            self._frames = int(getattr(image, "n_frames", 1)) if kind in ANIMATED else 1

    @property
    def page_count(self) -> int:
        """Its frames; 1 where there are more than :data:`MOST_FRAMES`."""
        return self._frames if self._frames <= MOST_FRAMES else 1

    def read_page(self, number: int, shrink: int = 1) -> PageImage:
        """Frame ``number``, from 1.

        Raises:
            UnreadableDocument: The pixels are truncated or damaged.
            TooLarge: They don't fit into memory.
        """
        pixels, warnings = read_picture(self._stream, self.kind, self._limits, number - 1)
        if self._frames > MOST_FRAMES:
            warnings = (*warnings, f"the animation has {self._frames} frames; only the first was read")
        return PageImage(number, pixels, warnings=warnings)

    def read_layer(self, number: int) -> None:
        """None: images carry no text."""

    def __enter__(self) -> ImageDocument:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def check_picture(stream: io.BytesIO, kind: str, limits: Limits) -> None:
    """Open the first picture of a file far enough to know its size, and check that.

    Raises:
        TooLarge: It has more pixels than allowed.
        UnreadableDocument: Its header cannot be read.
    """
    with guarded(_named(kind)), _opened(stream, kind, limits):
        pass


def read_picture(stream: io.BytesIO, kind: str, limits: Limits, frame: int = 0) -> tuple[Pixels, tuple[str, ...]]:
    """Decode a picture of a file, turned as its EXIF says.

    Args:
        stream: The file.
        kind: Its format.
        limits: What is allowed.
        frame: Of an animation, from 0.

    Returns:
        Its pixels, and warnings of what was lost.

    Raises:
        TooLarge: It has more pixels than allowed, or than fit into memory.
        UnreadableDocument: It is truncated or damaged.
    """
    with guarded(_named(kind)):
        try:
            return _decoded(stream, kind, limits, frame), ()
        except OSError:
            if kind != "jpeg":
                raise
        pixels = _without_its_end(stream, limits)
    return pixels, ("the JPEG lacks its last bytes; what they held is missing at the bottom of the page",)


def _decoded(stream: io.BytesIO, kind: str, limits: Limits, frame: int) -> Pixels:
    with _opened(stream, kind, limits) as image:
        if frame:
            image.seek(frame)
        image.load()
        return to_bgr(exif_transposed(image))


def _without_its_end(stream: io.BytesIO, limits: Limits) -> Pixels:
    """A JPEG whose last bytes are missing, if they held no more than its last rows."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with _opened(stream, "jpeg", limits) as image:
            image.load()
            stored = np.asarray(image.convert("L"))
            if _grey_rows(stored) > MOST_MISSING * len(stored):
                raise OSError("too much of it is missing")
            return to_bgr(exif_transposed(image))
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _grey_rows(stored: NDArray[np.uint8]) -> int:
    """Rows at the end that end in grey: the last block row of a cut file is filled from where it was cut."""
    filled = np.asarray((np.abs(stored[:, -8:].astype(np.int16) - GREY) <= 1).all(axis=1))[::-1]
    return int(np.argmin(filled)) if not filled.all() else len(filled)


def _named(kind: str) -> str:
    return f"the {kind.upper()} image"


def _opened(stream: io.BytesIO, kind: str, limits: Limits) -> Image.Image:
    stream.seek(0)
    if kind == "heic":
        register_heif_opener()
    # Some of Pillow's openers allocate by the header's word and ask this number first.
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    image = Image.open(stream, formats=(PILLOW_NAMES[kind],))
    check_pixels(*image.size, limits)
    return image
