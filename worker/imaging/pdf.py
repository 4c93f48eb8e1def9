"""PDF: pages rendered one at a time by PDFium."""

from __future__ import annotations

import threading
from math import ceil, sqrt
from typing import Any

import numpy as np
import pypdfium2 as pdfium

from ocrq.errors import UnreadableDocument
from worker.imaging.decode_errors import guarded
from worker.imaging.limits import Limits, check_pixels
from worker.imaging.pdf_text import read_layer
from worker.imaging.text_layer import TextLayer
from worker.page import PageImage, Pixels

POINTS_PER_INCH = 72.0
MIN_DPI = 72.0
"""Below this resolution body text is under 10 pixels high and unreadable."""

HAIR = 1e-4
"""Factor by which pages are rendered smaller: sides are rounded up, and a scan of 96.0001
pixels would be stretched to 97."""

WHITE = (255, 255, 255, 255)
END_WITHIN = 64 * 1024
"""Bytes from the end in which a complete PDF has its end mark; readers search 1,024, some files have more after it."""

_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5  # PDFium's FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY

_pdfium = threading.RLock()  # PDFium has global state and allows one call at a time


class PdfDocument:
    """A PDF as a document.

    Args:
        data: The file.
        limits: What is allowed, and the resolution to render at.

    Raises:
        UnreadableDocument: It is truncated, damaged or locked with a password, or has no pages.
    """

    kind = "pdf"

    def __init__(self, data: bytes, limits: Limits) -> None:
        if b"%%EOF" not in data[-END_WITHIN:]:
            raise UnreadableDocument("the PDF is incomplete; send it again", field="image")
        self._limits = limits
        with _pdfium, guarded("the PDF"):
            self._pdf = _opened(data)
            self.page_count = len(self._pdf)
        if not self.page_count:
            raise UnreadableDocument("the PDF has no pages; send one with pages", field="image")

    def read_page(self, number: int, shrink: int = 1) -> PageImage:
        """Render page ``number``, from 1, with its annotations and form fields, rotated as the PDF specifies.

        Args:
            number: From 1.
            shrink: How many times smaller a copy is rendered; where its print gets too small, the page itself is.

        Raises:
            UnreadableDocument: The page is damaged; others may be good.
            TooLarge: It has too many pixels even at :data:`MIN_DPI`.
        """
        with _pdfium, guarded(f"page {number} of the PDF"):
            page = self._pdf[number - 1]
            try:
                width, height = page.get_size()
                dpi = fitting_dpi(width, height, self._limits)
                if shrink == 1 or dpi < MIN_DPI * shrink:
                    return PageImage(number, _rendered(page, dpi), dpi)
                size = (ceil(width * _scale(dpi)), ceil(height * _scale(dpi)))
                return PageImage(number, _rendered(page, dpi / shrink), dpi, size=size)
            finally:
                page.close()

    def read_layer(self, number: int) -> TextLayer:
        """The text of page ``number`` with the values of form fields and annotations, in pixels as it is rendered.

        Raises:
            UnreadableDocument: The page is damaged; others may be good.
            TooLarge: It has too many pixels even at :data:`MIN_DPI`.
        """
        with _pdfium, guarded(f"page {number} of the PDF"):
            page = self._with_annotations(number)
            try:
                width, height = page.get_size()
                dpi = fitting_dpi(width, height, self._limits)
                return read_layer(page, _scale(dpi))
            finally:
                page.close()

    def _with_annotations(self, number: int) -> Any:
        """The page, what its annotations and form fields show drawn into it: PDFium finds no text in them."""
        page = self._pdf[number - 1]
        if not pdfium.raw.FPDFPage_GetAnnotCount(page):
            return page
        pdfium.raw.FPDFPage_Flatten(page, pdfium.raw.FLAT_NORMALDISPLAY)
        page.close()
        return self._pdf[number - 1]

    def __enter__(self) -> PdfDocument:
        return self

    def __exit__(self, *_: object) -> None:
        with _pdfium:
            self._pdf.close()


def fitting_dpi(width: float, height: float, limits: Limits) -> float:
    """The resolution to render a page at.

    Args:
        width: Points, 72 to the inch.
        height: Points.
        limits: The usual resolution, and the most pixels of a page.

    Returns:
        Dots per inch: the usual, or as many as fit into the pixels, :data:`MIN_DPI` at least.

    Raises:
        TooLarge: The page has too many pixels even so.
        UnreadableDocument: It has no area.
    """
    inches = max(width, 0.0) * max(height, 0.0) / POINTS_PER_INCH**2
    wanted = float(limits.pdf_dpi)
    most = min(limits.pdf_page_pixels, limits.max_pixels)
    if inches * wanted**2 > most:
        wanted = max(0.999 * sqrt(most / inches), min(MIN_DPI, wanted))  # rounded up, sides must not pass the limit
    scale = _scale(wanted)
    check_pixels(ceil(width * scale), ceil(height * scale), limits)
    return wanted


def _scale(dpi: float) -> float:
    """Pixels to the point."""
    return dpi / POINTS_PER_INCH * (1 - HAIR)


def _opened(data: bytes) -> Any:
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
            raise UnreadableDocument("the PDF is locked with a password; send it without one", field="image") from None
        raise
    pdf.init_forms()
    return pdf


def _rendered(page: Any, dpi: float) -> Pixels:
    bitmap = page.render(scale=_scale(dpi), fill_color=WHITE, draw_annots=True, may_draw_forms=True)
    try:
        return np.array(bitmap.to_numpy()[:, :, :3], dtype=np.uint8, order="C")  # a copy: the bitmap is freed
    finally:
        bitmap.close()
