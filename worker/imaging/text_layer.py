"""The text that a PDF page itself carries, as lines with the places of their characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the rendered page."""


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
class TextLayer:
    """What a page carries.

    Attributes:
        lines: Text inside the page, in the order it is drawn.
        characters: Visible ones, spaces not counted.
        invisible: Characters drawn invisibly or under a picture, as another program's OCR is.
        unmapped: Visible characters without a meaning of their own, no Unicode or private use; lines leave them out.
        pictures: Where pictures stand that may hold text.
    """

    lines: tuple[LayerLine, ...] = ()
    characters: int = 0
    invisible: int = 0
    unmapped: int = 0
    pictures: tuple[Rectangle, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**vars(self), "lines": [vars(line) for line in self.lines]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextLayer:
        """The inverse of :meth:`to_json`.

        Raises:
            KeyError, TypeError, ValueError: It is not.
        """
        return cls(
            lines=tuple(_line_from_json(line) for line in data["lines"]),
            characters=int(data["characters"]),
            invisible=int(data["invisible"]),
            unmapped=int(data["unmapped"]),
            pictures=tuple(_rectangle(box) for box in data["pictures"]),
        )


def _line_from_json(data: Mapping[str, Any]) -> LayerLine:
    a, b, c, d = map(_pair, data["corners"])
    text, spans = str(data["text"]), tuple(map(_pair, data["spans"]))
    if len(spans) != len(text):
        raise ValueError("not a line")
    return LayerLine(text, (a, b, c, d), spans, str(data["font"]), bool(data["visible"]))


def _pair(values: Iterable[Any]) -> tuple[float, float]:
    first, second = map(_finite, values)
    return first, second


def _rectangle(values: Iterable[Any]) -> Rectangle:
    left, top, right, bottom = map(_finite, values)
    return left, top, right, bottom


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a coordinate")
    return number


def turned(point: Point, radians: float) -> Point:
    """A point turned clockwise, as the page is seen, about the page's top left corner."""
    cos, sin = math.cos(radians), math.sin(radians)
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos
