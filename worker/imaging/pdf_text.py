"""PDFium's characters, fonts and pictures of a page, placed in pixels of the page as it is rendered."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import addressof, byref, c_float, c_int
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from worker.imaging.layer_lines import LayerCharacter, lines_of
from worker.imaging.text_layer import Point, Rectangle, TextLayer, turned

MAX_CHARACTERS = 100_000
"""Of one page: the densest newspaper has 20,000; the rest of more is not looked at."""

MAX_OBJECTS = 20_000
"""Objects of one page that are asked whether they are pictures."""

MAX_DEPTH = 4
"""Forms within forms that are looked into for pictures."""

SAMPLED_CHARACTERS = 200
"""Of a page, that show in which direction its text runs."""

INVISIBLE = 3
"""Rendering mode of text that is neither filled nor stroked (ISO 32000-1, 9.3.6): OCR layers use it."""

LEVEL, DIAGONAL, USUAL_HEIGHT = 0.005, 0.2, 1.15
"""Sine up to which text runs along an axis of the page; difference of cosine and sine up to which the box around a
character does not show how wide and high it is; and how high it is then, in sizes of the font."""

ASTRAY = 2.5
"""Sizes of the font from which a character's middle is not on the line of its text."""

LEAST_PICTURE = 0.003
"""Share of the page's area from which a picture may hold text worth reading: icons have less."""

_LINE_END_HYPHEN = "\x02"  # what PDFium gives for it
_DEVICE = 1_000_000  # PDFium maps to whole device pixels; a device this large keeps the fractions


@dataclass(frozen=True)
class _Style:
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


@dataclass
class _Page:
    """A page, and the map from its points to pixels of its picture, which may be cropped and turned."""

    page: Any
    text: Any
    size: Point
    origin: Point
    x: Point
    y: Point
    styles: dict[int, _Style] = field(default_factory=dict)
    orders: dict[int, int] = field(default_factory=dict)
    pictures: list[tuple[int, Rectangle]] = field(default_factory=list)

    def point(self, x: float, y: float) -> Point:
        return self.origin[0] + x * self.x[0] + y * self.y[0], self.origin[1] + x * self.x[1] + y * self.y[1]

    def bounds(self, left: float, bottom: float, right: float, top: float) -> Rectangle:
        (x1, y1), (x2, y2) = self.point(left, top), self.point(right, bottom)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def covers(self, box: Rectangle, order: int) -> bool:
        """Whether a picture is drawn over what an object drew."""
        if not self.pictures:
            return False
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(
            place > order and left <= x <= right and top <= y <= bottom
            for place, (left, top, right, bottom) in self.pictures
        )

    def shows(self, box: Rectangle) -> bool:
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return 0 <= x <= self.size[0] and 0 <= y <= self.size[1]


def read_layer(page: Any, scale: float) -> TextLayer:
    """The text layer of a page; form values and annotations count only where they were drawn into the page before.

    Args:
        page: A ``pypdfium2.PdfPage``; the caller holds PDFium's lock.
        scale: Pixels to the point in which places are given.
    """
    placed, counts = _placed(page, scale), _Counts()
    with _level_text(page) as text:
        if not text:
            return TextLayer()
        placed.text = text
        _find_objects(placed)
        lines = tuple(lines_of(_characters(placed, counts)))
        pictures = tuple(box for _, box in placed.pictures)
        return TextLayer(lines, counts.characters, counts.invisible, counts.unmapped, pictures)


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


def _placed(page: Any, scale: float) -> _Page:
    width, height = (side * scale for side in page.get_size())

    def device(x: float, y: float) -> Point:
        column, row = c_int(), c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, _DEVICE, _DEVICE, 0, x, y, byref(column), byref(row))
        return column.value / _DEVICE * width, row.value / _DEVICE * height

    unit = 100.0  # points: far enough for the device's whole pixels to tell the slope
    origin, right, up = device(0, 0), device(unit, 0), device(0, unit)
    x = ((right[0] - origin[0]) / unit, (right[1] - origin[1]) / unit)
    y = ((up[0] - origin[0]) / unit, (up[1] - origin[1]) / unit)
    return _Page(page, None, (width, height), origin, x, y)


