"""The text that a PDF page itself carries, as lines with the places of their characters."""

from __future__ import annotations

import json
import math
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the rendered page."""

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class LayerLine:
    """A line of the layer.

    Attributes:
        text: With single spaces between words.
        corners: Clockwise from the text's own top left, in pixels of the rendered page.
        spans: One ``(left, right)`` per character of ``text``, in shares of the line's width.
        font: Of its first character.
        visible: Whether it is seen.
    """

    text: str
    corners: tuple[Point, Point, Point, Point]
    spans: tuple[tuple[float, float], ...]
    font: str
    visible: bool = True


@dataclass(frozen=True)
class Drawing:
    """Lines and areas that a page draws, by their bounds.

    Attributes:
        level: Lines.
        upright: Lines.
        fills: Larger areas.
        has_more: Whether there is something else: curves, shades, small pictures.
    """

    level: tuple[Rectangle, ...] = ()
    upright: tuple[Rectangle, ...] = ()
    fills: tuple[Rectangle, ...] = ()
    has_more: bool = False


@dataclass(frozen=True)
class TextLayer:
    """What a page carries.

    Attributes:
        lines: Text inside the page, in the order it is drawn.
        characters: Visible ones, spaces not counted.
        invisible: Characters drawn invisibly or under a picture, as another program's OCR is.
        unmapped: Visible characters without a meaning of their own, no Unicode or private use; lines leave them out.
        pictures: Where pictures stand that may hold text.
        drawing: What else is drawn; None where it is not known.
    """

    lines: tuple[LayerLine, ...] = ()
    characters: int = 0
    invisible: int = 0
    unmapped: int = 0
    pictures: tuple[Rectangle, ...] = ()
    drawing: Drawing | None = None

    def to_bytes(self) -> bytes:
        """For another process: JSON, and after it all coordinates as numbers of eight bytes."""
        drawing = self.drawing
        parts = {
            "lines": [(line.text, line.font, line.visible) for line in self.lines],
            "counts": (self.characters, self.invisible, self.unmapped),
            "pictures": len(self.pictures),
            "drawing": drawing and (len(drawing.level), len(drawing.upright), len(drawing.fills), drawing.has_more),
        }
        text = json.dumps(parts).encode()
        numbers = array("d")
        for line in self.lines:
            numbers.extend(chain.from_iterable(line.corners))
            numbers.extend(chain.from_iterable(line.spans))
        boxes = [*self.pictures, *(drawing.level + drawing.upright + drawing.fills if drawing else ())]
        numbers.extend(chain.from_iterable(boxes))
        return _LENGTH.pack(len(text)) + text + numbers.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> TextLayer:
        """The inverse of :meth:`to_bytes`.

        Raises:
            IndexError, KeyError, TypeError, ValueError, struct.error: It is not.
        """
        (length,) = _LENGTH.unpack_from(data)
        parts = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        numbers = array("d")
        numbers.frombytes(data[_LENGTH.size + length :])
        if not all(map(math.isfinite, numbers)):
            raise ValueError("not a coordinate")
        given = iter(zip(numbers[::2], numbers[1::2], strict=True))
        lines = tuple(_taken_line(given, *line) for line in parts["lines"])
        characters, invisible, unmapped = map(int, parts["counts"])
        pictures = _taken_boxes(given, parts["pictures"])
        drawing = None
        if parts["drawing"] is not None:
            *counts, has_more = parts["drawing"]
            level, upright, fills = (_taken_boxes(given, count) for count in counts)
            drawing = Drawing(level, upright, fills, bool(has_more))
        if next(given, None) is not None:
            raise ValueError("too many coordinates")
        return cls(lines, characters, invisible, unmapped, pictures, drawing)


def _taken_line(given: Iterator[Point], text: str, font: str, visible: bool) -> LayerLine:
    if not isinstance(text, str):
        raise TypeError("not a text")
    a, b, c, d = islice(given, 4)
    spans = tuple(islice(given, len(text)))
    if len(spans) < len(text):
        raise ValueError("not a line")
    return LayerLine(text, (a, b, c, d), spans, str(font), bool(visible))


def _taken_boxes(given: Iterator[Point], count: int) -> tuple[Rectangle, ...]:
    corners = list(islice(given, 2 * count))
    if len(corners) < 2 * count:
        raise ValueError("not a box")
    return tuple((*first, *last) for first, last in zip(corners[::2], corners[1::2], strict=True))


def turned(point: Point, radians: float) -> Point:
    """A point turned clockwise, as the page is seen, about the page's top left corner."""
    cos, sin = math.cos(radians), math.sin(radians)
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos
