"""Which rows of a block run on, and which end where they end on the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from worker.formats.hyphens import Joiner
from worker.formats.page_lines import columns_of
from worker.formats.tree import Row

MIN_PROSE = 2
"""Rows of a block, apart from the last, of which more than half must run on for the block to be running text."""

SHORT_LINE = 24
"""Characters, Chinese ones twice; a shorter row that ends a line in the middle of nothing may be one of an address."""

SENTENCE_END = (".", "!", "?", ":", ";", "…", "。", "！", "？", "：", "；")
CLOSING = "\"'”’»)]）」』】"


def paragraph(rows: Sequence[Row], joiner: Joiner) -> tuple[str, ...]:
    """The lines of a block, running text put on one.

    Args:
        rows: At least one.
        joiner: Of the document.
    """
    ends = _kept_ends(rows)
    lines = [rows[0].text]
    for row, ended in zip(rows[1:], ends, strict=True):
        if ended:
            lines.append(row.text)
        else:
            lines[-1] = joiner.join(lines[-1], row.text)
    return tuple(lines)


def run_on(rows: Sequence[Row], joiner: Joiner) -> str:
    """All rows on one line."""
    text = ""
    for row in rows:
        text = joiner.join(text, row.text) if text else row.text
    return text


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, or as a line that announces a list or a formula."""
    return text.rstrip().rstrip(CLOSING).endswith(SENTENCE_END)


def _kept_ends(rows: Sequence[Row]) -> list[bool]:
    """For each row but the last, whether the one below it begins a new line.

    A row of running text ends where the next word had no room: where it had, the end is meant. A block half of whose
    ends are meant is not running text at all: an address, a poem, a list of names.
    """
    if any(row.bounds is None for row in rows):
        return [False] * (len(rows) - 1)
    right = max(row.bounds.right for row in rows if row.bounds)
    meant = [_has_room(above, below, right) for above, below in pairwise(rows)]
    if len(meant) >= MIN_PROSE and sum(meant) * 2 >= len(meant):
        return [not _unfinished(above.text, below.text) for above, below in pairwise(rows)]
    if len(meant) < MIN_PROSE:
        short = [
            columns_of(above.text) < SHORT_LINE and not _unfinished(above.text, below.text)
            for above, below in pairwise(rows)
        ]
        return [one or other for one, other in zip(meant, short, strict=True)]
    return meant


def _has_room(above: Row, below: Row, right: float) -> bool:
    if above.bounds is None or below.bounds is None:
        return False
    if _unfinished(above.text, below.text):
        return False
    word = below.text.split()[0]
    character = above.bounds.width / max(1, len(above.text))
    return right - above.bounds.right > (len(word) + 1) * character + above.bounds.height / 2


def _unfinished(above: str, below: str) -> bool:
    """Whether a line goes on below it for its words' sake: a hyphen, a comma or a small letter."""
    return above.endswith(("-", ",", "\N{HYPHEN}", "\N{SOFT HYPHEN}")) or below[:1].islower()