def _characters(page: _Page, counts: _Counts) -> Iterator[LayerCharacter]:
    """Characters that stand on the page, in the order they are drawn."""
    space = made = False
    for index in range(min(pdfium.FPDFText_CountChars(page.text), MAX_CHARACTERS)):
        text = chr(pdfium.FPDFText_GetUnicode(page.text, index))
        if text.isspace():
            generated = bool(pdfium.FPDFText_IsGenerated(page.text, index))
            space, made = space or not generated, made or generated
            continue
        style, box = _style(page, index), _box(page, index)
        if style is None or box is None:
            continue
        level = _levelled(box, style)
        if abs((level[1] + level[3]) / 2 - style.start[1]) > ASTRAY * style.size:
            level = _at_start(style)
        elif not page.shows(box):
            continue
        visible = style.visible and not page.covers(box, style.order)
        counts.characters += visible
        counts.invisible += not visible
        if not _has_meaning(text) or pdfium.FPDFText_HasUnicodeMapError(page.text, index) == 1:
            counts.unmapped += visible
            continue
        yield LayerCharacter(_composed(text), level, style.angle, style.font, style.size, space, made, visible)
        space = made = False


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


def _style(page: _Page, index: int) -> _Style | None:
    """The style of a character's text object; None for characters that PDFium made up."""
    item = pdfium.FPDFText_GetTextObject(page.text, index)
    if not item:
        return None
    key = _address(item)
    if key not in page.styles:
        matrix = pdfium.FS_MATRIX(1, 0, 0, 1, 0, 0)
        pdfium.FPDFText_GetMatrix(page.text, index, byref(matrix))  # FPDFText_GetCharAngle turns the other way round
        dx = matrix.a * page.x[0] + matrix.b * page.y[0]
        dy = matrix.a * page.x[1] + matrix.b * page.y[1]
        visible = pdfium.FPDFTextObj_GetTextRenderMode(item) != INVISIBLE
        font = str(_address(pdfium.FPDFTextObj_GetFont(item)))
        size = max(1.0, pdfium.FPDFText_GetFontSize(page.text, index) * math.hypot(dx, dy))
        angle = round(math.atan2(dy, dx), 3)
        start = turned(page.point(matrix.e, matrix.f), -angle)
        page.styles[key] = _Style(visible, font, size, angle, page.orders.get(key, 0), start)
    return page.styles[key]


def _address(pointer: Any) -> int:
    """What a pointer points at, which tells PDFium's objects of one page apart."""
    return addressof(pointer.contents) if pointer else 0


def _box(page: _Page, index: int) -> Rectangle | None:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(page.text, index, byref(box)):
        return None
    return page.bounds(box.left, box.bottom, box.right, box.top)


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


def _large(page: _Page, box: Rectangle) -> Rectangle | None:
    """What the page shows of a picture; None for one too small to hold text."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[2], page.size[0]), min(box[3], page.size[1])
    large = right > left and bottom > top and (right - left) * (bottom - top) >= LEAST_PICTURE * _area(page)
    return (left, top, right, bottom) if large else None


def _area(page: _Page) -> float:
    return page.size[0] * page.size[1]


def _find_objects(page: _Page) -> None:
    """Note in which order objects are drawn, and where pictures stand; a form that holds one counts whole."""
    for index in range(min(pdfium.FPDFPage_CountObjects(page.page), MAX_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page.page, index)
        page.orders[_address(item)] = index
        if not _is_picture(item, 0):
            continue
        edges = [c_float() for _ in range(4)]
        if not pdfium.FPDFPageObj_GetBounds(item, *map(byref, edges)):
            continue
        left, bottom, right, top = (edge.value for edge in edges)
        if box := _large(page, page.bounds(left, bottom, right, top)):
            page.pictures.append((index, box))


def _is_picture(item: Any, depth: int) -> bool:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth >= MAX_DEPTH:
        return bool(kind == pdfium.FPDF_PAGEOBJ_IMAGE)
    parts = range(min(pdfium.FPDFFormObj_CountObjects(item), MAX_OBJECTS))
    return any(_is_picture(pdfium.FPDFFormObj_GetObject(item, index), depth + 1) for index in parts)
