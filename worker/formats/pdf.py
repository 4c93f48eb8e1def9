"""Searchable PDF: each page as it was sent, its text invisible above it where it stands in the picture."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO

import cv2
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from ocrq import __version__
from ocrq.contracts import Box, Line, Page
from ocrq.errors import OcrqError
from worker.formats.failures import notice_of
from worker.formats.glyphless import ADVANCE, GlyphlessFont
from worker.formats.markup import number, printable
from worker.formats.pieces import RIGHT_TO_LEFT, columns_of, is_right_to_left, lines_of, words_of
from worker.formats.protocols import PageSources, RenderOptions
from worker.geometry import angle_of, size_of, text_angle
from worker.page import Pixels

media_type = "application/pdf"
binary = True

POINTS = 72.0  # per inch: the PDF's unit
ASSUMED_DPI = 200.0  # of a picture that tells none: an ordinary office scan; only the printed size hangs on it
MIN_POINTS, MAX_POINTS = 3.0, 14_400.0  # the shortest and the longest side a PDF page may have
EMPTY_PAGE = (595.0, 842.0)  # points: A4, for a page of which not even the size is known
JPEG_QUALITY = 85  # text stays clean, and a page of 8 megapixels stays near a megabyte
MAX_JPEG_SIDE = 65_500  # pixels, libjpeg's limit
UNPLACED_HEIGHT = 0.6  # share of its strip that a line without a place fills
QUARTER = 90  # degrees
NOTE_SIZE = 20.0  # points, the icon of a note

NUMBER = r"\d+(?:[.,:/\-]\d+)*"
HEBREW_AND_ARABIC = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe"
PARTS = re.compile(rf"{NUMBER}|[^\W\d_{HEBREW_AND_ARABIC}]+|.", re.DOTALL)
MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One PDF of all pages.

    A page is as large as its ``dpi`` says, 200 dpi where it says none. One that lies on its side or its head keeps
    its coordinates and is marked to be shown upright (``/Rotate``); programs then read its text in the right order,
    too. Lines without a place are spread down the page, so that a search finds the page at least. A page whose
    picture cannot be had is white; one that could not be read carries a note that says why.
    """
    font = GlyphlessFont()
    with Pdf.new() as pdf:
        for page in pages:
            _add_page(pdf, page, _picture(page, sources), font)
        resource = font.add_to(pdf)
        for made in pdf.pages:
            made.Resources.Font = Dictionary(F=resource)
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
    content += ["BT 3 Tr", *_text(page, scale, size[1], font), "ET"]  # 3: neither filled nor stroked
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


def _text(page: Page, scale: float, top: float, font: GlyphlessFont) -> Iterator[str]:
    lines = lines_of(page)
    for index, line in enumerate(lines):
        placed = line if line.box else line.model_copy(update={"box": _strip(page, index, len(lines), line)})
        yield from _shown(placed, scale, top, font)


def _strip(page: Page, index: int, count: int, line: Line) -> Box:
    """A place for a line that has none: its share of the page's height, as wide as its text needs."""
    width, height = page.width or EMPTY_PAGE[0], page.height or EMPTY_PAGE[1]
    strip = height / count
    upper, lower = index * strip, (index + UNPLACED_HEIGHT) * strip
    right = min(width, columns_of(line.text) * ADVANCE * (lower - upper))
    return (0.0, upper), (right, upper), (right, lower), (0.0, lower)


def _shown(line: Line, scale: float, top: float, font: GlyphlessFont) -> Iterator[str]:
    """Operators that show the line's words, each stretched to its box and followed by a space."""
    backwards = is_right_to_left(line.text)
    for word in words_of(line):
        if word.box is None:
            continue
        text = visual(printable(" ".join(word.text.split())))
        length, height = (max(side * scale, 1.0) for side in size_of(word.box))
        advance = length / len(text)
        turn = math.radians(-angle_of(word.box))  # a PDF's y runs up
        cos, sin = math.cos(turn), math.sin(turn)
        x, y = word.box[3][0] * scale, top - word.box[3][1] * scale
        if backwards:
            text, x, y = f" {text}", x - advance * cos, y - advance * sin
        else:
            text += " "
        place = " ".join(number(value) for value in (cos, sin, -sin, cos, x, y))
        stretch = 100 * advance / (ADVANCE * height)
        yield f"/F {height:.3f} Tf {stretch:.3f} Tz {place} Tm {font.encode(text)} Tj"


def visual(word: str) -> str:
    """A word's characters from left to right, as PDFs hold them.

    A word in a script written from the right is turned round, its numbers and Latin parts are not, and brackets are
    mirrored: the part of the Unicode bidirectional algorithm (UAX #9) that a single word needs.
    """
    if not any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in word):
        return word
    return "".join(part.translate(MIRRORED) for part in reversed(PARTS.findall(word)))
