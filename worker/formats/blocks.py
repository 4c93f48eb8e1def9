"""Which lines of a page belong together: rows of a table or form, and paragraphs.

The order given is the reading order and is kept; only neighbours in it are joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ocrq.contracts import Box, Line, Page
from worker.formats.geometry import Bounds, bounds_of, common_angle, turned_back
from worker.formats.pieces import lines_of

SAME_ROW = 0.5  # shares of the lower line's height that must overlap
PARAGRAPH_GAP = 0.7  # line heights between lines; above it a new paragraph begins (ordinary leading is .2 to .5)
PARAGRAPH_OVERLAP = 0.5  # line heights that boxes of neighbouring lines may overlap: detectors draw them generously


class Placed(Protocol):
    """Anything with a place on the page, turned upright; None where it is not known."""

    @property
    def bounds(self) -> Bounds | None:
        """Pixels, after the turn."""
        ...


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True)
class PlacedLine:
    """A line and where it would stand if the page's text were level."""

    line: Line
    bounds: Bounds | None


def placed_lines(page: Page) -> list[PlacedLine]:
    """The page's lines in reading order, the common angle of its text taken out of their places."""
    degrees = text_angle(page)
    return [PlacedLine(line, upright_bounds(line.box, degrees)) for line in lines_of(page)]


def text_angle(page: Page) -> float:
    """Degrees clockwise by which the page's text is turned, from its lines' boxes; without any, as the page says."""
    angle = common_angle(line.box for line in page.lines if line.box)
    return page.angle if angle is None else angle


def upright_bounds(box: Box | None, degrees: float) -> Bounds | None:
    """Bounds of a box after its page was turned back by ``degrees``; None for no box."""
    return bounds_of(turned_back(box, degrees)) if box else None


def rows(parts: Sequence[P]) -> list[list[P]]:
    """Join neighbours that stand side by side, left to right."""
    return _joined(parts, lambda row, part: _beside(row[-1].bounds, part.bounds))


def paragraphs(parts: Sequence[P]) -> list[list[P]]:
    """Join neighbours that stand side by side, or below one another without a gap; all without a place are joined."""
    return _joined(parts, _continues)


def _joined(parts: Sequence[P], together: Callable[[Sequence[Placed], Placed], bool]) -> list[list[P]]:
    groups: list[list[P]] = []
    for part in parts:
        if groups and together(groups[-1], part):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _beside(before: Bounds | None, after: Bounds | None) -> bool:
    if before is None or after is None:
        return False
    shared = min(before.bottom, after.bottom) - max(before.top, after.top)
    return shared >= SAME_ROW * min(before.height, after.height) and after.left >= (before.left + before.right) / 2


def _continues(group: Sequence[Placed], part: Placed) -> bool:
    last, this = group[-1].bounds, part.bounds
    if last is None or this is None:
        return last is this
    if _beside(last, this):
        return True
    placed = [other.bounds for other in group if other.bounds]
    left, right = min(bounds.left for bounds in placed), max(bounds.right for bounds in placed)
    gap = (this.top - last.bottom) / max(min(last.height, this.height), 1)
    return this.left < right and this.right > left and -PARAGRAPH_OVERLAP <= gap <= PARAGRAPH_GAP
