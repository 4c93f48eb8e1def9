"""The page selection `1-3,7,9-`: parsed, bounded, checked."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

_PART = re.compile(r"\s*(\d{1,18})\s*(?:(-)\s*(\d{1,18})?\s*)?")
PATTERN = r"^\s*\d{1,18}\s*(-\s*(\d{1,18}\s*)?)?(,\s*\d{1,18}\s*(-\s*(\d{1,18}\s*)?)?)*$"
MAX_CHARACTERS = 1000


def parse_pages(selection: str) -> list[tuple[int, int | None]]:
    """Split a selection into inclusive ranges.

    Args:
        selection: Comma-separated page numbers and ranges, from 1, e.g. ``"1-3,7,9-"``.

    Returns:
        ``(first, last)`` pairs in the order given, ``1 <= first <= last``; None is the document's last page.

    Raises:
        ValueError: The text is not a selection; the message says the remedy.
    """
    if len(selection) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS} characters; use ranges, like '1-3,7'")
    ranges: list[tuple[int, int | None]] = []
    for part in selection.split(","):
        match = _PART.fullmatch(part)
        if not match:
            raise ValueError(f"has {part.strip()!r}, which is not a page or range; write it like '1-3,7'")
        first = int(match[1])
        last = int(match[3]) if match[3] else None if match[2] else first
        if not 1 <= first <= (last or first):
            raise ValueError(f"has {part.strip()!r}; pages count from 1 and a range goes upwards, like '1-3,7'")
        ranges.append((first, last))
    return ranges


def selected_pages(selection: str | None, count: int) -> list[int]:
    """The page numbers a selection picks from a document, ascending, each once; what is past its end is left out.

    Args:
        selection: As for :func:`parse_pages`; ``None`` picks all.
        count: Pages of the document, at least 1.

    Raises:
        ValueError: The selection picks no page that the document has.
    """
    if selection is None:
        return list(range(1, count + 1))
    ranges = parse_pages(selection)
    picked = {page for first, last in ranges for page in range(first, min(last or count, count) + 1)}
    if not picked:
        first = min(first for first, _ in ranges)
        raise ValueError(f"asks for pages from {first} on, and the document has {count}; ask for pages 1 to {count}")
    return sorted(picked)


def clipping_warning(selection: str | None, last_read: int) -> str | None:
    """The warning that a selection reached past the document's end; None where it did not.

    Args:
        selection: As for :func:`parse_pages`.
        last_read: The last page that it picked.
    """
    last = max(last or first for first, last in parse_pages(selection)) if selection else 0
    return (
        f"pages asks for page {last}, which the document does not have; it was left out" if last > last_read else None
    )


def _check(selection: str) -> str:
    parse_pages(selection)
    return selection


PageSelection = Annotated[
    str,
    AfterValidator(_check),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "maxLength": MAX_CHARACTERS, "examples": ["1-3,7", "2-"]}),
]
