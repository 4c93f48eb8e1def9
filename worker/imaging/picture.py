"""Images of one page: opened by their headers, decoded when read."""

from __future__ import annotations

import io
from types import TracebackType

from PIL import Image

from worker.imaging.colour import to_bgr, upright
from worker.imaging.guard import guarded
from worker.imaging.limits import Limits, check_pixels
from worker.page import PageImage, Pixels

PILLOW_NAMES = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "bmp": "BMP", "gif": "GIF", "tiff": "TIFF"}
"""Format as sniffed to Pillow's name; a JPEG of several pictures (MPO) opens as its first."""


class ImageDocument:
    """An image as a document of one page.

    Animations (GIF, WebP, PNG) and bursts of pictures (MPO) are read as their first picture: what follows shows the
    same thing again, a moment later. Only TIFF keeps pages in its frames.

    Args:
        data: The file.
        kind: Its format, as sniffed.
        limits: What is allowed.

    Raises:
        TooLarge: The header tells more pixels than allowed.
        UnreadableDocument: The header cannot be read.
    """

    page_count = 1

    def __init__(self, data: bytes, kind: str, limits: Limits) -> None:
        self.kind = kind
        self._stream = io.BytesIO(data)
        self._limits = limits
        check_picture(self._stream, kind, limits)

    def read_page(self, number: int) -> PageImage:
        """The page; ``number`` is 1.

        Raises:
            UnreadableDocument: The pixels are truncated or damaged.
            TooLarge: They don't fit into memory.
        """
        return PageImage(number, read_picture(self._stream, self.kind, self._limits))

    def read_layer(self, number: int) -> None:
        """None: images carry no text."""

    def __enter__(self) -> ImageDocument:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def check_picture(stream: io.BytesIO, kind: str, limits: Limits) -> None:
    """Open the first picture of a file far enough to know its size, and check that.

    Raises:
        TooLarge: It has more pixels than allowed.
        UnreadableDocument: Its header cannot be read.
    """
    with guarded(_named(kind)), _opened(stream, kind, limits):
        pass


def read_picture(stream: io.BytesIO, kind: str, limits: Limits) -> Pixels:
    """Decode the first picture of a file, upright by its EXIF.

    Raises:
        TooLarge: It has more pixels than allowed, or than fit into memory.
        UnreadableDocument: It is truncated or damaged.
    """
    with guarded(_named(kind)), _opened(stream, kind, limits) as image:
        image.load()
        return to_bgr(upright(image))


def _named(kind: str) -> str:
    return f"the {kind.upper()} image"


def _opened(stream: io.BytesIO, kind: str, limits: Limits) -> Image.Image:
    stream.seek(0)
    # Some of Pillow's openers allocate by the header's word and ask this number first.
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    image = Image.open(stream, formats=(PILLOW_NAMES[kind],))
    check_pixels(*image.size, limits)
    return image
