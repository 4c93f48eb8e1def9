"""Lists in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from worker.formats import escaping
from worker.formats.elements import Element
from worker.formats.lists import BULLET, Marker


@dataclass(frozen=True)
class _Open:
    """The last item of a list that may go on: its marker, and where what is nested in it begins."""

    marker: Marker
    column: int


class ListWriter:
    """Collects items that follow each other, and writes them as one block.

    A number that does not follow the one above it is written as a paragraph: Markdown counts for itself.
    """

    def __init__(self) -> None:
        self._blocks: list[list[str]] = []
        self._open: list[_Open] = []

    def add(self, element: Element) -> None:
        """The next item."""
        marker = element.marker or BULLET
        depth = min(element.level, len(self._open))
        before = self._open[depth].marker if depth < len(self._open) else None
        del self._open[depth:]
        if before and _breaks(before, marker):
            self._open.clear()
            number = f"{marker.number}{marker.delimiter} "
            first, *others = element.lines
            self._blocks += [escaping.paragraph([number + first, *others]), []]
            return
        written = "-" if marker.number is None else f"{marker.number}{marker.delimiter}"
        margin = self._open[-1].column if self._open else 0
        self._open.append(_Open(marker, margin + len(written) + 1))
        first, *others = escaping.item(element.lines)
        lines = [f"{' ' * margin}{written} {first}".rstrip()]
        lines += [f"{' ' * self._open[-1].column}{other}" for other in others]
        goes_on = before is not None and before.number is not None
        if marker.number not in (None, 1) and not goes_on and self._blocks:
            self._blocks.append([])  # such a number begins a list behind an empty line only
        if not self._blocks:
            self._blocks.append([])
        self._blocks[-1] += ["  \n".join(lines)]

    def written(self) -> Iterator[str]:
        """The blocks so far, which are then done with."""
        blocks, self._blocks = self._blocks, []
        self._open.clear()
        yield from ("\n".join(block) for block in blocks if block)


def _breaks(before: Marker, marker: Marker) -> bool:
    """Whether an item's number would be shown as another one behind the item before it."""
    if before.number is None or marker.number is None or before.delimiter != marker.delimiter:
        return False
    return marker.number != before.number + 1
