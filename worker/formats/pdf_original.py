"""A PDF as it was sent, with invisible text on the pages that lack it.

Nothing that is there is changed: vector text, pictures, links, forms, bookmarks, metadata and the declaration of
PDF/A stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from pikepdf import Array, Dictionary, Name, Object, PasswordError, Pdf, PdfError, String
from pikepdf import Page as PdfPage

from ocrq.contracts import Line, Page
from ocrq.errors import OcrqError
from worker.formats.failures import notice_of
from worker.formats.glyphless import GlyphlessFont
from worker.formats.invisible_text import FONT, invisible_text
from worker.formats.markup import number, printable
from worker.formats.page_lines import lines_of
from worker.formats.protocols import PageSources

NOTE_SIZE = 20.0  # points, the icon of a note

log = logging.getLogger(__name__)


# What reading the objects of a damaged PDF as what they should be raises.
_DAMAGED = (PasswordError, PdfError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def with_text(original: bytes, pages: Sequence[Page], sources: PageSources) -> bytes | None:
    """The PDF with the text of its pages; pages that were not read are left out.

    Args:
        original: The PDF's bytes.
        pages: What was read, in document order.
        sources: Of the same document.

    Returns:
        None where the PDF cannot be opened for changes; it is made of pictures then.
    """
    try:
        with Pdf.open(BytesIO(original)) as pdf:
            return _with_text(pdf, pages, sources)
    except _DAMAGED as error:
        log.warning("the PDF cannot be kept as it is: %s", error)
        return None


def _with_text(pdf: Pdf, pages: Sequence[Page], sources: PageSources) -> bytes:
    font = GlyphlessFont()
    added: dict[int, bytes] = {}
    for page in pages:
        target = pdf.pages[page.page - 1]
        if notice := notice_of(page):
            _add_note(pdf, target, notice)
        if lines := _lacking(page, sources):
            added[page.page] = _content(target, page, lines, font)
    if added:
        resource = font.add_to(pdf)
        for place, content in added.items():
            _add_content(pdf.pages[place - 1], content, resource)
    read = {page.page for page in pages}
    for place in range(len(pdf.pages), 0, -1):
        if place not in read:
            del pdf.pages[place - 1]
    target_file = BytesIO()
    pdf.save(target_file, deterministic_id=not pdf.is_encrypted)
    return target_file.getvalue()


def _lacking(page: Page, sources: PageSources) -> list[Line]:
    """Lines of the page that its own text does not have."""
    if page.text_source == "layer" or not page.width:
        return []
    lines = list(lines_of(page))
    if page.text_source != "mixed":
        return lines
    try:
        layer = sources.layer(page.page)
    except OcrqError:
        return lines
    known = [np.array(line.corners) for line in layer.lines if line.visible] if layer else []
    bounds = [(*corners.min(axis=0), *corners.max(axis=0)) for corners in known]
    return [line for line in lines if not _stands_in(line, bounds)]


def _stands_in(line: Line, bounds: Sequence[tuple[float, float, float, float]]) -> bool:
    if line.box is None:
        return False
    x, y = np.mean(line.box, axis=0)
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in bounds)


def _content(target: PdfPage, page: Page, lines: Sequence[Line], font: GlyphlessFont) -> bytes:
    left, bottom, right, top = _shown_box(target)
    turn = int(target.obj.get(Name.Rotate, _inherited(target, Name.Rotate) or 0)) % 360
    width, height = (right - left, top - bottom) if turn % 180 == 0 else (top - bottom, right - left)
    # From the page as it is shown, upright and from its lower left corner, to the page's own space.
    matrix = {
        0: (1, 0, 0, 1, left, bottom),
        90: (0, 1, -1, 0, right, bottom),
        180: (-1, 0, 0, -1, right, top),
        270: (0, -1, 1, 0, left, top),
    }[turn]
    placed = " ".join(number(value) for value in matrix)
    text = invisible_text(page, lines, width / page.width, height, font)
    return f"q {placed} cm\n{text}\nQ".encode("ascii")


def _shown_box(target: PdfPage) -> tuple[float, float, float, float]:
    """The part of the page that is shown: its crop box, within its media box."""
    media, crop = ([float(value) for value in box] for box in (target.mediabox, target.cropbox))
    inner = (max(crop[0], media[0]), max(crop[1], media[1]), min(crop[2], media[2]), min(crop[3], media[3]))
    return inner if inner[0] < inner[2] and inner[1] < inner[3] else (media[0], media[1], media[2], media[3])


def _inherited(target: PdfPage, name: Name) -> Object | None:
    node = target.obj.get(Name.Parent)
    for _ in range(50):  # a damaged tree may run in a circle
        if not isinstance(node, Dictionary) or name in node:
            break
        node = node.get(Name.Parent)
    return node.get(name) if isinstance(node, Dictionary) else None


def _add_content(target: PdfPage, content: bytes, resource: Object) -> None:
    target.contents_add(b"q\n", prepend=True)
    target.contents_add(b"\nQ\n" + content)
    target.add_resource(resource, Name.Font, Name(f"/{FONT}"))


def _add_note(pdf: Pdf, target: PdfPage, notice: str) -> None:
    left, _, _, top = _shown_box(target)
    note = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Text,
        Rect=[left, top - NOTE_SIZE, left + NOTE_SIZE, top],
        Contents=String(printable(notice)),
        Name=Name.Note,
    )
    annotations = target.obj.get(Name.Annots)
    if annotations is None:
        annotations = target.obj[Name.Annots] = Array()
    annotations.append(pdf.make_indirect(note))
