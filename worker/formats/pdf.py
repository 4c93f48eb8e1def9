"""Searchable PDF: each page as it was sent, its text invisible above it where it stands in the picture.

A PDF stays the one that was sent (:mod:`worker.formats.pdf_original`); other documents become one of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import cv2
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from ocrq import __version__
from ocrq.contracts import Page
from ocrq.errors import OcrqError
from worker.formats.failures import notice_of
from worker.formats.glyphless import GlyphlessFont
from worker.formats.invisible_text import EMPTY_PAGE, FONT, invisible_text
from worker.formats.markup import printable
from worker.formats.page_lines import lines_of
from worker.formats.pdf_original import with_text
from worker.formats.protocols import PageSources, RenderOptions
from worker.geometry import text_angle
from worker.page import Pixels

binary = True

POINTS = 72.0  # per inch: the PDF's unit
ASSUMED_DPI = 200.0  # of a picture that tells none: an ordinary office scan; only the printed size hangs on it
MIN_POINTS, MAX_POINTS = 3.0, 14_400.0  # the shortest and the longest side a PDF page may have
JPEG_QUALITY = 85  # text stays clean, and a page of 8 megapixels stays near a megabyte
MAX_JPEG_SIDE = 65_500  # pixels, libjpeg's limit
QUARTER = 90  # degrees
NOTE_SIZE = 20.0  # points, the icon of a note


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One PDF of all pages.

    A PDF is kept as it is, and text is added to those of its pages that lack it. Of other documents a page is as
    large as its ``dpi`` says, 200 dpi where it says none. One that lies on its side or its head keeps its coordinates
    and is marked to be shown upright (``/Rotate``); programs then read its text in the right order, too. Lines
    without a place are spread down the page, so that a search finds the page at least. A page whose picture cannot be
    had is white; one that could not be read carries a note that says why.
    """
    original = sources.original()
    if original is not None and (kept := with_text(original, pages, sources)) is not None:
        return kept
    font = GlyphlessFont()
    with Pdf.new() as pdf:
        for page in pages:
            _add_page(pdf, page, _picture(page, sources), font)
        resource = font.add_to(pdf)
        for made in pdf.pages:
            made.Resources.Font = Dictionary({f"/{FONT}": resource})
        pdf.docinfo[Name.Producer] = String(f"ocrq {__version__}")
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
    return target.getvalue()


def _picture(page: Page, sources: PageSources) -> Pixels | None:
    try:
        return sources.pixels(page.page)
    except Exception as error:
        # What kept the page from being read may keep it from being shown; the other pages go on.
        if page.error is None and not isinstance(error, OcrqError):
            raise
        return None


def _add_page(pdf: Pdf, page: Page, picture: Pixels | None, font: GlyphlessFont) -> None:
    height, width = (page.height, page.width) if picture is None or page.width else picture.shape[:2]
    scale = min(POINTS / (page.dpi or ASSUMED_DPI), MAX_POINTS / max(width, height, 1))
    shown = (width * scale, height * scale) if width and height else EMPTY_PAGE
    size = (max(shown[0], MIN_POINTS), max(shown[1], MIN_POINTS))
    made = pdf.add_blank_page(page_size=size)
    content = []
    made.Resources = Dictionary()
    if picture is not None:
        made.Resources.XObject = Dictionary(Page=_image(pdf, picture))
        content.append(f"q {shown[0]:.3f} 0 0 {shown[1]:.3f} 0 {size[1] - shown[1]:.3f} cm /Page Do Q")
    content.append(invisible_text(page, lines_of(page), scale, size[1], font))
    if turn := round(text_angle(page) / QUARTER) % 4:
        made.rotate(-turn * QUARTER, relative=False)
    made.Contents = pdf.make_stream("\n".join(content).encode("ascii"))
    if notice := notice_of(page):
        made.Annots = Array([_note(pdf, notice, size[1])])


def _image(pdf: Pdf, picture: Pixels) -> Stream:
    height, width = picture.shape[:2]
    image = pdf.make_stream(
        b"",
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
    )
    if max(width, height) > MAX_JPEG_SIDE:
        image.write(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).tobytes())  # deflated when the file is saved
    else:
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        image.write(jpeg.tobytes(), filter=Name.DCTDecode)
    return image


def _note(pdf: Pdf, notice: str, top: float) -> Dictionary:
    note = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Text,
        Rect=[0, top - NOTE_SIZE, NOTE_SIZE, top],
        Contents=String(printable(notice)),
        Name=Name.Note,
    )
    return pdf.make_indirect(note)
