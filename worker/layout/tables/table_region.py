"""What may be a table: some lines of a page, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from worker.layout.tables.grid import Grid
from worker.layout.tables.rulings import Rulings
from worker.layout.tables.structure import TableStructure, make_structure
from worker.layout.tables.tokens import TableText
from worker.layout.tree import LayoutLine

EVEN_PLACES, EVEN_SIDE = 0.9, 3
"""Share of a grid's places that are a cell with text of its own, and its least rows and columns, from which no form has
it: a form's boxes span, and many are empty."""

RUNNING, RUNNING_WIDTH, RUNNING_LETTERS = 0.4, 0.8, 8
"""Share of cells that end with a line of so much of the column's width and so many letters, where text runs on."""


@dataclass(frozen=True)
class TableRegion:
    """A table that was found.

    Attributes:
        members: Indices of its lines.
        probability: That it is a table, 0 to 1.
        kind: What showed it: a ``grid`` of lines, ``level`` lines or ``rows`` of pieces.
        measures: By which it was judged.
        grid: Its cells as it was judged.
        text: Of its lines.
        separators: The x of each boundary between its columns.
        rulings: Around it.
    """

    members: tuple[int, ...]
    probability: float
    kind: str
    measures: tuple[float, ...]
    grid: Grid
    text: TableText
    separators: Sequence[float]
    rulings: Rulings

    @cached_property
    def structure(self) -> TableStructure:
        """Its cells."""
        return make_structure(self.text, self.separators, self.rulings)

    def is_all_of(self, lines: Sequence[LayoutLine]) -> bool:
        """Whether a page's lines are this table and no more: they fill a grid, and are no columns of prose."""
        return len(self.members) == len(lines) and self.is_even() and self._is_ragged()

    def is_even(self) -> bool:
        """Whether a grid has text in nearly every place, and hardly a cell that spans several."""
        rows, columns = len(self.grid.ys) - 1, len(self.grid.xs) - 1
        single = sum(bool(cell.rows) and (cell.bottom, cell.right) == (cell.top, cell.left) for cell in self.grid.cells)
        return min(rows, columns) >= EVEN_SIDE and single >= EVEN_PLACES * rows * columns

    def _is_ragged(self) -> bool:
        """Whether few cells end with a line as wide as its column, as the pieces of running text do."""
        cells = [cell for cell in self.grid.cells if cell.rows and cell.left == cell.right]
        edges = {
            column: (min(row[0].left for row in rows), max(row[-1].right for row in rows))
            for column in {cell.left for cell in cells}
            if (rows := [row for cell in cells if cell.left == column for row in cell.rows])
        }
        running = 0
        for cell in cells:
            (left, right), last = edges[cell.left], cell.rows[-1]
            wide = last[-1].right - last[0].left >= RUNNING_WIDTH * (right - left)
            running += wide and sum(map(str.isalpha, "".join(token.text for token in last))) > RUNNING_LETTERS
        return running <= RUNNING * len(cells)
