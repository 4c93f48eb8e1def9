"""Opens a document from bytes; pages are decoded one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ocrq.errors import UnsupportedFormat
from tasks.documents.sniff import FORMATS, sniff
from worker.imaging.limits import Limits, check_page_count
from worker.imaging.text_layer import TextLayer
from worker.page import PageImage

__all__ = ["Document", "Limits", "Opener", "check_page_count", "open_document"]


class Document(Protocol):
    """An opened document; a context manager. Pages are decoded when read, so that memory holds one at a time.

    Attributes:
        kind: ``png``, ``jpeg``, ``webp``, ``bmp``, ``gif``, ``tiff`` or ``pdf``.
        page_count: At least 1.
    """

    @property
    def kind(self) -> str:
        """The format."""

    @property
    def page_count(self) -> int:
        """Pages in all."""

    def read_page(self, number: int, shrink: int = 1) -> PageImage:
        """Decode page ``number``, from 1 to ``page_count``.

        Args:
            number: From 1.
            shrink: How many times smaller a copy of a PDF page may be; other formats give the page itself.

        Raises:
            UnreadableDocument: This page is truncated or damaged; others may be good.
            TooLarge: This page has too many pixels.
        """

    def read_layer(self, number: int) -> TextLayer | None:
        """The text that page ``number`` itself carries; None where the format has none.

        Raises:
            UnreadableDocument: This page is damaged; others may be good.
        """

    def __enter__(self) -> Document: ...

    def __exit__(self, *_: object) -> None: ...


Opener = Callable[[bytes], Document]
"""Opens a document within fixed limits; raises as :func:`open_document` does."""


def open_document(data: bytes, limits: Limits) -> Document:
    """Open an image or a PDF far enough to count its pages; no pixels are decoded.

    The number of pages per request is checked by :func:`check_page_count`.

    Args:
        data: The file.
        limits: What is allowed.

    Raises:
        UnsupportedFormat: The bytes are neither a supported image nor a PDF.
        UnreadableDocument: They are truncated, damaged, encrypted or empty.
        TooLarge: Its only page has too many pixels.
    """
    kind = sniff(data)
    if kind is None:
        raise UnsupportedFormat(
            f"the document is neither an image nor a PDF that is read here; send {FORMATS}", field="image"
        )
    if kind == "pdf":
        from worker.imaging.pdf import PdfDocument  # loads PDFium, which most processes never need

        return PdfDocument(data, limits)
    if kind == "tiff":
        from worker.imaging.tiff import TiffDocument

        return TiffDocument(data, limits)
    from worker.imaging.image_file import ImageDocument

    return ImageDocument(data, kind, limits)
