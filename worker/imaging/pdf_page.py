"""A page of a PDF: where its points are on its picture, in which order it is drawn, and where it has pictures."""

from __future__ import annotations

from ctypes import addressof, byref, c_float, c_int
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from worker.imaging.text_layer import Point, Rectangle

MAX_OBJECTS = 20_000
"""Objects of one page that are asked whether they are pictures."""

MAX_DEPTH = 4
"""Forms within forms that are looked into for pictures."""

LEAST_PICTURE = 0.003
"""Share of the page's area from which a picture may hold text worth reading: icons have less."""

_DEVICE = 1_000_000  # PDFium maps to whole device pixels; a device this large keeps the fractions


@dataclass
class PlacedPage:
    """A page, and the map from its points to pixels of its picture, which may be cropped and turned."""

    page: Any
    text: Any
    size: Point
    origin: Point
    x: Point
    y: Point
    orders: dict[int, int] = field(default_factory=dict)
    others: list[tuple[int, Any]] = field(default_factory=list)
    pictures: list[tuple[int, Rectangle]] = field(default_factory=list)

    def point(self, x: float, y: float) -> Point:
        """Where a point of the page is on its picture."""
        return self.origin[0] + x * self.x[0] + y * self.y[0], self.origin[1] + x * self.x[1] + y * self.y[1]

    def bounds(self, left: float, bottom: float, right: float, top: float) -> Rectangle:
        """Where an area of the page is on its picture."""
        (x1, y1), (x2, y2) = self.point(left, top), self.point(right, bottom)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.size[0] * self.size[1]

    @property
    def share_of_pictures(self) -> float:
        """Of the area, 0 to 1 where they do not overlap."""
        return sum((box[2] - box[0]) * (box[3] - box[1]) for _, box in self.pictures) / max(self.area, 1.0)

    def covers(self, box: Rectangle, order: int) -> bool:
        """Whether a picture is drawn over what an object drew."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(
            place > order and left <= x <= right and top <= y <= bottom
            for place, (left, top, right, bottom) in self.pictures
        )


def place_page(page: Any, scale: float) -> PlacedPage:
    """The page with the map to its picture, at so many pixels to the point."""
    width, height = (side * scale for side in page.get_size())

    def device(x: float, y: float) -> Point:
        column, row = c_int(), c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, _DEVICE, _DEVICE, 0, x, y, byref(column), byref(row))
        return column.value / _DEVICE * width, row.value / _DEVICE * height

    unit = 100.0  # points: far enough for the device's whole pixels to tell the slope
    origin, right, up = device(0, 0), device(unit, 0), device(0, unit)
    x = ((right[0] - origin[0]) / unit, (right[1] - origin[1]) / unit)
    y = ((up[0] - origin[0]) / unit, (up[1] - origin[1]) / unit)
    return PlacedPage(page, None, (width, height), origin, x, y)


def address_of(pointer: Any) -> int:
    """What a pointer points at, which tells PDFium's objects of one page apart."""
    return addressof(pointer.contents) if pointer else 0


def _large(page: PlacedPage, box: Rectangle) -> Rectangle | None:
    """What the page shows of a picture; None for one too small to hold text."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[2], page.size[0]), min(box[3], page.size[1])
    large = right > left and bottom > top and (right - left) * (bottom - top) >= LEAST_PICTURE * page.area
    return (left, top, right, bottom) if large else None


def find_objects(page: PlacedPage) -> None:
    """Note what is drawn beside text, where pictures stand, and in which order all is drawn where there are some.

    A form that holds a picture counts whole.
    """
    kind_of, text = pdfium.FPDFPageObj_GetType, pdfium.FPDF_PAGEOBJ_TEXT
    items = [
        pdfium.FPDFPage_GetObject(page.page, index)
        for index in range(min(pdfium.FPDFPage_CountObjects(page.page), MAX_OBJECTS))
    ]
    page.others += [(index, item) for index, item in enumerate(items) if kind_of(item) != text]
    for index, item in page.others:
        if not _is_picture(item, 0):
            continue
        edges = [c_float() for _ in range(4)]
        if not pdfium.FPDFPageObj_GetBounds(item, *map(byref, edges)):
            continue
        left, bottom, right, top = (edge.value for edge in edges)
        if box := _large(page, page.bounds(left, bottom, right, top)):
            page.pictures.append((index, box))
    if page.pictures:
        page.orders |= {address_of(item): index for index, item in enumerate(items)}


def _is_picture(item: Any, depth: int) -> bool:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth >= MAX_DEPTH:
        return bool(kind == pdfium.FPDF_PAGEOBJ_IMAGE)
    parts = range(min(pdfium.FPDFFormObj_CountObjects(item), MAX_OBJECTS))
    return any(_is_picture(pdfium.FPDFFormObj_GetObject(item, index), depth + 1) for index in parts)
