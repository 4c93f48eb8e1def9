"""Tables in OTSL, a mark before each cell: ``<fcel>`` with text, ``<ecel>`` empty, others go on from a neighbour.

Lysak et al., "Optimized Table Tokenization for Table Structure Recognition", ICDAR 2023 (arXiv:2305.03393).
"""

from __future__ import annotations

import re
from dataclasses import replace

from worker.engines.parsers.answer import Answer
from worker.engines.parsers.block_writer import BlockWriter
from worker.engines.parsers.inline import without_marks
from worker.engines.parsers.table_grid import Cell

_MARK = re.compile(r"<(fcel|ecel|lcel|ucel|xcel|nl|ched|rhed|srow)>")
_HEADERS = frozenset(("ched", "rhed", "srow"))

Places = list[list[tuple[int, int] | None]]
"""For each place, the one that its cell begins at: None of one that has no cell."""


def is_otsl(answer: Answer) -> bool:
    """Whether an answer has a table in OTSL."""
    return _MARK.search(answer.text) is not None


def write_otsl(answer: Answer, writer: BlockWriter) -> None:
    """Write an answer's table, and the text before it."""
    marks = list(_MARK.finditer(answer.text))
    writer.add("text", answer.part(0, marks[0].start()).rows())
    rows: list[list[Cell]] = [[]]
    begins: Places = [[]]
    cells: dict[tuple[int, int], Cell] = {}
    ends = [mark.start() for mark in marks[1:]] + [len(answer.text)]
    for mark, end in zip(marks, ends, strict=True):
        content = tuple(row for row in without_marks(answer.part(mark.end(), end)).rows() if row.text.strip())
        if mark[1] == "nl":
            begins.append([])
            if content:
                cells[len(begins) - 1, 0] = Cell(content)
                begins[-1].append((len(begins) - 1, 0))
            continue
        place = (len(begins) - 1, len(begins[-1]))
        begin = _continued(mark[1], begins, place)
        if begin is None:
            begin = place
            cells[place] = Cell(content, mark[1] in _HEADERS)
        else:
            cell = cells[begin]
            height, width = place[0] - begin[0] + 1, place[1] - begin[1] + 1
            cells[begin] = replace(
                cell,
                rows=(*cell.rows, *content),
                row_span=max(cell.row_span, height),
                column_span=max(cell.column_span, width),
            )
        begins[-1].append(begin)
    rows = [
        [cells[row, column] for column in range(len(line)) if (row, column) in cells] for row, line in enumerate(begins)
    ]
    while rows and not rows[-1]:
        rows.pop()
    writer.add_table(rows)


def _continued(mark: str, begins: Places, place: tuple[int, int]) -> tuple[int, int] | None:
    """Where the cell begins that a place goes on from; None where a cell begins here."""
    row, column = place
    if mark == "lcel" and column:
        return begins[row][column - 1]
    if mark in ("ucel", "xcel") and row and column < len(begins[row - 1]):
        return begins[row - 1][column]
    return None
