"""PDFium's characters, fonts and pictures of a page, placed in pixels of the page as it is rendered."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, byref, c_int, c_void_p, cast
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium

from worker.imaging.layer_lines import LayerCharacter, lines_of
from worker.imaging.pdf_drawing import read_drawing
from worker.imaging.pdf_page import PlacedPage, find_objects, place_page
from worker.imaging.text_layer import Point, Rectangle, TextLayer, turned

MAX_CHARACTERS = 100_000
"""Of one page: the densest newspaper has 20,000; the rest of more is not looked at."""

SAMPLED_CHARACTERS = 200
"""Of a page, that show in which direction its text runs."""

INVISIBLE = 3
"""Rendering mode of text that is neither filled nor stroked (ISO 32000-1, 9.3.6): OCR layers use it."""

LEVEL, DIAGONAL, USUAL_HEIGHT = 0.005, 0.2, 1.15
"""Sine up to which text runs along an axis of the page; difference of cosine and sine up to which the box around a
character does not show how wide and high it is; and how high it is then, in sizes of the font."""

ASTRAY = 2.5
"""Sizes of the font from which a character's middle is not on the line of its text."""

MOST_PICTURES = 0.2
"""Share of the page's area in pictures up to which its ruling lines are those that it draws."""

_LINE_END_HYPHEN = "\x02"  # what PDFium gives for it


class _Style(NamedTuple):
    """What the characters of one text object share."""

    visible: bool
    font: str
    size: float  # of the font, in pixels of the rendered page
    angle: float  # radians clockwise on the rendered page
    order: int  # place of the object among those of the page, which are drawn one over the other
    start: Point  # where the object's text begins, in the frame in which it runs level


@dataclass
class _Counts:
    characters: int = 0
    invisible: int = 0
    unmapped: int = 0


def read_layer(page: Any, scale: float) -> TextLayer:
    """The text layer of a page; form values and annotations count only where they were drawn into the page before.

    Args:
        page: A ``pypdfium2.PdfPage``; the caller holds PDFium's lock.
        scale: Pixels to the point in which places are given.
    """
    placed, counts = place_page(page, scale), _Counts()
    with _level_text(page) as text:
        if not text:
            return TextLayer()
        placed.text = text
        find_objects(placed)
        lines = tuple(lines_of(_characters(placed, counts)))
        pictures = tuple(box for _, box in placed.pictures)
        drawing = None
        if placed.share_of_pictures < MOST_PICTURES:
            drawing = read_drawing([item for _, item in placed.others], placed.point, scale)
        return TextLayer(lines, counts.characters, counts.invisible, counts.unmapped, pictures, drawing)


@contextmanager
def _level_text(page: Any) -> Iterator[Any]:
    """The page's text as PDFium finds it where most of it runs level: else it puts letters in the order of lines."""
    rotation = pdfium.FPDFPage_GetRotation(page)
    text = pdfium.FPDFText_LoadPage(page)
    try:
        quarters = _quarters(text) if text else 0
        if (quarters + rotation) % 4:
            pdfium.FPDFText_ClosePage(text)
            pdfium.FPDFPage_SetRotation(page, -quarters % 4)
            text = pdfium.FPDFText_LoadPage(page)
        yield text
    finally:
        pdfium.FPDFPage_SetRotation(page, rotation)
        if text:
            pdfium.FPDFText_ClosePage(text)


def _quarters(text: Any) -> int:
    """Quarters clockwise in which most characters run on the page before it is rotated."""
    counts = [0, 0, 0, 0]
    matrix = pdfium.FS_MATRIX(1, 0, 0, 1, 0, 0)
    every = pdfium.FPDFText_CountChars(text)
    for index in range(0, every, max(1, every // SAMPLED_CHARACTERS)):
        if not chr(pdfium.FPDFText_GetUnicode(text, index)).isspace():
            pdfium.FPDFText_GetMatrix(text, index, byref(matrix))
            counts[round(-math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4] += 1
    return counts.index(max(counts))


def _characters(page: PlacedPage, counts: _Counts) -> Iterator[LayerCharacter]:
    """Characters that stand on the page, in the order they are drawn."""
    count = max(min(pdfium.FPDFText_CountChars(page.text), MAX_CHARACTERS), 0)
    boxes, has_box = _boxes(page, count)
    object_at, address = _object_at, cast(page.text, c_void_p)
    unicode_at, is_unmapped = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_HasUnicodeMapError
    (width, height), covers = page.size, page.covers if page.pictures else None
    styles: dict[int, _Style] = {}
    space = made = False
    for index in range(count):
        text = chr(unicode_at(page.text, index))
        if text.isspace():
            generated = bool(pdfium.FPDFText_IsGenerated(page.text, index))
            space, made = space or not generated, made or generated
            continue
        key = object_at(address, index)
        if not key or not has_box[index]:
            continue
        if key not in styles:
            styles[key] = _style(page, index, key)
        style, box = styles[key], boxes[index]
        level, is_guessed = box if style.angle == 0 else _levelled(box, style), False
        if abs((level[1] + level[3]) / 2 - style.start[1]) > ASTRAY * style.size:
            level, is_guessed = _at_start(style), True
        elif not (0 <= box[0] + box[2] <= 2 * width and 0 <= box[1] + box[3] <= 2 * height):
            continue
        visible = style.visible and not (covers and covers(box, style.order))
        counts.characters += visible
        counts.invisible += not visible
        shown = _shown(text)
        if not shown or is_unmapped(page.text, index) == 1:
            counts.unmapped += visible
            continue
        yield LayerCharacter(shown, level, style.angle, style.font, style.size, space, made, visible, is_guessed)
        space = made = False


def _unboxed(function: Any, result: Any, *arguments: Any) -> Callable[..., int | None]:
    """PDFium's function with objects' addresses as numbers: a page may have a text object for every character."""
    plain: Callable[..., int | None]
    plain = CFUNCTYPE(result, *arguments)(cast(function, c_void_p).value or 0)
    return plain


_object_at = _unboxed(pdfium.FPDFText_GetTextObject, c_void_p, c_void_p, c_int)
_mode_of = _unboxed(pdfium.FPDFTextObj_GetTextRenderMode, c_int, c_void_p)
_font_of = _unboxed(pdfium.FPDFTextObj_GetFont, c_void_p, c_void_p)


def _boxes(page: PlacedPage, count: int) -> tuple[list[Rectangle], list[bool]]:
    """Where each character stands on the rendered page, and whether that is known."""
    places = (pdfium.FS_RECTF * count)()
    box_of, text = pdfium.FPDFText_GetLooseCharBox, page.text
    known = [bool(box_of(text, index, place)) for index, place in enumerate(places)]
    left, top, right, bottom = np.frombuffer(places, np.float32).reshape(-1, 4).astype(np.float64).T
    xs = [page.origin[0] + x * page.x[0] + y * page.y[0] for x, y in ((left, top), (right, bottom))]
    ys = [page.origin[1] + x * page.x[1] + y * page.y[1] for x, y in ((left, top), (right, bottom))]
    edges = np.minimum(*xs), np.minimum(*ys), np.maximum(*xs), np.maximum(*ys)
    return list(zip(*(edge.tolist() for edge in edges), strict=True)), known


@cache
def _shown(text: str) -> str:
    """A character as it is taken; empty where it has no meaning."""
    return _composed(text) if _has_meaning(text) else ""


def _has_meaning(text: str) -> bool:
    if text == _LINE_END_HYPHEN:
        return True
    return text != "\ufffd" and unicodedata.category(text) not in ("Cc", "Cn", "Co", "Cs")


def _composed(text: str) -> str:
    """Ligatures spelled out, as they are typed, and nothing that would break a line."""
    if text == _LINE_END_HYPHEN:
        return "-"
    if "\ufb00" <= text <= "\ufb06":
        return unicodedata.normalize("NFKC", text)
    return text if unicodedata.category(text) not in ("Cc", "Cs") else "\ufffd"


def _style(page: PlacedPage, index: int, key: int) -> _Style:
    """The style of a character's text object, which is at an address."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(page.text, index, byref(matrix))  # FPDFText_GetCharAngle turns the other way round
    dx = matrix.a * page.x[0] + matrix.b * page.y[0]
    dy = matrix.a * page.x[1] + matrix.b * page.y[1]
    visible = _mode_of(key) != INVISIBLE
    font = str(_font_of(key) or 0)
    size = max(1.0, pdfium.FPDFText_GetFontSize(page.text, index) * math.hypot(dx, dy))
    angle = round(math.atan2(dy, dx), 3)
    start = page.point(matrix.e, matrix.f)
    return _Style(visible, font, size, angle, page.orders.get(key, 0), turned(start, -angle) if angle else start)


def _at_start(style: _Style) -> Rectangle:
    """About where a ligature stands that is an object of its own; in forms PDFium has some of them far away."""
    x, y = style.start
    return x, y - 0.8 * style.size, x + 0.6 * style.size, y + 0.2 * style.size


def _levelled(box: Rectangle, style: _Style) -> Rectangle:
    """A character's box in the frame in which its text runs level; ``box`` is around it as it stands on the page."""
    if style.angle == 0:
        return box
    x, y = turned(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), -style.angle)
    width, height = box[2] - box[0], box[3] - box[1]
    cos, sin = abs(math.cos(style.angle)), abs(math.sin(style.angle))
    if cos < sin:
        width, height, cos, sin = height, width, sin, cos
    if sin > LEVEL:
        if cos - sin > DIAGONAL:
            width, height = (
                (width * cos - height * sin) / (cos**2 - sin**2),
                (height * cos - width * sin) / (cos**2 - sin**2),
            )
        else:
            width, height = (width - USUAL_HEIGHT * style.size * sin) / cos, USUAL_HEIGHT * style.size
        width, height = max(width, 0.0), max(height, 1.0)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2
