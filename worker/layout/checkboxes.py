"""Checkboxes among a page's blocks: lines that begin with a box's mark become blocks of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from worker.layout.text import BOX_CHECKED, BOX_EMPTY, marked_state
from worker.layout.tree import BlockLayout

LABELLED = frozenset(("title", "heading", "text", "list_item", "form", "caption", "footnote"))
"""Types of blocks in which boxes with labels stand."""

_Row = tuple[int, ...]


def with_checkboxes(blocks: Iterable[BlockLayout], texts: Sequence[str]) -> list[BlockLayout]:
    """The blocks, those with lines that begin with a mark divided at them.

    Args:
        blocks: Of a page.
        texts: What each line reads.
    """
    return [part for block in blocks for part in _divided(block, texts)]


def _divided(block: BlockLayout, texts: Sequence[str]) -> Iterator[BlockLayout]:
    members = [index for row in block.rows for index in row]
    if block.type not in LABELLED or not any(texts[index].startswith((BOX_CHECKED, BOX_EMPTY)) for index in members):
        yield block
        return
    begun: list[_Row] = []
    state: bool | None = None
    for row in block.rows:
        pieces = _pieces(row, texts)
        for piece in pieces:
            own = marked_state(texts[piece[0]])
            # What follows a box in a form is another label; in running text its label goes on in the next row.
            ends = own is not None or (state is not None and (block.type == "form" or len(pieces) > 1))
            if begun and ends:
                yield _block(block, begun, state)
                begun, state = [], None
            if own is not None:
                state = own
            begun.append(piece)
    if begun:
        yield _block(block, begun, state)


def _pieces(row: _Row, texts: Sequence[str]) -> list[_Row]:
    """A row's lines, divided before each mark; what stands between a mark and the next is that box's label."""
    pieces: list[_Row] = []
    for index in row:
        if not pieces or marked_state(texts[index]) is not None:
            pieces.append((index,))
        else:
            pieces[-1] = (*pieces[-1], index)
    return pieces


def _block(block: BlockLayout, rows: Sequence[_Row], state: bool | None) -> BlockLayout:
    if state is None:
        return replace(block, rows=tuple(rows))
    return BlockLayout("checkbox", tuple(rows), checked=state)
