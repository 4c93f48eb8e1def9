"""Items of lists: their markers, and how deep they are nested."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.geometry import Bounds

_BULLET = re.compile(r"[•‣◦▪▫■□●○◆◇►▸➢➤✓✔·∙–—*-](?=\s|$)\s*|[•▪■●◆►➢➤✓✔](?=\S)")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$|[^\W\d])\s*")

INDENT_HEIGHTS = 0.8
"""An item that begins further right than the one above, in heights of its row, is nested in it."""


@dataclass(frozen=True)
class Marker:
    """What stands before an item.

    Attributes:
        number: Of a numbered one.
        delimiter: The point or bracket behind the number.
    """

    number: int | None = None
    delimiter: str = "."


BULLET = Marker()


def split_marker(text: str) -> tuple[Marker, str]:
    """An item's marker and what it says.

    Markers that Markdown does not know, "(a)" and "iv." say, stay with the text behind a bullet of its own.
    """
    if found := _NUMBER.match(text):
        return Marker(int(found[1]), found[2]), text[found.end() :]
    if found := _BULLET.match(text):
        return BULLET, text[found.end() :]
    return BULLET, text


class Nesting:
    """How deep items of one list are nested, by where they begin."""

    def __init__(self) -> None:
        self._lefts: list[float] = []

    def depth(self, bounds: Bounds | None, height: float) -> int:
        """Of the next item, from 0.

        Args:
            bounds: Of it, on the page turned upright; one without is nested as the one before it is.
            height: Of its first row.
        """
        if bounds is None:
            return max(0, len(self._lefts) - 1)
        slack = INDENT_HEIGHTS * height
        while self._lefts and bounds.left < self._lefts[-1] - slack:
            self._lefts.pop()
        if not self._lefts or bounds.left > self._lefts[-1] + slack:
            self._lefts.append(bounds.left)
        return len(self._lefts) - 1

    def reset(self) -> None:
        """A list ends, or goes on in another column."""
        self._lefts.clear()
