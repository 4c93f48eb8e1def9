"""Tables: cells by ruling lines and by where words stand, lines of several cells, and what is not a table."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from worker.layout import LayoutLine, LayoutWord, TableLayout
from worker.layout.roles import ROLES
from worker.layout.table_choice import choose_tables
from worker.layout.tables import analyse_table, divide_lines, find_tables
from worker.layout.tables.find import find_candidates
from worker.layout.tables.rulings import find_rulings
from worker.page import Pixels, Quad

HEIGHT = 20
"""Pixels of a line of text in these pictures."""

LETTER = 10
"""Pixels of a letter's width."""


class Drawn:
    """A page drawn word by word, as a detector and a reader would see it."""

    def __init__(self, width: int = 700, height: int = 500) -> None:
        self.pixels: Pixels = np.full((height, width, 3), 255, np.uint8)
        self.lines: list[LayoutLine] = []

    def write(self, text: str, x: float, y: float) -> None:
        """A line of words from its top left."""
        words, left = [], x
        for word in text.split(" "):
            if word:
                words.append(LayoutWord(word, self._quad(left, y, left + LETTER * len(word))))
                cv2.rectangle(
                    self.pixels,
                    (round(left) + 1, round(y) + 5),
                    (round(left) + LETTER * len(word) - 2, round(y) + 15),
                    60,
                    2,
                )
            left += LETTER * (len(word) + 0.5)
        quad = self._quad(x, y, float(words[-1].quad[1][0]))
        self.lines.append(LayoutLine(quad, " ".join(text.split()), tuple(words)))

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin line."""
        cv2.line(self.pixels, (round(x0), round(y0)), (round(x1), round(y1)), (0, 0, 0), 1)

    def table(self, rows: Sequence[Sequence[str]], xs: Sequence[float], top: float, pitch: float = 30) -> None:
        """Cells by row and column, each its own line."""
        for number, row in enumerate(rows):
            for x, text in zip(xs, row, strict=False):
                if text:
                    self.write(text, x, top + number * pitch)

    def turned(self, degrees: float) -> Drawn:
        """The same page turned clockwise."""
        height, width = self.pixels.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
        page = Drawn(width, height)
        page.pixels = cv2.warpAffine(self.pixels, turn, (width, height), borderValue=(255, 255, 255))

        def moved(quad: np.ndarray) -> np.ndarray:
            return np.asarray(quad @ turn[:, :2].T + turn[:, 2], np.float32)

        page.lines = [
            LayoutLine(moved(line.quad), line.text, tuple(LayoutWord(w.text, moved(w.quad)) for w in line.words))
            for line in self.lines
        ]
        return page

    @staticmethod
    def _quad(left: float, top: float, right: float) -> np.ndarray:
        return np.array([[left, top], [right, top], [right, top + HEIGHT], [left, top + HEIGHT]], np.float32)


def texts(layout: TableLayout, lines: Sequence[LayoutLine]) -> dict[tuple[int, int, int, int], str]:
    """Each cell's text by its place and spans."""
    return {
        (cell.row, cell.column, cell.row_span, cell.column_span): " ".join(
            lines[index].text for row in cell.rows for index in row
        )
        for cell in layout.cells
    }


def ruled() -> Drawn:
    """A grid of 3 x 3 whose first row has two places in one cell, and whose first column likewise."""
    page = Drawn()
    xs, ys = (40, 200, 360, 520), (40, 80, 120, 160)
    for y in ys:
        page.rule(xs[0] if y != ys[2] else xs[1], y, xs[-1], y)
    for x in xs:
        page.rule(x, ys[0] if x != xs[2] else ys[1], x, ys[-1])
    page.write("Name", 50, 50)
    page.write("Both years", 310, 50)
    page.write("Alpha", 50, 110)
    page.write("12", 260, 90)
    page.write("13", 420, 90)
    page.write("14", 260, 130)
    page.write("15", 420, 130)
    return page


