"""Lines become blocks with roles, in the order a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from worker.layout import BlockLayout, LayoutLine, analyse_layout
from worker.layout.block_order import best_order
from worker.layout.classify import Groups, with_edge_rows
from worker.layout.cuts import Rules, cut, read_first
from worker.layout.enumeration import count_on
from worker.layout.frames import blocks_in, find_frames
from worker.layout.geometry import Floats, measure
from worker.layout.grouping import group, part_at_rules, split_at_others
from worker.layout.line_features import describe_lines
from worker.layout.neighbours import Boxes
from worker.layout.roles import ROLES

HEIGHT, PITCH = 20.0, 28.0
WORDS = ("the", "river", "was", "high", "and", "nobody", "on", "bridge", "had", "seen", "such", "water", "since")


def line(left: float, top: float, text: str, width: float | None = None, height: float = HEIGHT) -> LayoutLine:
    right, bottom = left + (width or len(text) * height / 2), top + height
    return LayoutLine(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32), text)


def paragraph(left: float, top: float, lines: int, width: float = 340, seed: int = 0) -> list[LayoutLine]:
    """Justified lines, the last one shorter."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(lines):
        text = " ".join(random.choice(WORDS, 7))
        last = number == lines - 1
        text = text.capitalize() if number == 0 else text
        made.append(line(left, top + number * PITCH, text + "." * last, width * (0.6 if last else 1)))
    return made


def shuffled(lines: Sequence[LayoutLine]) -> list[LayoutLine]:
    return [lines[index] for index in np.random.default_rng(5).permutation(len(lines))]


def read(blocks: Sequence[BlockLayout], lines: Sequence[LayoutLine]) -> list[str]:
    return [lines[index].text for block in blocks for row in block.rows for index in row]


TWO_COLUMNS = [
    line(200, 20, "A Winter of High Water", height=40),
    *paragraph(40, 120, 6, seed=1),
    *paragraph(40, 120 + 7 * PITCH, 5, seed=2),
    *paragraph(420, 120, 5, seed=3),
    *paragraph(420, 120 + 6 * PITCH, 6, seed=4),
]


def test_columns_are_read_one_after_the_other_under_their_title() -> None:
    lines = shuffled(TWO_COLUMNS)
    blocks = analyse_layout(lines)
    assert read(blocks, lines) == [one.text for one in TWO_COLUMNS]
    assert [len(block.rows) for block in blocks] == [1, 6, 5, 5, 6]
    assert blocks[0].type in {"title", "heading"}


def test_every_line_is_in_one_block_and_equal_pages_give_equal_blocks() -> None:
    lines = shuffled(TWO_COLUMNS)
    blocks = analyse_layout(lines)
    assert sorted(index for block in blocks for row in block.rows for index in row) == list(range(len(lines)))
    assert analyse_layout(lines) == blocks


def test_a_small_line_in_the_middle_of_a_page_is_no_footer() -> None:
    lines = [line(40, 20, "Minutes of the third week", height=34)]
    lines += [line(40, 120 + 60 * n, f"• {WORDS[n]} {WORDS[n + 1]} {WORDS[n + 2]}") for n in range(4)]
    lines += [line(700, 440, "Figure: passengers a year", height=13), line(40, 690, "Institute of Traffic", height=13)]
    lines += [line(940, 690, "12", height=13)]
    types = {lines[index].text: block.type for block in analyse_layout(lines) for row in block.rows for index in row}
    assert types["Figure: passengers a year"] not in {"header", "footer", "page_number"}
    assert types["12"] == "page_number"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_page_of_few_lines(count: int) -> None:
    lines = [line(10, 10 + 100 * number, f"Line {number}") for number in range(count)]
    assert read(analyse_layout(lines), lines) == [one.text for one in lines]


def test_rows_of_a_receipt_stay_whole() -> None:
    items = [("Milk 2 l", "2.40"), ("Rye bread", "5.98"), ("Oranges", "3.75"), ("Soap", "1.99"), ("Total", "14.12")]
    lines = [
        piece
        for row, (name, price) in enumerate(items)
        for piece in (line(20, 60 + row * PITCH, name), line(300, 60 + row * PITCH, price))
    ]
    lines.insert(0, line(80, 10, "CORNER SHOP LTD"))
    mixed = shuffled(lines)
    assert read(analyse_layout(mixed), mixed) == [one.text for one in lines]


@pytest.mark.parametrize("across", [1, 2, 4])
def test_choices_of_a_question_are_read_as_their_letters_count(across: int) -> None:
    places = [(40 + 200.0 * (n % across), 100 + PITCH * (n // across)) for n in range(4)]
    lines = [line(*place, f"{letter}) {word}") for place, letter, word in zip(places, "ABCD", WORDS[1:], strict=False)]
    found = describe_lines(lines, None)
    groups = [[0], [1], [2], [3]]
    boxes = np.array([[*one.quad[0], *one.quad[2]] for one in lines], np.float64)
    following = count_on(groups, lines, found, boxes)
    assert [following[n, n + 1] for n in range(3)] == [1, 1, 1]
    assert (following == -following.T).all()


def test_two_lists_side_by_side_count_apart() -> None:
    lines = [line(x, 40 + n * PITCH, f"{n + 1}. {WORDS[n]}") for x in (40.0, 300.0) for n in range(3)]
    boxes = np.array([[*one.quad[0], *one.quad[2]] for one in lines], np.float64)
    following = count_on([[n] for n in range(6)], lines, describe_lines(lines, None), boxes)
    assert following[0, 1] == following[3, 4] == 1
    assert not following[:3, 3:].any()


def test_lines_stand_together_where_they_want_to_on_average() -> None:
    nearest = np.array([[1, 2], [0, 2], [1, 0], [2, 1]])
    real = np.array([[True, True], [True, True], [True, True], [True, False]])
    logits = np.array([[3.0, 2.0], [3.0, -1.0], [-1.0, 2.0], [-4.0, 0.0]])
    assert group(logits, nearest, real) == [[0, 1, 2], [3]]


def test_a_group_is_cut_where_another_stands_between() -> None:
    tops = np.array([0.0, 30.0, 60.0, 90.0])
    boxes = Boxes(np.zeros(4), tops, np.full(4, 100.0), tops + 20, np.full(4, 20.0))
    assert sorted(split_at_others([[0, 1, 3], [2]], boxes)) == [[0, 1], [2], [3]]
    assert split_at_others([[0, 1], [2, 3]], boxes) == [[0, 1], [2, 3]]


def test_the_widest_white_parts_a_page_first() -> None:
    left, top = np.array([0.0, 0.0, 200.0, 200.0]), np.array([0.0, 40.0, 0.0, 40.0])
    cuts = cut(left, top, left + 100, top + 30, 20.0, 1.0)
    assert cuts.upright[0, 2] == cuts.upright[1, 3] == 1 == -cuts.upright[2, 0]
    assert cuts.level[0, 1] == 1
    assert cuts.white[0, 2] > cuts.white[0, 1]


def no_rules(left: Floats, top: Floats, right: Floats, bottom: Floats) -> Floats:
    return np.zeros(len(left))


def a_rule_at_65(left: Floats, top: Floats, right: Floats, bottom: Floats) -> Floats:
    return ((top < 65) & (bottom > 65)).astype(np.float64)


def test_a_ruling_line_across_both_columns_is_read_down_to_before_what_stands_under_it() -> None:
    boxes = np.array([[0, 0, 100, 60], [0, 70, 100, 130], [125, 0, 225, 60], [125, 70, 225, 130]], np.float64)
    small = np.zeros(4, np.bool_)
    assert read_first(boxes, small, 10.0, no_rules, no_rules)[1, 2] > 0
    assert read_first(boxes, small, 10.0, a_rule_at_65, no_rules)[1, 2] < 0


def test_a_ruling_line_parts_running_text_where_it_goes_on_beside_it() -> None:
    boxes = Boxes.of(measure([np.array([[0, y], [100, y], [100, y + 20], [0, y + 20]]) for y in (0, 30, 70)]))

    def rule(end: float) -> Rules:
        return lambda left, top, right, bottom: ((top < 60) & (bottom > 60) & (left >= 0) & (right <= end)).astype(
            np.float64
        )

    assert part_at_rules([0, 1, 2], boxes, rule(200)) == [[0, 1], [2]]
    assert part_at_rules([0, 1, 2], boxes, rule(100)) == [[0, 1, 2]], "a word's underline"


def test_a_page_number_under_the_gutter_does_not_hide_it() -> None:
    left, right = [[0, 0, 100, 60], [0, 70, 100, 130]], [[125, 0, 225, 60], [125, 70, 225, 130]]
    boxes = np.array([*left, *right, [95, 135, 130, 145]], np.float64)
    first = read_first(boxes, np.array([False] * 4 + [True]), 10.0, no_rules, no_rules)
    assert (first[:4, 4] > 0).all()
    assert first[1, 2] == 2, "down the left column before the right one"


def test_one_wrong_pair_does_not_change_the_order() -> None:
    before = np.triu(np.full((5, 5), 3.0), 1)
    before[0, 3] = -2.0
    before = before - before.T
    boxes = np.zeros((5, 4))
    assert best_order(before, boxes) == [0, 1, 2, 3, 4]


def test_what_stands_in_a_drawn_or_shaded_box_is_together() -> None:
    pixels, boxes = np.full((320, 960, 3), 255, np.uint8), []
    for column in range(3):
        left = 20 + 310 * column
        pixels[40:300, left : left + 290] = 60 if column else 235
        pixels[42:298, left + 2 : left + 288] = 255 if column else 235
        boxes += [(left + 20, 60, left + 90, 86), (left + 20, 130, left + 240, 180)]
    assert sorted(blocks_in(find_frames(pixels, HEIGHT), np.array(boxes, np.float64))) == [[0, 1], [2, 3], [4, 5]]


def test_words_beside_the_page_number_are_a_running_header() -> None:
    lines = [line(40, 40, "88"), line(120, 40, "ANNA REID"), *paragraph(40, 110, 6, seed=3)]
    roles = np.full((len(lines), len(ROLES)), 0.01)
    roles[:, ROLES.index("text")] = 0.5
    roles[0, ROLES.index("page_number")] = 0.9
    seen = with_edge_rows(Groups([[0], list(range(1, len(lines)))], roles), describe_lines(lines, None))
    assert seen.lines == [[0], [1], list(range(2, len(lines)))]
    assert ROLES[int(seen.roles[1].argmax())] == "header"
