"""Limits of a document's size, checked from headers before any pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocrq.errors import TooLarge, UnreadableDocument

if TYPE_CHECKING:  # the decoder's process needs no settings
    from tasks.settings import Settings

MILLION = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits.

    Attributes:
        max_pixels: Of one page; 100 million are 300 MB once decoded.
        max_pages: Read of one document in one request.
        pdf_dpi: Resolution that PDF pages are rendered at.
        pdf_page_pixels: PDF pages that would have more are rendered at a lower resolution, since such a page size is
            mostly a mistake (a scan's pixels taken for points); A1 at 200 dpi has 31 million.
        page_seconds: That reading one page may take once it is decoded; it then has an error, and the others are read.
    """

    max_pixels: int = 100 * MILLION
    max_pages: int = 1000
    pdf_dpi: int = 200
    pdf_page_pixels: int = 40 * MILLION
    page_seconds: float = 600.0


def limits_of(settings: Settings) -> Limits:
    """The limits that the operator set."""
    return Limits(
        max_pixels=settings.max_pixels,
        max_pages=settings.max_pages,
        pdf_dpi=settings.pdf_dpi,
        page_seconds=settings.page_seconds,
    )


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Refuse a page by the size in its header.

    Args:
        width: Pixels.
        height: Pixels.
        limits: What is allowed.

    Raises:
        UnreadableDocument: The page has no area.
        TooLarge: It has more pixels than ``limits.max_pixels``.
    """
    if width < 1 or height < 1:
        raise UnreadableDocument(f"the page is {width} x {height} pixels; send one that has an area", field="image")
    if width * height > limits.max_pixels:
        raise TooLarge(
            f"the page is {width:,} x {height:,} pixels, {width * height / MILLION:,.0f} million, and at most "
            f"{limits.max_pixels / MILLION:,.0f} million are read; send it at a lower resolution or in parts",
            field="image",
        )


def check_page_count(selected: int, limits: Limits) -> None:
    """Refuse more pages than one request may ask for.

    Args:
        selected: Pages to be read; a selection out of a longer document counts only itself.
        limits: What is allowed.

    Raises:
        TooLarge: More than ``limits.max_pages``.
    """
    if selected > limits.max_pages:
        raise TooLarge(
            f"{selected:,} pages are asked for, and at most {limits.max_pages:,} are read at a time; split the "
            f"document, or ask for a part of it with pages, like '1-{limits.max_pages}'",
            field="image",
        )