SPANNED = {
    (0, 0, 1, 1): "Name",
    (0, 1, 1, 2): "Both years",
    (1, 0, 2, 1): "Alpha",
    (1, 1, 1, 1): "12",
    (1, 2, 1, 1): "13",
    (2, 1, 1, 1): "14",
    (2, 2, 1, 1): "15",
}


@pytest.mark.parametrize("degrees", [0.0, 1.5, -2.0])
def test_cells_span_where_a_ruling_line_is_left_out(degrees: float) -> None:
    page = ruled().turned(degrees) if degrees else ruled()

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    assert (layout.rows, layout.columns) == (3, 3)
    assert texts(layout, page.lines) == SPANNED


def test_a_cell_lies_where_its_lines_are_drawn() -> None:
    page = ruled()

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    cell = next(cell for cell in layout.cells if cell.column_span == 2)
    assert cell.quad is not None
    assert np.abs(cell.quad - [[200, 40], [520, 40], [520, 80], [200, 80]]).max() < 6


def test_lines_of_a_ruled_cell_stay_in_it_and_empty_rows_stay() -> None:
    page = Drawn()
    xs, ys = (40, 240, 440), (40, 80, 150, 190, 230)
    for y in ys:
        page.rule(xs[0], y, xs[-1], y)
    for x in xs:
        page.rule(x, ys[0], x, ys[-1])
    page.write("Item", 50, 50)
    page.write("Price", 300, 50)
    page.write("a long", 50, 90)
    page.write("name", 50, 115)
    page.write("3.50", 300, 102)
    page.write("Total", 50, 200)
    page.write("3.50", 300, 200)

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    found = texts(layout, page.lines)
    assert layout.rows == 4
    assert found[(1, 0, 1, 1)] == "a long name"
    assert found[(2, 0, 1, 1)] == found[(2, 1, 1, 1)] == ""


UNRULED = [
    ["Region", "Sales", "Costs", "Share"],
    ["North", "1,204", "310", "12.1"],
    ["South", "884", "275", "9.4"],
    ["East", "1,930", "402", "20.3"],
    ["West", "73", "16", "0.8"],
]


NORTH = [["January", "12.50", "3.1"], ["February", "14.20", "2.8"]]
SOUTH = [["March", "11.90", "4.0"], ["April", "17.00", "3.3"], ["May", "18.40", "5.2"]]


@pytest.mark.parametrize("levels", [(45, 120), (30, 90)], ids=["in the middle", "beside the first"])
def test_a_label_spans_the_rows_it_stands_for(levels: tuple[int, int]) -> None:
    page = Drawn()
    page.table([["Region", "Month", "Sales", "Costs"]], (40, 200, 330, 460), 40)
    page.table(NORTH + SOUTH, (200, 330, 460), 70)
    for label, level in zip(("North", "South"), levels, strict=True):
        page.write(label, 40, 40 + level)

    found = texts(analyse_table(page.lines, range(len(page.lines)), page.pixels).layout(), page.lines)

    assert (found[(1, 0, 2, 1)], found[(3, 0, 3, 1)]) == ("North", "South")


def test_a_title_between_full_rows_spans_the_table() -> None:
    page = Drawn()
    rows = [*UNRULED[:3], ["Overseas"], *UNRULED[3:]]
    page.table(rows, (40, 200, 330, 460), 40)

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    assert texts(layout, page.lines)[(3, 0, 1, 4)] == "Overseas"


def test_lines_between_rows_that_stand_close_are_found_though_words_run_along_both_sides() -> None:
    page = Drawn()
    for row in range(6):
        page.table([["Counties", "Degrees", "Families"]], (45, 185, 325), 42 + 24 * row)
    for y in range(40, 190, 24):
        page.rule(40, y, 445, y)
    boxes = [(*line.quad[0].tolist(), *line.quad[2].tolist()) for line in page.lines]

    found = find_rulings(page.pixels, 0.0, (45, 42, 405, 182), boxes, HEIGHT)

    assert np.allclose(sorted(line.position for line in found.horizontal), range(40, 190, 24), atol=2)


def test_columns_without_lines_are_those_that_rows_share() -> None:
    page = Drawn()
    page.table(UNRULED, (40, 200, 330, 460), 40)

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    expected = {(row, column, 1, 1): text for row, cells in enumerate(UNRULED) for column, text in enumerate(cells)}
    assert texts(layout, page.lines) == expected
    assert all(cell.header == (cell.row == 0) for cell in layout.cells)


def test_a_line_drawn_over_two_cells_is_divided_between_its_words() -> None:
    page = Drawn()
    page.table([row[:2] + row[3:] for row in UNRULED], (40, 200, 460), 40)
    page.lines = [line for line in page.lines if line.text not in {"East", "1,930"}]
    page.write("East            1,930", 40, 40 + 3 * 30)
    joined = len(page.lines) - 1

    structure = analyse_table(page.lines, range(len(page.lines)), page.pixels)
    divided, origins = divide_lines(page.lines, structure.cuts)

    assert structure.cuts == {joined: (1,)}
    assert [line.text for line in divided[joined:]] == ["East", "1,930"]
    assert origins[joined:] == [(joined, 0, 1), (joined, 1, 2)]
    found = texts(analyse_table(divided, range(len(divided)), page.pixels).layout(), divided)
    assert (found[(3, 0, 1, 1)], found[(3, 1, 1, 1)]) == ("East", "1,930")
    assert divided[joined].quad[1][0] <= divided[joined + 1].quad[0][0]


def test_each_line_is_in_one_cell_even_if_it_stands_in_two() -> None:
    page = Drawn()
    page.table(UNRULED, (40, 200, 330, 460), 40)
    page.write("Other           5,000", 40, 40 + 5 * 30)

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    placed = [index for cell in layout.cells for row in cell.rows for index in row]
    assert sorted(placed) == list(range(len(page.lines)))


def test_no_two_cells_cover_one_place() -> None:
    page = ruled()

    layout = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    places = [
        (row, column)
        for cell in layout.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]
    assert sorted(places) == [(row, column) for row in range(3) for column in range(3)]


def test_one_line_alone_is_a_table_of_one_cell() -> None:
    page = Drawn()
    page.write("Alone", 40, 40)

    layout = analyse_table(page.lines, [0], page.pixels).layout()

    assert texts(layout, page.lines) == {(0, 0, 1, 1): "Alone"}


def test_words_without_places_are_placed_along_their_line() -> None:
    page = Drawn()
    page.table(UNRULED, (40, 200, 330, 460), 40)
    lines = [LayoutLine(line.quad, line.text, tuple(LayoutWord(w.text) for w in line.words)) for line in page.lines]

    layout = analyse_table(lines, range(len(lines)), None).layout()

    assert (layout.rows, layout.columns) == (5, 4)


def prose(page: Drawn, x: float, top: float, rows: int, words: int = 9) -> None:
    """Running text."""
    for row in range(rows):
        page.write(" ".join("lorem" if (row + word) % 3 else "ipsumdo" for word in range(words)), x, top + 26 * row)


def table_in_prose(rows: Sequence[Sequence[str]]) -> tuple[Drawn, tuple[int, ...]]:
    """A page with a ruled table of four columns, and the table's lines."""
    page = Drawn(height=700)
    prose(page, 40, 20, 4)
    first = len(page.lines)
    for y in range(200, 201 + 36 * len(rows), 36):
        page.rule(40, y, 560, y)
    for x in (40, 180, 310, 440, 560):
        page.rule(x, 200, x, 200 + 36 * len(rows))
    page.table(rows, (50, 200, 330, 460), 208, 36)
    members = tuple(range(first, len(page.lines)))
    prose(page, 40, 430, 4)
    return page, members


def test_a_ruled_table_under_running_text_is_found_with_its_lines_alone() -> None:
    page, members = table_in_prose(UNRULED)

    table = find_tables(page.lines, page.pixels)[0]

    assert table.members == members
    assert texts(table.structure.layout(), page.lines)[(3, 1, 1, 1)] == "1,930"


@pytest.mark.parametrize(("places", "is_table"), [("every", True), ("some", False)])
def test_on_a_page_read_by_rows_a_grid_with_text_in_every_place_is_a_table(places: str, is_table: bool) -> None:
    rows = UNRULED if places == "every" else [[*row[:2], "", ""] for row in UNRULED]
    page, members = table_in_prose(rows)
    roles = np.zeros((len(page.lines), len(ROLES)), np.float32)
    roles[:, ROLES.index("form")] = 1
    found = find_tables(page.lines, page.pixels)

    chosen = choose_tables(found, page.lines, roles, row_page=True)

    assert (members in [table.members for table in chosen]) == is_table


def test_running_text_in_two_columns_is_no_table() -> None:
    page = Drawn(width=900)
    prose(page, 40, 20, 14, 6)
    prose(page, 470, 20, 14, 6)

    assert find_tables(page.lines, page.pixels) == []


def test_a_page_that_is_one_grid_of_text_is_a_table_whatever_its_lines_look_like() -> None:
    page = Drawn()
    page.table(UNRULED, (40, 200, 330, 460), 40)
    roles = np.zeros((len(page.lines), len(ROLES)), np.float32)
    roles[:, ROLES.index("text")] = 1
    columns = Drawn(width=900)
    for x in (40, 330, 620):
        prose(columns, x, 20, 14, 3)

    assert choose_tables(find_tables(page.lines, page.pixels), page.lines, roles, row_page=False)
    assert find_tables(columns.lines, columns.pixels) == []


def test_equal_pages_give_equal_tables() -> None:
    page = ruled()
    first = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()
    again = analyse_table(page.lines, range(len(page.lines)), page.pixels).layout()

    assert str(first) == str(again)


def test_a_page_that_is_one_table_is_found_whole() -> None:
    page = Drawn()
    page.table(UNRULED, (40, 200, 330, 460), 40)

    table = find_tables(page.lines, page.pixels)[0]

    assert table.members == tuple(range(len(page.lines)))


def test_a_name_set_flush_with_the_other_side_is_in_its_column() -> None:
    page = Drawn()
    rows = ("North", "1,204", "88"), ("South", "930", "12"), ("East", "77", "104"), ("West", "1,310", "9")
    for x, name in ((40, "Region"), (200, "Sales"), (400, "Cost")):
        page.write(name, x, 40)
    for number, (name, sales, cost) in enumerate(rows):
        page.write(name, 40, 76 + 36 * number)
        page.write(sales, 350 - 12 * len(sales), 76 + 36 * number)
        page.write(cost, 560 - 12 * len(cost), 76 + 36 * number)

    assert analyse_table(page.lines, range(len(page.lines)), page.pixels).layout().columns == 3


def test_pieces_of_rows_whose_lines_look_like_no_tables_are_not_judged() -> None:
    lines = [
        LayoutLine(quad_at(40 + 200 * column, 40 + 30 * row), f"{column}{row}.50")
        for row in range(6)
        for column in range(3)
    ] + [LayoutLine(quad_at(40, 400 + 30 * row), "prose") for row in range(24)]
    roles = np.zeros((len(lines), len(ROLES)))
    roles[:, ROLES.index("text")] = 1.0
    assert find_candidates(lines, None)
    assert not find_candidates(lines, None, None, roles)
    roles[:18, ROLES.index("table")] = 1.0
    assert find_candidates(lines, None, None, roles)


def quad_at(left: float, top: float) -> Quad:
    return np.array([[left, top], [left + 50, top], [left + 50, top + 20], [left, top + 20]], np.float32)
