"""Straight lines and filled areas that a PDF page draws, placed in pixels of the page as it is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import byref, c_float, c_int
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from worker.imaging.text_layer import Drawing, Point, Rectangle

MOST_OBJECTS, MOST_POINTS = 6000, 8000
"""Of a page whose drawing is followed; charts and maps of more are looked at on the picture."""

MAX_DEPTH = 4
"""Forms within forms."""

STRAIGHT = 0.75
"""Pixels by which the ends of a level or upright line may be off its axis."""

THICKEST, LONGER = 8.0, 2.0
"""Pixels of the thickest line, and how many times as long as thick one is; other areas are fills."""

Matrix = tuple[float, float, float, float, float, float]
Place = Callable[[float, float], Point]


class _TooMuch(Exception):
    """The page draws more than is followed."""


@dataclass
class _Found:
    place: Place
    pixels_per_point: float
    level: list[Rectangle] = field(default_factory=list)
    upright: list[Rectangle] = field(default_factory=list)
    fills: list[Rectangle] = field(default_factory=list)
    has_more: bool = False
    objects: int = 0
    points: int = 0

    def add(self, box: Rectangle) -> None:
        """An area by its bounds."""
        width, height = box[2] - box[0], box[3] - box[1]
        if height <= THICKEST and width >= LONGER * height:
            self.level.append(box)
        elif width <= THICKEST and height >= LONGER * width:
            self.upright.append(box)
        elif min(width, height) > THICKEST:
            self.fills.append(box)
        else:
            self.has_more = True

    def add_stroke(self, start: Point, end: Point, thickness: float) -> None:
        """A stroke from one point to another."""
        half = max(thickness, 1.0) / 2
        (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
        if y1 - y0 <= STRAIGHT and x1 - x0 > STRAIGHT:
            self.add((x0, (y0 + y1) / 2 - half, x1, (y0 + y1) / 2 + half))
        elif x1 - x0 <= STRAIGHT and y1 - y0 > STRAIGHT:
            self.add(((x0 + x1) / 2 - half, y0, (x0 + x1) / 2 + half, y1))
        else:
            self.has_more = True


def read_drawing(items: Sequence[Any], place: Place, pixels_per_point: float) -> Drawing | None:
    """What a page draws beside text and large pictures.

    Args:
        items: PDFium's objects on the page; the caller holds its lock.
        place: From points of the page to pixels.
        pixels_per_point: The scale of that.

    Returns:
        None where the page draws so much that it is better looked at.
    """
    found = _Found(place, pixels_per_point)
    try:
        _follow(found, items, (1, 0, 0, 1, 0, 0), 0)
    except _TooMuch:
        return None
    return Drawing(tuple(found.level), tuple(found.upright), tuple(found.fills), found.has_more)


def _follow(found: _Found, items: Iterable[Any], outer: Matrix, depth: int) -> None:
    for item in items:
        found.objects += 1
        if found.objects > MOST_OBJECTS:
            raise _TooMuch
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            _add_path(found, item, _times(_matrix(item), outer))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            count = pdfium.FPDFFormObj_CountObjects(item)
            parts = (pdfium.FPDFFormObj_GetObject(item, index) for index in range(count))
            _follow(found, parts, _times(_matrix(item), outer), depth + 1)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            _add_image(found, _times(_matrix(item), outer))
        elif kind != pdfium.FPDF_PAGEOBJ_TEXT:
            found.has_more = True


def _add_image(found: _Found, matrix: Matrix) -> None:
    """An image may be drawn as a line."""
    corners = [_at(found, matrix, x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))]
    box = _bounds(corners)
    if min(box[2] - box[0], box[3] - box[1]) <= THICKEST:
        found.add(box)
    else:
        found.has_more = True


def _add_path(found: _Found, item: Any, matrix: Matrix) -> None:
    fill, stroke = c_int(), c_int()
    pdfium.FPDFPath_GetDrawMode(item, byref(fill), byref(stroke))
    if not fill.value and not stroke.value:
        return
    width = c_float()
    pdfium.FPDFPageObj_GetStrokeWidth(item, byref(width))
    scale = max(abs(matrix[0]) + abs(matrix[1]), abs(matrix[2]) + abs(matrix[3])) * found.pixels_per_point
    clip = _clip(found, item, matrix) if fill.value else None
    for points, is_curved in _parts(found, item, matrix):
        if fill.value and len(points) > 2:
            found.add(_within(_bounds(points), clip))
        if stroke.value:
            for start, end in zip(points[:-1], points[1:], strict=True):
                found.add_stroke(start, end, width.value * scale)
        found.has_more = found.has_more or is_curved


def _parts(found: _Found, item: Any, matrix: Matrix) -> Iterator[tuple[list[Point], bool]]:
    """The corners of each part of a path, and whether some of it is curved."""
    count = pdfium.FPDFPath_CountSegments(item)
    found.points += count
    if found.points > MOST_POINTS:
        raise _TooMuch
    points: list[Point] = []
    is_curved = False
    x, y = c_float(), c_float()
    at_x, at_y = byref(x), byref(y)
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, at_x, at_y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO and points:
            yield points, is_curved
            points, is_curved = [], False
        is_curved = is_curved or kind == pdfium.FPDF_SEGMENT_BEZIERTO
        points.append(_at(found, matrix, x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if points:
        yield points, is_curved


def _clip(found: _Found, item: Any, matrix: Matrix) -> Rectangle | None:
    """The bounds of what is seen of an object; None where all of it is."""
    clip = pdfium.FPDFPageObj_GetClipPath(item)
    paths = pdfium.FPDFClipPath_CountPaths(clip) if clip else 0
    box: Rectangle | None = None
    x, y = c_float(), c_float()
    for path in range(max(paths, 0)):
        corners = []
        for index in range(max(pdfium.FPDFClipPath_CountPathSegments(clip, path), 0)):
            segment = pdfium.FPDFClipPath_GetPathSegment(clip, path, index)
            pdfium.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
            corners.append(_at(found, (1, 0, 0, 1, 0, 0), x.value, y.value))
        found.points += len(corners)
        if corners:
            box = _within(_bounds(corners), box)
    return box


def _matrix(item: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX(1, 0, 0, 1, 0, 0)
    pdfium.FPDFPageObj_GetMatrix(item, byref(matrix))
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        e * then[0] + f * then[2] + then[4],
        e * then[1] + f * then[3] + then[5],
    )


def _at(found: _Found, matrix: Matrix, x: float, y: float) -> Point:
    a, b, c, d, e, f = matrix
    return found.place(a * x + c * y + e, b * x + d * y + f)


def _bounds(points: list[Point]) -> Rectangle:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _within(box: Rectangle, other: Rectangle | None) -> Rectangle:
    if other is None:
        return box
    left, top = max(box[0], other[0]), max(box[1], other[1])
    return left, top, max(left, min(box[2], other[2])), max(top, min(box[3], other[3]))
