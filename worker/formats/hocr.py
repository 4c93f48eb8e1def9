"""hOCR 1.2 as XHTML: pages, blocks, paragraphs, lines and words with their boxes.

A block is an ``ocr_carea`` or, where hOCR has a class for what it is, an element of that class.

Specification: http://kba.github.io/hocr-spec/1.2/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from ocrq import __version__
from ocrq.contracts import Box, Line, Page, Word
from worker.formats.failures import notice_of
from worker.formats.markup import document, element, number
from worker.formats.page_lines import is_right_to_left, words_of
from worker.formats.protocols import PageSources, RenderOptions
from worker.formats.tree import block_lines, members
from worker.geometry import LEVEL, Bounds, angle_of, bounds_of, union

binary = False

DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
CLASSES = {
    "header": "ocr_header",
    "footer": "ocr_footer",
    "page_number": "ocr_pageno",
    "table": "ocr_table",
    "caption": "ocr_caption",
    "figure": "ocr_image",
    "formula": "ocr_math",
}
HEADINGS = {"title": "ocr_title", "heading": "ocr_section"}
"""What a heading's area has in the place of an ``ocr_par``."""

CAPABILITIES = " ".join(
    ("ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf", *CLASSES.values(), *HEADINGS.values())
)


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One XHTML document for all pages.

    A line or word whose place is not known has no ``bbox``; a page that could not be read has no areas but a
    paragraph of class ``ocrx_error`` that says why.
    """
    html = element(None, "html", xmlns="http://www.w3.org/1999/xhtml")
    head = element(html, "head")
    element(head, "title", "OCR result")
    element(head, "meta", **{"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    element(head, "meta", name="ocr-system", content=f"ocrq {__version__}")
    element(head, "meta", name="ocr-capabilities", content=CAPABILITIES)
    element(head, "meta", name="ocr-number-of-pages", content=str(len(pages)))
    body = element(html, "body")
    for page in pages:
        _add_page(body, page)
    return document(html, DOCTYPE)


def _add_page(body: Element, page: Page) -> None:
    title = [f"bbox 0 0 {page.width} {page.height}", f"ppageno {page.page - 1}"]
    if page.dpi:
        title.append(f"scan_res {number(page.dpi)} {number(page.dpi)}")
    node = element(body, "div", class_="ocr_page", id=f"page_{page.page}", title="; ".join(title))
    if notice := notice_of(page):
        element(node, "p", notice, class_="ocrx_error")
        return
    for index, (block, lines) in enumerate(block_lines(page), start=1):
        name = f"{page.page}_{index}"
        area = element(
            node, "div", class_=CLASSES.get(block.type, "ocr_carea"), id=f"block_{name}", title=_bbox(page, [block.box])
        )
        if block.table is None:
            _add_paragraph(area, page, HEADINGS.get(block.type, "ocr_par"), block.box, lines, name)
            continue
        for place, cell in enumerate(block.table.cells, start=1):
            _add_paragraph(area, page, "ocr_par", cell.box, members(page, cell.lines), f"{name}_{place}")


def _add_paragraph(area: Element, page: Page, kind: str, box: Box | None, lines: Sequence[Line], name: str) -> None:
    if not lines:
        return
    title = _bbox(page, [box] if box else (line.box for line in lines))
    reading = "rtl" if is_right_to_left(lines[0].text) else None
    paragraph = element(area, "p", class_=kind, id=f"par_{name}", title=title, dir=reading)
    for place, line in enumerate(lines, start=1):
        _add_line(paragraph, page, line, f"{name}_{place}")


def _add_line(paragraph: Element, page: Page, line: Line, name: str) -> None:
    title = "; ".join(part for part in (_bbox(page, [line.box]), _slope(page, line.box)) if part)
    node = element(paragraph, "span", class_="ocr_line", id=f"line_{name}", title=title or None)
    for index, word in enumerate(words_of(line), start=1):
        title = "; ".join(part for part in (_bbox(page, [word.box]), _confidence(word)) if part)
        element(node, "span", word.text, class_="ocrx_word", id=f"word_{name}_{index}", title=title)


def _bbox(page: Page, boxes: Iterable[Box | None]) -> str | None:
    around = union(bounds_of(box) for box in boxes if box)
    return "bbox {} {} {} {}".format(*_clipped(page, around).whole()) if around else None


def _clipped(page: Page, bounds: Bounds) -> Bounds:
    return bounds.clipped(page.width, page.height)


def _slope(page: Page, box: Box | None) -> str | None:
    """The line's ``baseline`` where it is about level, else its ``textangle`` (counter-clockwise)."""
    if box is None:
        return None
    angle = angle_of(box)
    if abs(angle) > LEVEL:
        return f"textangle {number(-angle % 360)}"
    left, _, _, bottom = _clipped(page, bounds_of(box)).whole()
    slope = math.tan(math.radians(angle))
    start_x, start_y = box[3]
    return f"baseline {number(slope)} {number(start_y + (left - start_x) * slope - bottom)}"


def _confidence(word: Word) -> str:
    return f"x_wconf {round(100 * word.confidence)}"
