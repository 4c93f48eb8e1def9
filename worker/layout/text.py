"""From ordered pieces to text."""

from __future__ import annotations

from collections.abc import Sequence


def compose_text(blocks: Sequence[Sequence[Sequence[int]]], texts: Sequence[str]) -> str:
    """The text as a person would read it.

    Args:
        blocks: As :func:`worker.layout.arrange` gives them: blocks of rows of indices.
        texts: What each piece reads, by index; pieces that read nothing leave no trace.

    Returns:
        Pieces of a row joined by a space, rows by a newline, blocks by an empty line.
    """
    written = []
    for block in blocks:
        rows = (" ".join(text for index in row if (text := texts[index].strip())) for row in block)
        written.append("\n".join(row for row in rows if row))
    return "\n\n".join(block for block in written if block)
