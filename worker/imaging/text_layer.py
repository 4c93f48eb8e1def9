"""The text that a PDF page itself carries, as lines with the places of their characters."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the rendered page."""

NEW_LINE_GAP = 1.0
"""Heights of white between two characters from which they stand on two lines: in two columns, or two cells."""

OFF_LINE = 0.5
"""Heights that a character's middle may stand off that of the one before it; superscripts stand about .35 off."""

SAME_ANGLE = 0.01
"""Radians by which the characters of a line may differ."""

WORD_GAP, WIDE_WORD_GAP = 0.25, 0.9
"""Heights of white that part two words where the page carries no space; and two Chinese or Japanese characters, whose
ink may be much narrower than their place."""


@dataclass(frozen=True)
class LayerCharacter:
    """A visible character.

    Attributes:
        text: One character, or the letters of a ligature.
        box: In a frame that is turned by ``-angle`` about the page's corner, so that its text runs level.
        angle: Radians clockwise on the rendered page in which its text runs.
        font: Tells fonts of the page apart.
        space_before: Whether the page carries a space before it.
        visible: Whether it is seen: neither drawn invisibly nor covered by a picture.
    """

    text: str
    box: Rectangle
    angle: float
    font: str
    space_before: bool = False
    visible: bool = True


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
        return asdict(self)

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


def lines_of(characters: Iterable[LayerCharacter]) -> Iterator[LayerLine]:
    """Join characters that follow one another on a line.

    Args:
        characters: In the order they are drawn.
    """
    line: list[LayerCharacter] = []
    for character in characters:
        if line and not _follows(line[-1], character):
            yield _line(line)
            line = []
        line.append(character)
    if line:
        yield _line(line)


def _follows(before: LayerCharacter, after: LayerCharacter) -> bool:
    if abs(before.angle - after.angle) > SAME_ANGLE or before.visible != after.visible:
        return False
    height = max(_height(before), _height(after), 1.0)
    gap = after.box[0] - before.box[2]
    off = abs((before.box[1] + before.box[3]) - (after.box[1] + after.box[3])) / 2
    return off <= OFF_LINE * height and -height <= gap <= NEW_LINE_GAP * height


def _height(character: LayerCharacter) -> float:
    return character.box[3] - character.box[1]


def _line(characters: Sequence[LayerCharacter]) -> LayerLine:
    left, right = min(one.box[0] for one in characters), max(one.box[2] for one in characters)
    top, bottom = min(one.box[1] for one in characters), max(one.box[3] for one in characters)
    width = max(right - left, 1e-6)
    text, spans = "", list[tuple[float, float]]()
    before: LayerCharacter | None = None
    for one in characters:
        if before is not None and _parted(before, one):
            text += " "
            spans.append(_share(before.box[2], one.box[0], left, width))
        text += one.text
        step = (one.box[2] - one.box[0]) / len(one.text)
        edges = [one.box[0] + step * index for index in range(len(one.text) + 1)]
        spans += [_share(low, high, left, width) for low, high in zip(edges, edges[1:], strict=False)]
        before = one
    angle = characters[0].angle
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    a, b, c, d = (turned(corner, angle) for corner in corners)
    return LayerLine(text, (a, b, c, d), tuple(spans), characters[0].font, characters[0].visible)


def _parted(before: LayerCharacter, after: LayerCharacter) -> bool:
    least = WIDE_WORD_GAP if _is_wide(before.text[-1]) and _is_wide(after.text[0]) else WORD_GAP
    return after.space_before or after.box[0] - before.box[2] > least * max(_height(before), _height(after))


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _share(low: float, high: float, left: float, width: float) -> tuple[float, float]:
    first, last = sorted(min(max((edge - left) / width, 0.0), 1.0) for edge in (low, high))
    return round(first, 5), round(last, 5)


def turned(point: Point, radians: float) -> Point:
    """A point turned clockwise, as the page is seen, about the page's top left corner."""
    cos, sin = math.cos(radians), math.sin(radians)
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos
