from __future__ import annotations

import numpy as np

from ocrq.contracts import Box
from worker.layout.page import LinePart, lay_out
from worker.layout.tables.pitches import CLOSE, describe_pitches
from worker.layout.tables.tokens import Token
from worker.layout.text import reading_rows
from worker.layout.tree import LayoutLine, LayoutWord
from worker.page import LineReading, PageImage, Quad
from worker.reading.page_tree import read_tree
from worker.reading.plain import to_line

CHARACTER = 10


def quad(left: float, top: float, width: float) -> Quad:
    right, bottom = left + width, top + 18
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def line(text: str, left: float, top: float) -> LayoutLine:
    words = []
    at = left
    for word in text.split(" "):
        if word:
            words.append(LayoutWord(word, quad(at, top, CHARACTER * len(word))))
        at += CHARACTER * (len(word) + 1)
    return LayoutLine(quad(left, top, CHARACTER * len(text)), text, tuple(words))


def table_page() -> tuple[list[LayoutLine], np.ndarray]:
    """A sentence, a ruled table of three columns whose last row is one line, and another sentence."""
    pixels = np.full((500, 800, 3), 255, np.uint8)
    lines = [line("Sales of the last three years are as follows in our stores.", 50, 30)]
    rows = [
        ("Store", "Year", "Sales"),
        ("North", "2024", "120.50"),
        ("South", "2025", "99.10"),
        ("West", "2026", "7.00"),
    ]
    for number, row in enumerate(rows):
        top = 90 + 30 * number
        if number == len(rows) - 1:
            lines.append(line(f"{row[0]:<20}{row[1]:<20}{row[2]}", 60, top))
        else:
            lines += [line(text, 60 + 200 * column, top) for column, text in enumerate(row)]
    for y in range(5):
        pixels[82 + 30 * y : 84 + 30 * y, 50:650] = 0
    for x in range(4):
        pixels[82:204, 50 + 200 * x : 52 + 200 * x] = 0
    lines.append(line("All amounts are in thousands, and none of them is final.", 50, 240))
    return lines, pixels


def test_a_table_is_a_block_between_the_others_and_a_line_over_its_cells_is_divided() -> None:
    lines, pixels = table_page()
    layout = lay_out(lines, pixels)
    assert [block.type for block in layout.blocks] == ["text", "table", "text"]
    table = layout.blocks[1].table
    assert table is not None
    assert (table.rows, table.columns) == (4, 3)
    texts = {(c.row, c.column): [layout.lines[i].text for row in c.rows for i in row] for c in table.cells}
    assert texts[0, 0] == ["Store"]
    assert [texts[3, column] for column in range(3)] == [["West"], ["2026"], ["7.00"]]
    assert [part for part in layout.parts if part.line == 10] == [LinePart(10, n, n + 1) for n in range(3)]


def test_the_parts_of_a_divided_line_are_lines_of_the_page() -> None:
    lines, pixels = table_page()
    page = PageImage(1, pixels)
    readings = [
        LineReading(
            one.text,
            (0.99,) * len(one.text),
            tuple((i / len(one.text), (i + 1) / len(one.text)) for i in range(len(one.text))),
        )
        for one in lines
    ]
    results = [to_line(page, one.quad, reading, 0.64) for one, reading in zip(lines, readings, strict=True)]

    def to_box(place: Quad) -> Box:
        a, b, c, d = ((float(x), float(y)) for x, y in place)
        return a, b, c, d

    tree = read_tree(readings, results, [one.quad for one in lines], pixels, to_box)
    assert [one.text for one in tree.lines[10:13]] == ["West", "2026", "7.00"]
    assert sorted(index for block in tree.blocks for index in block.lines) == list(range(len(tree.lines)))
    assert tree.lines[11].box == ((260, 180), (300, 180), (300, 198), (260, 198))
    assert tree.lines[11].confidence > 0.64
    assert [word.text for word in tree.lines[11].words or ()] == ["2026"]
    assert tree.text.split("\n\n")[1] == "Store Year Sales\nNorth 2024 120.50\nSouth 2025 99.10\nWest 2026 7.00"


def test_two_equal_pages_have_equal_layouts() -> None:
    lines, pixels = table_page()
    assert str(lay_out(lines, pixels)) == str(lay_out(lines, pixels.copy()))


def test_level_columns_of_prose_are_no_table() -> None:
    texts = "as long as the lines of a narrow column are"
    lines = [line(texts[n : n + 24], x, 40 + 28 * n) for x in (40, 330, 620) for n in range(18)]
    blocks = lay_out(lines, np.full((640, 900, 3), 255, np.uint8)).blocks
    assert "table" not in {block.type for block in blocks}


def test_a_picture_of_a_table_alone_is_one() -> None:
    names = ("Bolt", "Washer", "Hinge", "Nut", "Bracket", "Spring", "Rivet")
    rows = [["Item", "Size", "Amount"], *([name, f"{3 * n}cm", f"{n}.50"] for n, name in enumerate(names, 1))]
    lines = [
        line(text, x, 40 + 32 * n) for n, row in enumerate(rows) for x, text in zip((40, 300, 520), row, strict=True)
    ]
    (block,) = lay_out(lines, np.full((340, 700, 3), 255, np.uint8)).blocks
    assert block.table is not None
    assert (block.table.rows, block.table.columns) == (8, 3)


def test_lines_of_a_cell_are_closer_than_those_of_two_whatever_stands_beside_them() -> None:
    words = [(0, 0), (0, 20), (0, 40), (0, 72), (0, 92), (1, 20), (1, 82)]  # two cells in each of two columns
    rows = [
        {
            column: [Token(0, 0, 100.0 * column, y, 100.0 * column + 50, y + 16.0, "word")]
            for column, at in words
            if at == y
        }
        for y in sorted({y for _, y in words})
    ]
    described = describe_pitches(rows, 2, 16.0)
    closest = [measures[0] for measures in described]
    assert max(range(len(closest)), key=closest.__getitem__) == 2, "between the third line and the fourth"
    assert sum(ratio > CLOSE for ratio in closest) == 1
    assert describe_pitches(rows[:1], 2, 16.0) == []


def test_a_long_receipt_is_laid_out_row_by_row() -> None:
    pixels = np.full((6000, 500, 3), 255, np.uint8)
    lines = [
        piece
        for number in range(140)
        for piece in (
            line(f"{number:03d}", 20, 40 + 42 * number),
            line("Bread and salt", 80, 40 + 42 * number),
            line("12.90", 420, 40 + 42 * number),
        )
    ]
    layout = lay_out(lines, pixels)
    order = [index for block in layout.blocks for row in reading_rows(block) for index in row]
    assert " ".join(layout.lines[index].text for index in order) == " ".join(one.text for one in lines)
    tops = [float(layout.lines[index].quad[0, 1]) for index in order]
    assert tops == sorted(tops)
