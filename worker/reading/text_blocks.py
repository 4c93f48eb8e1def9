"""The blocks of a text that a model wrote for a whole page: what stands between its empty lines.

Models that write markup have more to say; their parser gives its own blocks in the place of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from worker.layout.tree import BlockLayout


def blocks_of_text(text: str, rows: Sequence[int]) -> tuple[BlockLayout, ...]:
    """The text's paragraphs.

    Args:
        text: Of the whole page, rows separated by newlines.
        rows: For each line of the page, ascending, the row of the text on which it begins.
    """
    paragraph, paragraphs = 0, []
    for row in text.split("\n"):
        paragraph += not row.strip()
        paragraphs.append(paragraph)
    of_line = [paragraphs[min(row, len(paragraphs) - 1)] for row in rows]
    blocks = groupby(range(len(rows)), key=lambda line: of_line[line])
    return tuple(
        BlockLayout("text", tuple(tuple(row) for _, row in groupby(lines, key=lambda line: rows[line])))
        for _, lines in blocks
    )
