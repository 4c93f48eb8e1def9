"""Tables on a page, found by where the text stands: rows whose cells fall into clear columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ocrq.contracts import Page
from worker.formats.blocks import PlacedLine, placed_lines, rows, text_angle, upright_bounds
from worker.formats.geometry import Bounds, union

CELL_GAP = 1.5  # line heights between two words of a line; an ordinary space is a quarter of one
GUTTER = 0.5  # line heights of white that must stand between columns over all rows
ROW_GAP = 1.5  # line heights between rows; above it a table ends
MIN_ROWS = 2  # rows of two cells or more
AMOUNT = re.compile(r"[^\w\s]*\s?\d[\d.,' ]*\s?[^\w\s]*\s?[A-Za-z]{0,3}")  # 23.67, -1'200, € 5, 12 %, 4.99 A


@dataclass(frozen=True)
class Cell:
    """Text that stands together, and where; None where that is not known."""

    text: str
    bounds: Bounds | None


@dataclass(frozen=True)
class Row:
    """Cells side by side, from left to right."""

    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """The whole row."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def bounds(self) -> Bounds | None:
        """Around all cells."""
        return union(cell.bounds for cell in self.cells if cell.bounds)


@dataclass(frozen=True)
class Table:
    """Rows of equally many texts, "" where a row has nothing in a column.

    Attributes:
        header: The first row, where it names the columns; else None.
        rows: The others.
        amounts: For each column, whether it holds amounts.
    """

    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    amounts: tuple[bool, ...]


def page_rows(page: Page) -> list[Row]:
    """The page's rows in reading order, most of one cell."""
    degrees = text_angle(page)
    return [Row(tuple(cell for line in row for cell in _cells(line, degrees))) for row in rows(placed_lines(page))]


def with_tables(found: Sequence[Row]) -> list[Row | Table]:
    """The same in order, rows that convincingly make a table replaced by it."""
    result: list[Row | Table] = []
    start = 0
    while start < len(found):
        end = _table_end(found, start)
        result.append(_table(found[start:end]) if end > start else found[start])
        start = max(end, start + 1)
    return result


def _cells(placed: PlacedLine, degrees: float) -> list[Cell]:
    """A line, split where its words stand far apart, if the engine told where they stand."""
    words = [Cell(word.text, upright_bounds(word.box, degrees)) for word in placed.line.words or ()]
    cells: list[Cell] = []
    for word in words:
        if word.bounds is None:
            return [Cell(placed.line.text, placed.bounds)]
        last = cells[-1].bounds if cells else None
        if last is None or word.bounds.left - last.right > CELL_GAP * word.bounds.height:
            cells.append(word)
        else:
            cells[-1] = Cell(f"{cells[-1].text} {word.text}", union((last, word.bounds)))
    return cells if len(cells) > 1 else [Cell(placed.line.text, placed.bounds)]


def _table_end(found: Sequence[Row], start: int) -> int:
    """Where the table that begins at ``start`` ends; ``start`` itself if none does."""
    if len(found[start].cells) < 2:
        return start
    end = start + 1
    while end < len(found) and _follows(found[end - 1], found[end]) and _columns(found[start : end + 1]):
        end += 1
    while len(found[end - 1].cells) < 2:  # a single cell below is no part of it, one between two rows is
        end -= 1
    full = sum(len(row.cells) > 1 for row in found[start:end])
    return end if full >= MIN_ROWS and 2 * full > end - start else start


def _follows(above: Row, below: Row) -> bool:
    first, second = above.bounds, below.bounds
    if first is None or second is None:
        return False
    return abs(second.top - first.bottom) <= ROW_GAP * max(first.height, second.height)


def _columns(found: Sequence[Row]) -> list[tuple[float, float]] | None:
    """Left and right of the columns; None where two cells of a row would share one, or a place is not known."""
    places = [cell.bounds for row in found for cell in row.cells]
    known = sorted((place.left, place.right) for place in places if place)
    if len(known) < len(places):
        return None
    gutter = GUTTER * median(place.height for place in places if place)
    columns: list[tuple[float, float]] = []
    for left, right in known:
        if columns and left - columns[-1][1] < gutter:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    apart = all(len({_column(cell, columns) for cell in row.cells}) == len(row.cells) for row in found)
    return columns if apart and len(columns) > 1 else None


def _column(cell: Cell, columns: Sequence[tuple[float, float]]) -> int:
    left = cell.bounds.left if cell.bounds else 0.0
    return max(index for index, column in enumerate(columns) if index == 0 or column[0] <= left)


def _table(found: Sequence[Row]) -> Table:
    columns = _columns(found) or []
    texts = []
    for row in found:
        filled = {_column(cell, columns): cell.text for cell in row.cells}
        texts.append(tuple(filled.get(index, "") for index in range(len(columns))))
    amounts = tuple(_are_amounts([row[index] for row in texts[1:]]) for index in range(len(columns)))
    names = all(texts[0]) and not any(char.isdigit() for text in texts[0] for char in text)
    if names and any(amounts) and len(texts) > 2:
        return Table(texts[0], tuple(texts[1:]), amounts)
    return Table(None, tuple(texts), amounts)


def _are_amounts(texts: Sequence[str]) -> bool:
    said = [text for text in texts if text]
    return bool(said) and 2 * sum(bool(AMOUNT.fullmatch(text)) for text in said) > len(said)
