"""Receipts and other long pages: laid out part by part, for a part looks like the pages that the layout knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from worker.layout.tree import BlockLayout, CellLayout, LayoutLine, LayoutWord
from worker.page import Pixels, Quad

LONG, PART = 3.0, 1.6
"""Height over width from which a page is laid out in parts, and of a part."""

Rows = tuple[tuple[int, ...], ...]


def parts_of(lines: Sequence[LayoutLine], pixels: Pixels | None) -> list[tuple[int, int]]:
    """Top and bottom of the parts of a page: one where it is not long.

    Args:
        lines: Of the page.
        pixels: The page; without, it is taken whole.
    """
    if pixels is None or pixels.shape[0] < LONG * pixels.shape[1]:
        return [(0, 0 if pixels is None else pixels.shape[0])]
    height, step = pixels.shape[0], round(PART * pixels.shape[1])
    free = np.ones(height, np.bool_)
    for line in lines:
        top, bottom = (int(np.clip(value, 0, height)) for value in (line.quad[:, 1].min(), line.quad[:, 1].max()))
        free[top:bottom] = False
    rows, cuts = np.flatnonzero(free), [0]
    while height - cuts[-1] > 1.5 * step:
        near = rows[(rows > cuts[-1] + step / 2) & (rows < cuts[-1] + 1.5 * step)]
        wanted = cuts[-1] + step
        cuts.append(int(near[np.argmin(np.abs(near - wanted))]) if len(near) else wanted)
    return list(zip(cuts, [*cuts[1:], height], strict=True))


def members_of(lines: Sequence[LayoutLine], part: tuple[int, int], height: int) -> list[int]:
    """The lines whose middle is in a part; what is above or below the page is in its first or last."""
    middles = [float(np.clip(line.quad[:, 1].mean(), 0, height - 1)) for line in lines]
    return [index for index, middle in enumerate(middles) if part[0] <= middle < part[1]]


def moved_line(line: LayoutLine, down: float) -> LayoutLine:
    """The line some pixels further down."""
    words = tuple(LayoutWord(word.text, _moved(word.quad, down)) for word in line.words)
    return replace(line, quad=_at(line.quad, down), words=words)


def moved_blocks(blocks: Iterable[BlockLayout], first: int, down: float) -> list[BlockLayout]:
    """Blocks over lines that are numbered from ``first`` on, some pixels further down."""

    def rows(own: Rows) -> Rows:
        return tuple(tuple(index + first for index in row) for row in own)

    return [
        replace(
            block,
            rows=rows(block.rows),
            quad=_moved(block.quad, down),
            table=replace(block.table, cells=tuple(_moved_cell(cell, rows, down) for cell in block.table.cells))
            if block.table
            else None,
        )
        for block in blocks
    ]


def _moved_cell(cell: CellLayout, rows: Callable[[Rows], Rows], down: float) -> CellLayout:
    return replace(cell, rows=rows(cell.rows), quad=_moved(cell.quad, down))


def _moved(quad: Quad | None, down: float) -> Quad | None:
    return None if quad is None else _at(quad, down)


def _at(quad: Quad, down: float) -> Quad:
    return np.asarray(quad + np.array([0, down], np.float32), np.float32)
