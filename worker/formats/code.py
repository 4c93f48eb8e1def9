"""Program text: its rows with the indentation they have on the page."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from worker.formats.tree import Row

MAX_INDENT = 40
"""Characters; more is a mistake of the places."""


def indented(rows: Sequence[Row]) -> tuple[str, ...]:
    """The rows' texts, each indented by as many characters as it begins to the right of the leftmost."""
    places = [row.bounds for row in rows if row.bounds]
    if len(places) < len(rows):
        return tuple(row.text for row in rows)
    character = median(row.bounds.width / max(1, len(row.text)) for row in rows if row.bounds)
    left = min(place.left for place in places)
    return tuple(
        " " * min(MAX_INDENT, round((place.left - left) / max(character, 1.0))) + row.text
        for row, place in zip(rows, places, strict=True)
    )
